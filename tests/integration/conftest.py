"""One home, filled once by a nightly run over the samples, for every test that only looks."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.cli import app
from tests.integration.delivery_servers import MailBox, mail_server
from tests.integration.scale_out_servers import S3, Postgres, postgres_server, s3_server
from tests.integration.school_server import School, serving

SAMPLES = Path(__file__).resolve().parents[2] / "data_samples"
AS_OF = "2026-11-15"


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


def trappan(*arguments: object, typed: str | None = None) -> Said:
    """Run the command line in this process, as `trappan …` does; `typed` is its standard input."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["trappan", *map(str, arguments)])
        if typed is not None:
            patch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app.main()
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
    return Said(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class SampleHome:
    """A home after one nightly run over the samples, and what that run said."""

    path: Path
    first_run: Said


@pytest.fixture(scope="session")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three years with a pupil whose time is over; who changes it takes a copy."""
    # It calls commands too, by what is written above.
    from tests.integration.aged_home import lived

    return lived(tmp_path_factory.mktemp("aged"))


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> SampleHome:
    """A home after `trappan nightly` over the samples, for tests that change nothing."""
    home = tmp_path_factory.mktemp("samples") / "home"
    said = trappan("--home", home, "nightly", "--inbox", SAMPLES / "inbox", "--as-of", AS_OF)
    return SampleHome(home, said)


@pytest.fixture
def school() -> Iterator[School]:
    """A school that answers on this machine."""
    with serving(School()) as running:
        yield running


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    """A server of objects with S3's interface, on this machine."""
    with s3_server() as server:
        yield server


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailBox]:
    """A mail server on loopback, with what it was given."""
    with mail_server(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A Postgres server on loopback."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def no_night_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status looks at today's clock, which is after every night of a test or near it."""
    monkeypatch.setattr("assets.upkeep.reporting.standing.MOST_HOURS", 24 * 365 * 50)
