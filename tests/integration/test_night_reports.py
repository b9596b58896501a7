"""Nights and their reports: of the command and of Dagster, that end well, wait, fail, are killed.

And no byte of a person in any of it, whoever is protected.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from pipelines.definitions import build_defs
from pipelines.jobs import QUIET, as_of_tags
from pipelines.running import run_lock
from pipelines.settings import Settings
from tests.architecture.sources import ROOT
from tests.integration.conftest import Said, trappan
from tests.integration.delivery_servers import MAIL_PASSWORD, USER, MailBox, mail_server
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, USUAL, lesson, put, text_of
from tests.integration.night_facts import Pinged, pinged_server, says
from tests.integration.test_silent_schools import FIRST, GONE, LAST_SENT, ONE_DAY_LATER, has_come
from tests.ready_processes import run_ready

pytestmark = pytest.mark.usefixtures("no_night_is_too_old")

AS_OF = "2026-11-15"
NAME = "Kanariefågelsson"
#: Where a name or a number of a person stands in what is offered.
CANARIES = (NAME, "Kanariegatan", PUPILS[0], PUPILS[0].replace("-", ""), "Mo Mentor", "Åsa")
OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def offer(folder: Path, protected: str = "Ingen", *, family: str = NAME) -> Path:
    """Offer a month of lessons, one of them refused, in a file and a folder that name a pupil."""
    inbox = folder / f"{NAME} Kanariegatan {PUPILS[0]}"
    rows = [
        lesson(n) | {"civic": civic, "date": f"2026-11-{day:02d}", "family": family}
        for n, civic in enumerate(PUPILS)
        for day in range(2, 14)
    ]
    rows[:12] = [row | {"protected": protected} for row in rows[:12]]
    name = f"{NAME} {PUPILS[0]}_20261114T0500.csv"
    put(inbox, name, text_of([*rows, lesson(1, civic=f"{NAME}x")], EVERY))
    put(inbox, f"{NAME}_utan huvud.csv", b"en fil utan huvud\n")
    put(inbox, "skolor_20261114T0400.csv", text_of([USUAL], REGISTER))
    return inbox


def night(home: Path, inbox: Path, *words: object, as_of: object = AS_OF) -> Said:
    return trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", as_of, *words)


def report_in(home: Path, as_of: object = AS_OF) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "reports" / f"{as_of}.json").read_text("utf-8"))
    return found


def status(home: Path) -> tuple[int, str]:
    said = trappan("--home", home, "status")
    assert len(said.out.splitlines()) == 10
    assert said.err == ""
    return said.status, said.out


def everything_told(home: Path) -> str:
    """All that a night leaves for somebody who is told of it."""
    files = [path.read_text("utf-8") for path in (home / "reports").iterdir()]
    names = [path.name for path in (home / "reports").iterdir()]
    as_data = trappan("--home", home, "status", "--format", "json").out
    return "\n".join((*files, *names, status(home)[1], as_data))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home after a night over files that name a pupil."""
    folder = tmp_path_factory.mktemp("reported")
    said = night(folder / "home", offer(folder))
    assert said.status == 0, said.err
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "copy", symlinks=True))


def test_a_night_says_what_came_of_files_rows_schools_and_lists(pristine: Path) -> None:
    report = report_in(pristine / "home")
    assert report["result"] == "well"
    assert report["started_by"] == "command"
    assert report["files"] == {
        "offered": 3, "by_outcome": {"accepted": 1, "accepted_in_part": 1, "quarantined": 1},
        "rows_read": 62, "rows_accepted": 61, "rows_refused": 1, "awaiting_release": 0,
    }  # fmt: skip
    assert report["schools"] == [
        {
            "school_unit_code": "99999901", "has_sent": True, "newest_lesson_date": "2026-11-13",
            "days_behind": 2, "list": "made", "why": [],
        }
    ]  # fmt: skip
    assert report["lists"]["made"] == 1
    stages = [one["stage"] for one in report["stages"]]
    assert stages[0] == "received_exports"
    assert {"checks", "flags", "current_watchlists", "delivered_lists"} <= set(stages)
    assert report["disk"]["free_mib"] > 0
    assert (pristine / "home" / "reports" / f"{AS_OF}.md").read_text().startswith("# The night of")
    assert not list((pristine / "home" / "reports").glob("*begun*"))


def test_a_second_run_of_the_date_is_told_in_full_and_the_first_in_short(folder: Path) -> None:
    home = folder / "home"
    first = report_in(home)
    empty = folder / "empty"
    empty.mkdir()
    assert night(home, empty).status == 0
    second = report_in(home)
    assert [run["run"] for run in second["other_runs"]] == [first["run"]]
    assert second["files"]["offered"] == 0
    assert [school["has_sent"] for school in second["schools"]] == [False]
    assert "schools  0 of 1 sent; not: 99999901" in status(home)[1]


def test_a_night_that_fails_says_where_and_names_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, inbox = folder / "home", next(folder.glob(f"{NAME}*"))

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"{NAME} {PUPILS[0]} in {inbox}")

    monkeypatch.setattr("assets.flags.assets.evaluate_flags", broken)
    said = night(home, inbox)
    assert said.status == 1
    report = report_in(home)
    assert report["result"] == "broken"
    assert (report["failure"]["step"], report["failure"]["kind"]) == ("flags", "StepError")
    assert "ValueError in test_night_reports.py" in report["failure"]["words"]
    assert report["files"]["offered"] == 3
    assert report["other_runs"][0]["result"] == "well"
    assert not [canary for canary in CANARIES if canary in everything_told(home)]
    assert status(home)[0] == 1


def test_a_check_that_fails_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.checks.assets.failing_rows", lambda *_: 3)
    assert night(folder / "home", next(folder.glob(f"{NAME}*"))).status == 1
    failure = report_in(folder / "home")["failure"]
    assert failure["kind"] == "CheckFailed"
    assert "files_add_up" in failure["check"]
    assert "stopped at a check that failed" in failure["words"]


def test_a_night_that_never_found_its_files_or_its_lake_is_reported_too(folder: Path) -> None:
    home = folder / "home"
    assert trappan("--home", home, "nightly", "--as-of", AS_OF).status == 1
    report = report_in(home)
    assert report["failure"]["words"].startswith("The inbox INBOX is not there.")
    assert night(home, folder / f"{NAME} gone").status == 2
    assert report_in(home)["failure"]["kind"] == "BadUsage"
    catalog = home / "lake" / "catalog.sqlite"
    catalog.write_bytes(b"")
    assert night(home, next(folder.glob(f"{NAME}*"))).status == 1
    report = report_in(home)
    assert report["failure"]["words"].startswith("The lake of HOME is lost")
    assert report["schools"] is None
    assert "not known: the lake could not be asked" in status(home)[1]
    assert not [canary for canary in CANARIES if canary in everything_told(home)]


def test_a_night_beside_another_changes_nothing_of_its_report(folder: Path) -> None:
    home = folder / "home"
    before = report_in(home)
    with run_lock(Settings(home=home), "nightly"):
        assert night(home, next(folder.glob(f"{NAME}*"))).status == 1
    assert report_in(home) == before


def test_an_older_night_is_refused_and_said_and_the_newest_stays(folder: Path) -> None:
    home = folder / "home"
    assert night(home, next(folder.glob(f"{NAME}*")), as_of="2026-11-14").status == 1
    assert report_in(home, "2026-11-14")["result"] == "refused"
    code, lines = status(home)
    assert code == 3
    assert "A night of 2026-11-14 was refused." in lines
    assert "of 2026-11-15 ended well" in lines


def test_a_report_that_cannot_be_written_leaves_the_night_as_it_is(folder: Path) -> None:
    home = folder / "home"
    shutil.rmtree(home / "reports")
    (home / "reports").write_bytes(b"")
    said = night(home, next(folder.glob(f"{NAME}*")))
    assert said.status == 0
    assert "The night's report could not be begun: File exists." in said.err
    assert "The night's report could not be made:" in said.err


# Who is protected.


def without_times(home: Path) -> str:
    """All that is told of a night, but for when, how long, how large, and a run's own name."""
    report = report_in(home)
    for name in ("run", "begun_at", "ended_at", "seconds", "disk"):
        report.pop(name)
    report["stages"] = [one["stage"] for one in report["stages"]]
    lines = [
        line
        for line in (home / "reports" / "trappan.prom").read_text().splitlines()
        if not any(word in line for word in ("seconds", "bytes"))
    ]
    return json.dumps(report) + "\n".join(lines)


@pytest.mark.parametrize("word", ["Ja", "Skyddad folkbokföring", "kanske?"])
def test_a_report_is_the_same_whoever_is_protected(
    pristine: Path, tmp_path: Path, word: str
) -> None:
    said = night(tmp_path / "home", offer(tmp_path, word))
    assert said.status == 0, said.err
    assert without_times(tmp_path / "home") == without_times(pristine / "home")


def test_no_name_number_or_file_name_is_told_of_any_night(pristine: Path) -> None:
    told = everything_told(pristine / "home")
    assert "99999901" in told
    assert [canary for canary in CANARIES if canary in told] == []


# Mail, ping and metrics of a night.


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    (tmp_path / "mail").mkdir()
    with mail_server(tmp_path / "mail") as box:
        for name, value in {
            "REPORT_TO": "drift@kommun.example", "MAIL_HOST": "127.0.0.1", "MAIL_PORT": box.port,
            "MAIL_FROM": "trappan@kommun.example", "MAIL_USER": USER,
            "MAIL_PASSWORD": MAIL_PASSWORD, "MAIL_CA_BUNDLE": box.ca_bundle, "DELIVERY_TRIES": 1,
        }.items():  # fmt: skip
            monkeypatch.setenv(f"TRAPPAN_{name}", str(value))
        yield box


@pytest.fixture
def pinged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pinged]:
    with pinged_server(says(OK)) as server:
        monkeypatch.setenv("TRAPPAN_PING_URL", server.url)
        yield server


def test_a_night_is_told_by_mail_ping_and_metrics(
    folder: Path, mailbox: MailBox, pinged: Pinged, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, place = folder / "home", folder / "textfile" / "trappan.prom"
    place.parent.mkdir()
    monkeypatch.setenv("TRAPPAN_METRICS_FILE", str(place))
    assert night(home, next(folder.glob(f"{NAME}*"))).status == 0
    assert report_in(home)["told"] == {
        "mail": "sent", "ping": "sent", "metrics": "written", "faults": [],
    }  # fmt: skip
    ((_, mail),) = mailbox.taken
    assert mail["Subject"] == "trappan: the night of 2026-11-15 ended well"
    said = mail.as_string() + mail.get_content() + repr(pinged.requests)
    assert [canary for canary in CANARIES if canary in said] == []
    assert place.stat().st_mode & 0o777 == 0o644
    assert "well " in trappan("--home", home, "doctor").out.split("night reports")[0][-8:]


def test_who_could_not_be_told_changes_no_night_and_is_said(
    folder: Path, mailbox: MailBox, pinged: Pinged, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder / "home"
    monkeypatch.setenv("TRAPPAN_MAIL_PASSWORD", "a-wrong-password")
    said = night(home, next(folder.glob(f"{NAME}*")))
    assert said.status == 0
    assert "Somebody was not told of the night: mail:" in said.err
    report = report_in(home)
    assert (report["result"], report["told"]["mail"], report["told"]["ping"]) == (
        "well", "failed", "sent",
    )  # fmt: skip
    code, lines = status(home)
    assert (code, "does not accept who we are" in lines) == (3, True)
    assert mailbox.taken == []
    doctor = trappan("--home", home, "doctor").out
    assert "WRONG  night reports: the mail server" in doctor


def test_a_setting_that_is_wrong_is_said_and_the_night_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPPAN_PING_URL", "http://ping.example/hemlig-nyckel")
    home = folder / "home"
    assert night(home, next(folder.glob(f"{NAME}*"))).status == 0
    assert "TRAPPAN_PING_URL is no address" in status(home)[1]
    assert "hemlig-nyckel" not in everything_told(home)
    assert "WRONG  night reports: TRAPPAN_PING_URL" in trappan("--home", home, "doctor").out


# Nights that are killed.

KILLED = """
import importlib, os, signal, sys
def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(importlib.import_module("assets.watchlists.assets"), "release_lists", killed)
from pipelines.cli import app as cli
sys.argv = ["trappan", *sys.argv[1:]]
cli.main()
"""


def test_a_killed_night_is_said_at_once_and_written_down_by_the_next(folder: Path) -> None:
    home, inbox = folder / "home", next(folder.glob(f"{NAME}*"))
    words = ("--home", home, "nightly", "--inbox", inbox, "--as-of", AS_OF)
    done = run_ready(KILLED, *words)
    assert done.returncode == -signal.SIGKILL, done.stderr
    code, lines = status(home)
    assert code == 1
    assert "The night of 2026-11-15 was begun at" in lines
    assert "never ended. Run `trappan nightly` again; nothing is lost." in lines
    said = night(home, inbox)
    assert said.status == 0
    assert "The night of 2026-11-15 was begun before and never ended." in said.err
    assert [run["result"] for run in report_in(home)["other_runs"]] == ["well", "killed"]
    assert status(home)[0] == 0


# Nights that Dagster starts.


def dagster_night(folder: Path, monkeypatch: pytest.MonkeyPatch, as_of: str = AS_OF) -> bool:
    """Run the night's job as Dagster's schedule does, with the code location's own resources."""
    monkeypatch.setenv("TRAPPAN_HOME", str(folder / "home"))
    monkeypatch.setenv("TRAPPAN_INBOX", str(next(folder.glob(f"{NAME}*"))))
    with dg.instance_for_test(temp_dir=str(folder)) as instance:
        job = build_defs().resolve_job_def("nightly_job")
        result = job.execute_in_process(
            instance=instance, tags=as_of_tags(date.fromisoformat(as_of)), run_config=QUIET,
            raise_on_error=False,
        )  # fmt: skip
        return result.success


def test_a_night_of_dagster_is_reported_like_one_of_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder / "home"
    assert night(home, next(folder.glob(f"{NAME}*"))).status == 0
    of_command = report_in(home)
    assert dagster_night(folder, monkeypatch)
    of_dagster = report_in(home)
    assert (of_dagster["started_by"], of_dagster["result"]) == ("dagster", "well")
    for part in ("files", "lists", "schools", "delivery", "waits_for"):
        assert of_dagster[part] == of_command[part], part
    # What runs at the same time may end in another order.
    stages = [{one["stage"] for one in report["stages"]} for report in (of_dagster, of_command)]
    assert stages[0] == stages[1]
    assert not list((home / "reports").glob("*begun*"))


def test_a_night_of_dagster_that_fails_or_is_refused_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder / "home"
    with monkeypatch.context() as patch:
        patch.setattr("assets.checks.assets.failing_rows", lambda *_: 3)
        assert not dagster_night(folder, patch)
    failure = report_in(home)["failure"]
    assert (failure["kind"], "files_add_up" in failure["check"]) == ("CheckFailed", True)
    assert status(home)[0] == 1
    assert not dagster_night(folder, monkeypatch, "2026-11-14")
    assert report_in(home, "2026-11-14")["result"] == "refused"
    assert not [canary for canary in CANARIES if canary in everything_told(home)]


# A town with a silent school, and homes that can't be written to.


def test_a_silent_school_is_told_with_the_reason_that_its_list_waits(tmp_path: Path) -> None:
    simulate(SimulationPlan(40, 8, FIRST, ONE_DAY_LATER, 11, tmp_path / "all", split="day"))
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    inbox.mkdir()
    for day in (LAST_SENT, ONE_DAY_LATER):
        for path in (tmp_path / "all").iterdir():
            if has_come(path.name, day):
                shutil.copy2(path, inbox)
        said = night(home, inbox, as_of=day)
    assert said.status == 3, said.err
    report = report_in(home, ONE_DAY_LATER)
    assert report["result"] == "waits"
    (gone,) = [one for one in report["schools"] if one["school_unit_code"] == GONE]
    assert gone == {
        "school_unit_code": GONE, "has_sent": False, "newest_lesson_date": str(LAST_SENT),
        "days_behind": 3, "list": "waits", "why": ["silent: 1 school day missing"],
    }  # fmt: skip
    # Another school of this town sends on Wednesdays only, and waits too.
    lists = Counter(one["list"] for one in report["schools"])
    assert (lists["made"], lists["waits"]) == (report["lists"]["made"], report["lists"]["waiting"])
    assert all(bool(one["why"]) == (one["list"] == "waits") for one in report["schools"])
    code, lines = status(home)
    assert code == 3
    assert f"{GONE} (silent: 1 school day missing)" in lines
    metrics = (home / "reports" / "trappan.prom").read_text()
    assert f'trappan_school_list_waits{{school_unit_code="{GONE}"}} 1.0' in metrics


READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77
touch "$1/x" 2>/dev/null && exit 77
"$2" -m pipelines.cli.app --home "$1" status
"""


def test_a_home_on_a_read_only_disk_is_answered_of(pristine: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(pristine / "home", tmp_path / "home", symlinks=True))
    done = subprocess.run(
        ["unshare", "-rm", "bash", "-c", READ_ONLY, "bash", str(home), sys.executable],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    lines = done.stdout.splitlines()
    assert len(lines) == 10, done.stderr
    assert lines[1].startswith("night    of 2026-11-15 ended well")
    assert "data files are there" in lines[-1]


def test_a_status_loads_no_dagster_and_no_frames(pristine: Path) -> None:
    code = (
        "import sys; from pipelines.cli import app\n"
        "try:\n    app.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'dagster', 'polars', 'pandas', 'openpyxl'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--home", str(pristine / "home"), "status"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_is_asked_of_the_lake_is_of_school_units_only(pristine: Path) -> None:
    with Lake.open(LakeSettings(home=pristine / "home")) as lake:
        frame = lake.relation(
            "upkeep/school_freshness", first_date=date(2026, 1, 1), recent_date=date(2026, 9, 1),
            as_of=date.fromisoformat(AS_OF) - timedelta(days=5),
            begun_at=date(2026, 1, 1),
        )  # fmt: skip
    assert frame.rows() == [("99999901", date(2026, 11, 10), True)]
