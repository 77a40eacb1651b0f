"""What the API of this process stands on: its database, its own calls and those of its workers, the browser's calls.

It only puts parts together.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from torim.carriers.trust import Doorkeeper
from torim.config import Config
from torim.engines.openai_session import VOICES
from torim.live.clock import utc_now
from torim.live.desks import Desks
from torim.live.host import CallHost
from torim.live.node import OVERTIME, Node
from torim.live.watching import CallSource, Watch
from torim.storage.access import AccessStore
from torim.storage.office import OfficeStore
from torim.storage.privacy import PrivacyStore
from torim.web.api.deps import ApiDeps, Speaks
from torim.web.fresh import stream_token
from torim.web.links import new_first_run
from torim.web.live_calls import BrowserCall
from torim.web.news import NewsDesk
from torim.web.rehearsals import Rehearsals
from torim.web.telephone_check import Telephony

BROWSER_PATH = "/browser/media"


class Browsers:
    """Calls from the browser into this process; implements the web side's `BrowserCalls`."""

    def __init__(self, host: CallHost, desks: Desks) -> None:
        self._host = host
        self._desks = desks

    def begin(self, business_id: str, called: str, caller: str) -> BrowserCall:
        """The token and address of one call; who has just saved settings hears them in it. Blocking."""
        self._desks.refresh()
        call_sid = f"browser-{secrets.token_hex(8)}"
        host = self._host
        token = stream_token(host.token_secret, call_sid, host.worker, business_id=business_id, caller=caller)
        return BrowserCall(call_sid, BROWSER_PATH, {"token": token, "called": called, "caller": caller})


def api_deps(
    config: Config, own: Node, others: Iterable[CallSource] = (), rehearsals: Rehearsals | None = None
) -> ApiDeps:
    """What the API is built from.

    Args:
        others: The calls of other processes of this machine.
        rehearsals: What plays scripts on this process's calls.
    """
    database = own.store.database
    watch = Watch([own.watched, *others])
    office = OfficeStore(database)
    return ApiDeps(
        access=AccessStore(database),
        store=own.store,
        office=office,
        privacy=PrivacyStore(database, config.data_dir),
        live=watch,
        news=NewsDesk(watch, office, utc_now),
        doorkeeper=Doorkeeper(config.twilio_auth_token, config.public_url, config.trusted_proxies),
        data_dir=config.data_dir,
        now=utc_now,
        browser=Browsers(own.host, own.desks),
        rehearsals=rehearsals,
        speaks=speaks(config),
        telephony=Telephony(
            config.twilio_auth_token, config.twilio_account_sid, config.public_url, config.twilio_api_url
        ),
        longest_call=timedelta(minutes=config.max_call_minutes) + OVERTIME,
    )


def speaks(config: Config) -> Speaks:
    """The engine and its voices; the embedded one has a voice for each language and no choice of them."""
    if config.engine == "embedded":
        return Speaks(config.engine)
    return Speaks(config.engine, config.voice, VOICES if config.engine == "openai" else ())


def first_run(config: Config, access: AccessStore, web_port: int) -> str | None:
    """The address at which the first account is made; None once there is one. Blocking."""
    path = new_first_run(access, utc_now())
    return None if path is None else f"{web_address(config, web_port)}{path}"


def web_address(config: Config, web_port: int) -> str:
    """The address of the web side, as a browser of the operator reaches it; without a slash at its end."""
    if config.public_url:
        return config.public_url.rstrip("/")
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::", "") else config.host
    return f"http://[{host}]:{web_port}" if ":" in host else f"http://{host}:{web_port}"
