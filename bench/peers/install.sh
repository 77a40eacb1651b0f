#!/bin/sh
# Build the peers' environment beside Torim's: sh bench/peers/install.sh [FOLDER]. Nothing else is ever downloaded.
set -eu
here=$(dirname "$0")
folder=${1:-"$here/.venv"}
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$here/requirements.txt"
echo "ready: $folder"
