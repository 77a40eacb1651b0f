# Torim in one image: docker build -t torim . && docker run -p 8080:8080 -p 8081:8081 -v torim:/data torim
# A drain takes up to half an hour: give `docker stop` that time (`-t 1860`, or stop_grace_period in a compose file).

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/torim \
 && /opt/torim/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY requirements-client.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-client.txt
COPY client ./client
COPY tools/build_client.py ./tools/
RUN mkdir torim && python tools/build_client.py
COPY pyproject.toml README.md LICENSE hatch_build.py ./
COPY torim ./torim
RUN /opt/torim/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home torim
COPY --from=build /opt/torim /opt/torim
ENV PATH=/opt/torim/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TORIM_DATA_DIR=/data \
    TORIM_HOST=0.0.0.0 \
    TORIM_LOG_FORMAT=json
USER torim
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD \
  ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('TORIM_PORT', '8080') + '/healthz', timeout=2)"]
ENTRYPOINT ["torim"]
CMD ["serve"]
