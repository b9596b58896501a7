"""A week's frozen lists published again, with the list before kept and the change on record.

The one way in which a frozen list changes, and only when somebody asks for it, with a reason. The
list before is kept as files and as data, without the mentors' files, below `lists/.replaced/`; a
row of `replaced_lists` says who did it, when, why, and how many pupils it is about; and the new
list says that it stands in another one's place.

Everything is done again without harm where it was killed: what is kept of the list before, and the
row, are of the list that is noted, whatever stands in its place. Not here: which lists differ
(`restate.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.lake.connection import Lake
from assets.watchlists.release.mentor_files import link_or_copy
from assets.watchlists.release.publish import lists_root, published_folder
from assets.watchlists.release.releases import Release, release_lists
from assets.watchlists.release.week_states import RulesOn, sunday_of
from assets.watchlists.swedish import notice_texts, texts

_OF_WEEK = "FROM publications WHERE is_frozen AND period = $week AND school_unit_code = $code"


@dataclass(frozen=True)
class Who:
    """Who lets lists be published again, and why.

    Attributes:
        uid: of the account that logged in.
        login: its name.
        reason: in a line, and of no pupil.
    """

    uid: int
    login: str
    reason: str


def republish(
    lake: Lake, week: str, differing: Mapping[str, int], rules_on: RulesOn, who: Who
) -> Release:
    """Publish lists of a week again from today's data.

    A list that would wait stays as it is, and nothing is noted of it.

    Args:
        lake: the lake, with its sums up to date.
        week: ISO week of the lists.
        differing: school units of the lists, and how many pupils today's data says otherwise of.
        rules_on: gives the values in force on a day.
        who: asks for it.

    Raises:
        PublishError: a list could not be written; those before it are in place.
    """
    notices = {}
    for code, pupils in differing.items():
        noted = _noted(lake, week, code)
        folder = _kept_aside(lake.settings.home, week, code, noted["published_at"])
        _note(lake, noted, pupils, folder, who)
        notices[code] = notice_texts.NOTICE_REPLACES.format(
            published=texts.day(noted["published_at"].date())
        )
    made = release_lists(
        lake, sunday_of(week), rules_on, period=week, replaces=notices, has_mentor_files=False
    )
    for code in set(made.held) & set(notices):
        _take_back(lake, week, code)
    return made


def _noted(lake: Lake, week: str, code: str) -> dict[str, Any]:
    rows = lake.frame(f"SELECT * {_OF_WEEK}", week=week, code=code)
    return rows.row(0, named=True)


def _kept_aside(home: Path, week: str, code: str, published_at: datetime) -> Path:
    """Keep the list that stands, unless the one that was published then is kept already."""
    place = published_folder(home, week, code)
    folder = lists_root(home) / ".replaced" / week / code / f"{published_at:%Y%m%dT%H%M%S%f}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for path in place.resolve().iterdir():
            if path.is_file():
                link_or_copy(path, beside / path.name)
        beside.rename(folder)
    return folder.relative_to(home)


def _note(lake: Lake, noted: Mapping[str, Any], pupils: int, folder: Path, who: Who) -> None:
    def change(connection: duckdb.DuckDBPyConnection) -> None:
        # Of a list that was to be replaced before, and the run was killed, there is one row.
        of_list = {name: noted[name] for name in ("school_unit_code", "period", "published_at")}
        connection.execute(
            "DELETE FROM replaced_lists WHERE school_unit_code = $school_unit_code "
            "AND period = $period AND published_at = $published_at",
            of_list,
        )
        connection.execute(
            "INSERT INTO replaced_lists BY NAME SELECT $school_unit_code AS school_unit_code, "
            "$period AS period, $as_of_date AS as_of_date, $published_at AS published_at, "
            "$now AS replaced_at, $reason AS reason, $uid AS uid, $login AS login, "
            "$differing AS differing_pupils, $flagged_pupils AS flagged_pupils, "
            "$lake_snapshot AS lake_snapshot, $folder AS folder",
            {
                **of_list,
                **{name: noted[name] for name in ("as_of_date", "flagged_pupils", "lake_snapshot")},
                "now": datetime.now(UTC).replace(tzinfo=None),
                "reason": who.reason,
                "uid": who.uid,
                "login": who.login,
                "differing": pupils,
                "folder": str(folder),
            },
        )

    lake.write(change)


def _take_back(lake: Lake, week: str, code: str) -> None:
    """Forget that a list was to be replaced which stays."""
    noted = _noted(lake, week, code)
    folder = _kept_aside(lake.settings.home, week, code, noted["published_at"])
    lake.write(
        lambda connection: connection.execute(
            "DELETE FROM replaced_lists WHERE school_unit_code = ? AND period = ? "
            "AND published_at = ?",
            [code, week, noted["published_at"]],
        )
    )
    shutil.rmtree(lake.settings.home / folder, ignore_errors=True)
