"""The jobs a session waits for: handed to the edge once, matched with their results by id."""

from __future__ import annotations

from torim.engines.embedded.jobs import Job


class Errands:
    """Jobs asked for and not yet answered."""

    def __init__(self) -> None:
        self._new: list[Job] = []
        self._waiting: dict[str, str] = {}  # job id -> the response or item it is for

    def ask(self, job: Job, owner_id: str) -> None:
        """Ask the edge for something on behalf of a response or an item."""
        self._new.append(job)
        self._waiting[job.job_id] = owner_id

    def take(self) -> list[Job]:
        """The jobs asked for since the last call that are still wanted."""
        new, self._new = self._new, []
        return [job for job in new if job.job_id in self._waiting]

    def answered(self, job_id: str) -> str | None:
        """Whose job this was; None if nobody waits for it any more."""
        return self._waiting.pop(job_id, None)

    def drop(self, owner_id: str) -> None:
        """Nobody waits any more for what this response or item asked."""
        self._waiting = {job: owner for job, owner in self._waiting.items() if owner != owner_id}

    def owners(self) -> set[str]:
        return set(self._waiting.values())

    def waiting(self) -> frozenset[str]:
        """The ids of the jobs whose results are still wanted."""
        return frozenset(self._waiting)
