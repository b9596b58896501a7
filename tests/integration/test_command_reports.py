"""A publish or a pull that is called alone and does not end well: said, told, and made good."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.lake.encryption import Sealer
from assets.upkeep.reporting.commands import CommandReport, CommandReports
from rules.personal_data import places_of
from tests.integration.conftest import Said, trappan
from tests.integration.delivery_servers import MAIL_PASSWORD, USER, MailBox
from tests.integration.every_command import filled
from tests.integration.ingest_files import PUPILS
from tests.integration.test_night_reports import KILLED
from tests.ready_processes import run_ready

pytestmark = pytest.mark.usefixtures("no_night_is_too_old")

WEEK, SUNDAY = "2026-W46", "2026-11-15"
PUBLISH = ("publish", "--week", WEEK)
SOURCES = """
sources:
  - name: skola
    base_url: http://127.0.0.1:9
    endpoints: [groups]
    backoff_seconds: 0
    auth: {kind: token, secret: {file: jeton}}
"""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home after the night of a Sunday, whose week is not frozen."""
    folder = tmp_path_factory.mktemp("alone")
    home, inbox = filled(folder)
    assert night(home, inbox).status == 0
    return folder


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    shutil.copytree(pristine, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy" / "home"


def night(home: Path, inbox: Path, as_of: str = SUNDAY) -> Said:
    return trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", as_of)


def status(home: Path) -> tuple[int, str]:
    said = trappan("--home", home, "status")
    assert (len(said.out.splitlines()), said.err) == (10, "")
    return said.status, said.out


def told(monkeypatch: pytest.MonkeyPatch, box: MailBox) -> None:
    for name, value in {
        "REPORT_TO": "drift@kommun.example",
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(box.port),
        "MAIL_CA_BUNDLE": str(box.ca_bundle),
        "MAIL_FROM": "trappan@kommun.example",
        "MAIL_USER": USER,
        "MAIL_PASSWORD": MAIL_PASSWORD,
        "DELIVERY_TRIES": "1",
    }.items():
        monkeypatch.setenv(f"TRAPPAN_{name}", value)


def fails(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("assets.checks.assets.failing_rows", lambda *_: 3)
        assert trappan("--home", home, *PUBLISH).status == 1


def test_a_publish_that_ends_well_is_no_news(
    home: Path, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, box)
    assert trappan("--home", home, *PUBLISH).status == 0
    code, lines = status(home)
    assert code == 0
    assert lines.startswith("state    well: nothing waits.")
    assert box.taken == []
    report = json.loads((home / "reports" / f"publish-{WEEK}.json").read_text())
    assert (report["result"], report["failure"]) == ("well", None)


def test_a_publish_that_fails_is_said_and_told_until_it_is_made(
    home: Path, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, box)
    fails(monkeypatch, home)
    code, lines = status(home)
    assert code == 1
    assert f"The publish of {WEEK} that was begun at" in lines
    assert "did not end well. weekly_job stopped at a check that failed" in lines
    ((_, mail),) = box.taken
    assert mail["Subject"] == f"trappan: the publish of {WEEK} did not end well"
    text = (home / "reports" / f"publish-{WEEK}.json").read_text()
    assert PUPILS[0] not in text
    assert trappan("--home", home, *PUBLISH).status == 0
    assert status(home)[0] == 0
    assert len(box.taken) == 1


def test_a_week_that_a_night_made_up_is_no_trouble_any_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, home)
    assert status(home)[0] == 1
    said = night(home, home.parent / "inbox", "2026-11-16")
    assert said.status == 0, said.err
    assert status(home)[0] == 0


def kill(home: Path) -> None:
    """Publish the week, and be killed in the middle."""
    words = ("--home", home, *PUBLISH)
    done = run_ready(KILLED, *words)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_killed_publish_is_said_at_once_and_told_by_the_next(
    home: Path, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(home)
    code, lines = status(home)
    assert code == 1
    assert f"The publish of {WEEK} that was begun at" in lines
    assert "never ended. Its process was killed" in lines
    told(monkeypatch, box)
    said = trappan("--home", home, *PUBLISH)
    assert said.status == 0
    assert f"The publish of {WEEK} that was begun at" in said.err
    ((_, mail),) = box.taken
    assert mail["Subject"] == f"trappan: the publish of {WEEK} never ended"
    assert status(home)[0] == 0
    assert "never ended" not in trappan("--home", home, *PUBLISH).err
    assert len(box.taken) == 1


def test_what_was_killed_is_told_by_the_next_night_once(
    home: Path, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(home)
    # What a pull leaves that is killed: its report, and no lock.
    begun_at = datetime.now(UTC)
    reports = CommandReports(home)
    reports.keep(CommandReport(command="pull", run="a" * 32, begun_at=begun_at))
    under_way = CommandReport(command="publish", week="2026-W44", run="b" * 32, begun_at=begun_at)
    told(monkeypatch, box)
    with monkeypatch.context() as patch:
        patch.setenv("TRAPPAN_MAIL_PORT", "1")
        said = night(home, home.parent / "inbox")
    assert said.err.count("Somebody was not told of the p") == 2
    assert "Somebody was not told of the pull: mail" in said.err
    assert box.taken == []
    with reports.begun(under_way):
        # The lock is of all publishes: while one is made, nobody is called dead.
        assert [one.command for one in reports.never_ended()] == ["pull"]
    (home / "reports" / under_way.file_name).unlink()
    said = night(home, home.parent / "inbox")
    assert f"The publish of {WEEK} that was begun at" in said.err
    assert "The pull that was begun at" in said.err
    subjects = [mail["Subject"] for _, mail in box.taken]
    assert subjects[1:] == [
        f"trappan: the publish of {WEEK} never ended",
        "trappan: the pull never ended",
    ]
    assert reports.never_ended() == []
    # A night makes a week up, and pulls nothing.
    code, lines = status(home)
    assert code == 1
    assert f"The publish of {WEEK}" not in lines
    assert "The pull that was begun at" in lines


def test_one_that_is_refused_or_is_of_one_school_is_nobodys_trouble(home: Path) -> None:
    said = trappan("--home", home, "publish", "--week", "2026-W47")
    assert said.status == 1
    assert trappan("--home", home, *PUBLISH, "--school", "99999999").status == 1
    assert status(home)[0] == 0


def test_a_pull_that_fails_is_said_and_told_by_the_next_night_too(
    home: Path, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trappan("--home", home, "pull").status == 1
    assert status(home)[0] == 0, "nothing was to be pulled"
    told(monkeypatch, box)
    for name, text in (("sources.yaml", SOURCES), ("jeton", "hemligt\n")):
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    assert trappan("--home", home, "pull").status == 1
    code, lines = status(home)
    assert code == 1
    assert "The pull that was begun at" in lines
    assert len(box.taken) == 1
    night(home, home.parent / "inbox")
    report = json.loads((home / "reports" / f"{SUNDAY}.json").read_text())
    assert any("The pull that was begun at" in one for one in report["waits_for"])
    assert status(home)[0] == 1


def test_every_file_of_it_has_its_place_and_nobodys_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, home)
    of_commands = [*(home / "reports").glob("p*")]
    assert {path.name for path in of_commands} == {f"publish-{WEEK}.json", "publish.lock"}
    for path in of_commands:
        assert len(places_of(path.relative_to(home).as_posix())) == 1
        assert path.stat().st_mode & 0o077 == 0
        assert str(Sealer.of_home(home).key_text("pupil", PUPILS[0])) not in path.read_text()
