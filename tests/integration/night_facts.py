"""A night's report with something in every field, and servers that a ping meets.

Not here: any expectation.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from assets.upkeep.reporting.report import (
    BegunNight,
    DiskState,
    NightFailure,
    NightLooks,
    NightReport,
    RunFacts,
    SchoolNight,
    report_of,
)

DAY = date(2026, 11, 15)
BEGUN = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
ENDED = BEGUN + timedelta(minutes=2, seconds=13)


def begun_night(number: int = 1, as_of: date = DAY, begun_at: datetime = BEGUN) -> BegunNight:
    return BegunNight(
        run=f"{number:032x}", as_of=as_of, begun_at=begun_at, started_by="command", program="0.2.0"
    )


FACTS = RunFacts(
    "nightly_job",
    {"received_exports": 12.3456, "checks": 1.0, "current_watchlists": 3.0},
    {
        "files": {
            "files_quarantined": 1, "files_accepted": 2, "rows_read": 12, "rows_accepted": 10,
            "rows_rejected": 2, "dagster/row_count": 3,
        },
        "current_watchlists": {"lists_published": 2, "lists_held": 1, "as_of": "2026-11-15"},
        "delivered_lists": {"has_target": True, "is_whole": True, "files_put": 4},
    },
)  # fmt: skip
SCHOOLS = (
    SchoolNight(
        school_unit_code="99999901", has_sent=True, newest_lesson_date=DAY - timedelta(days=2),
        days_behind=2, list="made",
    ),
    SchoolNight(
        school_unit_code="99999902", has_sent=False, newest_lesson_date=DAY - timedelta(days=9),
        days_behind=9, list="waits", why=("silent: 5 school days missing",),
    ),
)  # fmt: skip
LOOKS = NightLooks(SCHOOLS, 1, DiskState(home_mib=12, free_mib=10_000, total_mib=20_000))
ALL_WELL = NightLooks(SCHOOLS[:1], 0, LOOKS.disk)


def waiting_report(**begun: object) -> NightReport:
    """A night after which a list and a file wait."""
    return report_of(begun_night(**begun), ENDED, [FACTS], LOOKS)  # type: ignore[arg-type]


def well_report(**begun: object) -> NightReport:
    """A night after which nothing waits."""
    counted = dict(FACTS.counted) | {"current_watchlists": {"lists_published": 2}}
    facts = RunFacts(FACTS.job, FACTS.seconds, counted)
    night = begun_night(**begun)  # type: ignore[arg-type]
    return report_of(night, night.begun_at + (ENDED - BEGUN), [facts], ALL_WELL)


def broken_report(words: str = "The disk is full.", **begun: object) -> NightReport:
    """A night that stopped in a step."""
    failure = NightFailure(step="flags", kind="StepError", words=words)
    night = begun_night(**begun)  # type: ignore[arg-type]
    return report_of(night, night.begun_at + (ENDED - BEGUN), [], NightLooks(), failure)


@dataclass
class Pinged:
    """A server on this machine that is pinged, and what it was sent."""

    url: str
    requests: list[bytes] = field(default_factory=list)


Answer = Callable[[socket.socket], None]


def says(text: str) -> Answer:
    return lambda client: client.sendall(text.encode())


def hangs(client: socket.socket) -> None:
    """Answer nothing until the other side goes."""
    client.settimeout(30)
    client.recv(1)


def drips(client: socket.socket) -> None:
    """Answer a letter at a time, faster than any patience with a single answer ends."""
    for letter in "HTTP/1.1 200 OK\r\n" + "X-More: " + "x" * 10_000:
        client.sendall(letter.encode())
        time.sleep(0.1)


@contextmanager
def pinged_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Pinged]:
    """Run a server that takes what comes and answers as it is told; with `tls` over https."""
    listening = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if tls else "http"
    found = Pinged(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/ping/hemlig-nyckel")

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                try:
                    spoken = tls.wrap_socket(client, server_side=True) if tls else client
                    found.requests.append(spoken.recv(65536))
                    answer(spoken)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        listening.close()
