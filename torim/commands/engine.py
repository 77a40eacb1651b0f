"""`torim engine serve`: offer the embedded speech engine to other programs, as `/v1/realtime`."""

from __future__ import annotations

import argparse
import logging

from torim.commands import SubParsers, config_of
from torim.config_values import is_loopback

_log = logging.getLogger("torim.engine")


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("engine", help="serve the embedded speech engine to other programs")
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    serve = verbs.add_parser("serve", help="listen for Realtime clients on /v1/realtime")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8090, help="port; 0 takes a free one (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    config = config_of(args)
    from torim.engines.embedded.server import serve
    from torim.live import logs

    logs.configure(config.log_level, config.log_format, config.secrets)
    if not (config.engine_token or is_loopback(args.host)):
        _log.warning("anybody who reaches %s can use this engine: set TORIM_ENGINE_TOKEN", args.host)
    return serve(args.host, args.port, config)
