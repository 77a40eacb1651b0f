"""Scenes in which a browser asks for the web client: built, and not built."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from torim.web.client import client_routes

INDEX = '<html><head><meta name="csp-nonce" content="__TORIM_NONCE__"></head></html>'
SCRIPT = "export const here = true;\n"


def built(folder: Path) -> TestClient:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    (folder / "torim.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "assets" / "index-a1b2.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder.parent / "secret.txt").write_text("not for browsers", encoding="utf-8")
    return TestClient(Starlette(routes=client_routes(folder)))


def test_every_page_of_the_client_is_the_same_file_with_a_nonce_of_its_own(tmp_path: Path) -> None:
    browser = built(tmp_path / "_web")
    nonces = set()
    for path in ("/", "/calendar", "/calls/CA123", "/settings/people"):
        answer = browser.get(path)
        found = re.search(r'content="([\w-]{20,})"', answer.text)
        assert answer.status_code == 200 and found is not None
        assert f"'nonce-{found[1]}'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        nonces.add(found[1])
    assert len(nonces) == 4


def test_no_page_may_run_or_load_what_this_server_did_not_send(tmp_path: Path) -> None:
    policy = built(tmp_path / "_web").get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy


def test_a_script_is_sent_packed_to_whoever_can_unpack_it_and_kept_for_ever(tmp_path: Path) -> None:
    browser = built(tmp_path / "_web")
    packed = browser.get("/assets/index-a1b2.js", headers={"Accept-Encoding": "gzip"})
    plain = browser.get("/assets/index-a1b2.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.text == plain.text == SCRIPT
    for answer in (packed, plain):
        assert "javascript" in answer.headers["Content-Type"]
        assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Vary"] == "Accept-Encoding"


def test_what_is_no_page_is_not_found(tmp_path: Path) -> None:
    browser = built(tmp_path / "_web")
    for path in ("/assets/gone-c3d4.js", "/favicon.ico", "/api/v1/nothing", "/twilio/nothing", "/..%2fsecret.txt"):
        assert browser.get(path).status_code == 404, path


def test_without_a_bundle_the_server_says_how_to_get_one(tmp_path: Path) -> None:
    browser = TestClient(Starlette(routes=client_routes(tmp_path / "_web")))
    answer = browser.get("/")
    assert answer.status_code == 200 and "make client" in answer.text and "<script" not in answer.text
    assert browser.get("/calendar").status_code == 404
