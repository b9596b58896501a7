"""A list that waits goes out by a command with a name in the log, and by nothing else.

Whoever reaches Dagster's pages sets run tags and run configuration, launches a part of a job, and
runs an old run again. None of that lets a list go that waits, or takes lists to another day.
"""

from __future__ import annotations

import getpass
import json
import os
import pwd
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.lake.access import Override
from assets.simulator import SimulationPlan, simulate
from pipelines.definitions import build_defs
from pipelines.jobs import QUIET, as_of_tags
from pipelines.resources import lake_access
from pipelines.settings import Settings
from tests.integration.conftest import trappan

SCHOOL, OTHER = "99990001", "99990002"
FIRST_DAY, SUNDAY, WEEK = date(2026, 9, 21), date(2026, 10, 25), "2026-W43"
EVERY_OLD_TAG = {"trappan/even_if_held": "yes", "trappan/force": "yes", "even_if_held": "yes"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the night of a Sunday, in which one school sent half of its Friday."""
    folder = tmp_path_factory.mktemp("overrides")
    home, inbox = folder / "home", folder / "inbox"
    simulate(SimulationPlan(120, 2, FIRST_DAY, date(2026, 10, 23), 11, inbox, split="day"))
    for path in inbox.iterdir():
        if "20261023" in path.name and path.name.startswith("lektion") and SCHOOL in path.name:
            lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
            path.write_text("".join(lines[: 1 + len(lines) // 2]), encoding="utf-8-sig")
    said = trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", SUNDAY)
    assert said.status == 3, said.err
    assert f"--even-if-held --school {SCHOOL}" in said.err
    # The night's own line; from here on each test has those of its own.
    (home / "access.log").unlink()
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home", symlinks=True))


def by_dagster(
    home: Path,
    *,
    tags: dict[str, str] | None = None,
    config: dict[str, Any] | None = None,
    parts: list[str] | None = None,
    instance: dg.DagsterInstance | None = None,
    day: date = SUNDAY,
) -> dg.ExecuteInProcessResult:
    """Run a job as Dagster's pages do: the code location's own resources, tags of anybody's."""
    access = lake_access(Settings(home=home), ())
    definitions = build_defs(overrides={"lake": access})
    try:
        return definitions.resolve_job_def("weekly_job").execute_in_process(
            instance=instance or dg.DagsterInstance.ephemeral(),
            tags={**as_of_tags(day), **(tags or {})},
            run_config=QUIET | (config or {}),
            asset_selection=[dg.AssetKey(part) for part in parts] if parts else None,
            raise_on_error=False,
        )
    finally:
        access.close()


def frozen(home: Path) -> list[str]:
    folder = home / "lists" / WEEK
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def words_of(result: dg.ExecuteInProcessResult) -> str:
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    return " ".join(f"{error.message} {error.cause}" for error in errors if error)


def test_the_code_location_overrides_nothing(home: Path) -> None:
    lake = (build_defs().resources or {})["lake"]
    assert isinstance(lake, dg.ResourceDefinition)
    with dg.build_resources({"lake": lake}) as given:
        assert given.lake.override == Override()
    # Nor does a setting: whoever starts the pages in another environment has no other rights.
    assert not {name for name in Settings.model_fields if "held" in name or "force" in name}


def test_no_tag_and_no_run_configuration_lets_a_list_go_that_waits(home: Path) -> None:
    override = {"even_if_held": True, "is_forced": True}
    config = {
        # Dagster takes any configuration for what declares none; nobody reads it.
        "resources": {"lake": {"config": {"override": override, **override}}},
        "ops": {"weekly_watchlists": {"config": override}},
    }
    tags = {**EVERY_OLD_TAG, "trappan/school_unit_code": SCHOOL}
    result = by_dagster(home, tags=tags, config=config)
    assert result.success, words_of(result)
    assert frozen(home) == []


def test_no_tag_freezes_a_week_before_its_night(home: Path) -> None:
    result = by_dagster(home, tags=EVERY_OLD_TAG, day=date(2026, 11, 1))
    assert not result.success
    assert "no night of its Sunday" in words_of(result)
    assert list((home / "lists").glob("2026-W*")) == []


@pytest.mark.parametrize(
    "parts",
    [
        ["weekly_watchlists"],
        ["school_contracts", "weekly_watchlists"],
        ["school_silences", "weekly_watchlists"],
    ],
    ids="+".join,
)
def test_a_part_of_a_job_makes_no_list_before_it_was_looked_which_wait(
    home: Path, parts: list[str]
) -> None:
    result = by_dagster(home, parts=parts)
    assert not result.success
    assert "looked which of them wait" in words_of(result)
    assert frozen(home) == []


def test_what_another_run_or_nobody_looked_at_does_not_count(home: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        looked = by_dagster(home, parts=["school_contracts", "school_silences"], instance=instance)
        assert looked.success
        for name in ("school_contracts", "school_silences"):
            instance.report_runless_asset_event(
                dg.AssetMaterialization(name, metadata={"as_of": SUNDAY.isoformat()})
            )
        result = by_dagster(home, parts=["weekly_watchlists"], instance=instance)
    assert "looked which of them wait" in words_of(result)
    assert frozen(home) == []


def logged(home: Path) -> list[dict[str, Any]]:
    path = home / "access.log"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_command_lets_a_list_go_and_writes_down_who_and_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "rektorn")
    assert getpass.getuser() == "rektorn"
    said = trappan(
        "--home", home, "publish", "--week", WEEK, "--school", SCHOOL, "--even-if-held",
        "--reason", "Skolan har bekräftat:  studiedag",
    )  # fmt: skip
    assert said.status == 0, said.err
    assert frozen(home) == [SCHOOL]
    (line,) = logged(home)
    assert line["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert (line["uid"], line["command"]) == (os.getuid(), "publish")
    assert line["asked"] == {
        "week": WEEK,
        "school": SCHOOL,
        "even_if_held": "True",
        "reason": "Skolan har bekräftat: studiedag",
    }
    assert (home / "access.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", [(), ("--reason", " "), ("--reason", "a\x1b[2Jb")])
def test_without_a_reason_no_list_goes(home: Path, words: tuple[str, ...]) -> None:
    asked = ("--home", home, "publish", "--week", WEEK, "--school", SCHOOL, "--even-if-held")
    said = trappan(*asked, *words)
    assert said.status == 2
    assert (frozen(home), logged(home)) == ([], [])


def test_without_a_log_no_list_goes(home: Path) -> None:
    (home / "access.log").mkdir()
    said = trappan(
        "--home", home, "publish", "--week", WEEK, "--school", SCHOOL, "--even-if-held",
        "--reason", "studiedag",
    )  # fmt: skip
    assert said.status != 0
    assert frozen(home) == []


@pytest.mark.parametrize("command", ["publish", "nightly"])
def test_force_is_written_down_with_what_was_asked(home: Path, command: str) -> None:
    asked: dict[str, tuple[Any, ...]] = {
        "publish": ("--week", WEEK, "--school", OTHER),
        "nightly": ("--inbox", home.parent / "empty", "--as-of", SUNDAY),
    }
    (home.parent / "empty").mkdir()
    assert trappan("--home", home, command, *asked[command], "--force").status in {0, 3}
    (line,) = logged(home)
    assert (line["command"], line["asked"]["force"]) == (command, "True")


def test_what_overrides_nothing_is_in_the_log_without_an_override(home: Path) -> None:
    trappan("--home", home, "publish", "--week", WEEK)
    (line,) = logged(home)
    assert line["asked"] == {"week": WEEK}
    assert frozen(home) == [OTHER]
