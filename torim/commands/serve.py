"""`torim serve`: answer calls until told to stop."""

from __future__ import annotations

import argparse

from torim.commands import SubParsers, config_of


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("serve", help="answer calls")
    parser.add_argument("--host", help="address to listen on (TORIM_HOST)")
    parser.add_argument("--port", type=int, help="web port (TORIM_PORT)")
    parser.add_argument("--media-port", type=int, help="media port of the first worker (TORIM_MEDIA_PORT)")
    parser.add_argument("--workers", type=int, help="media worker processes (TORIM_WORKERS)")
    parser.add_argument("--engine", help="speech engine (TORIM_ENGINE)")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; the exit code of the server."""
    config = config_of(
        args,
        TORIM_HOST=args.host,
        TORIM_PORT=args.port,
        TORIM_MEDIA_PORT=args.media_port,
        TORIM_WORKERS=args.workers,
        TORIM_ENGINE=args.engine,
    )
    from torim.commands.rehearsing import OwnRehearsals
    from torim.live.serve import main

    return main(config, OwnRehearsals)
