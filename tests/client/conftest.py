"""A browser, the built client, and installations for the scenes of the web client.

Where there is no Chromium, or neither a bundle nor a Node to build one, the scenes are skipped and say why; in CI they
must run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_needs import cannot
from installation import OWNER, WAIT_MS, Installation, Person, running
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tools import build_client

# Sandboxes of test machines run as root; nothing but this machine is ever visited.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


# A microphone that beeps; nobody is asked whether it may be used.
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The built client."""
    try:
        build_client.build(quiet=True)
    except RuntimeError as error:
        cannot(str(error))
    return build_client.bundle_dir()


@pytest.fixture(scope="module")
def playing() -> Iterator[Playwright]:
    """Playwright, whose event loop must not outlive these files: other tests run loops of their own."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        cannot("There is no Chromium: install the package `chromium`.")
    return found


@pytest.fixture(scope="module")
def browser(playing: Playwright, chromium: str, bundle: Path) -> Iterator[Browser]:
    launched = playing.chromium.launch(executable_path=chromium, args=[*QUIET, *MICROPHONE])
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Iterator[Installation]:
    """An installation that nobody has used before the scenes of one file."""
    with running(tmp_path_factory.mktemp("empty")) as installation:
        yield installation


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Iterator[Installation]:
    """An installation with its owner, shared by the scenes of one file: a server takes its time to start."""
    with running(tmp_path_factory.mktemp("shop")) as installation:
        installation.add_person(OWNER, {"shaked": "owner"})
        yield installation


@pytest.fixture(autouse=True)
def _everybody_leaves() -> Iterator[None]:
    """A scene that failed leaves no call and no open page to the next one."""
    yield
    for person in list(Person.present):
        person.close()


@pytest.fixture
def owner(browser: Browser, shop: Installation) -> Iterator[Person]:
    """The owner, logged in, whose pages must not complain."""
    person = Person(browser, shop)
    person.log_in()
    yield person
    person.close()
    assert person.complaints == []
    assert person.foreign == []
