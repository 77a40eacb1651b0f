"""`torim jobs`: what is owed after calls and bookings, what was given up, and trying that again."""

from __future__ import annotations

import argparse
from contextlib import closing

from torim.commands import SubParsers, config_of
from torim.errors import StorageError


def add_parser(subparsers: SubParsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("jobs", help="show the jobs that were given up, and try them again")
    parser.add_argument("--database-url", metavar="URL", help="database (default: that of the settings)")
    parser.add_argument("--all", action="store_true", help="also those that wait or are done")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="of each business (default: 50)")
    parser.add_argument("--retry", metavar="ID", help="try a job that was given up again")


def run(args: argparse.Namespace) -> int:
    """Print one line a job, or have one tried again."""
    from torim.live.clock import utc_now
    from torim.storage.jobs import JobBook, JobStatus
    from torim.storage.store import Store

    with closing(Store(config_of(args, TORIM_DATABASE_URL=args.database_url).database_url)) as store:
        book = JobBook(store.database)
        businesses = ["", *(record.id for record in store.businesses.all())]
        if args.retry:
            if not any(book.revive(business_id, args.retry, utc_now()) for business_id in businesses):
                raise StorageError(f"No job that was given up has the id {args.retry}.", "jobs.not_dead")
            print(f"Job {args.retry} is tried again.")
            return 0
        status = None if args.all else JobStatus.DEAD
        found = [job for one in businesses for job in book.of_business(one, status=status, limit=args.limit)]
    for job in found:
        words = (
            f"{job.id}  {job.status.value:<8} {job.kind:<10} {job.created_at:%Y-%m-%d %H:%M}  {job.last_error or ''}"
        )
        print(words.rstrip())
    if not found:
        print("No job was given up." if status else "There are no jobs.")
    return 0
