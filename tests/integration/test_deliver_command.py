"""`trappan deliver` and the nights around it: copies of the samples' lists on a share."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.release.remembered import recall
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, Said, SampleHome, trappan
from tests.integration.delivery_home import files_under, texts_in
from tests.integration.ingest_files import mark

SCHOOL = "99999901"


@pytest.fixture
def home(sample_home: SampleHome, tmp_path: Path) -> Path:
    """A copy of the samples' home, for a test that changes it."""
    copied = tmp_path / "home"
    shutil.copytree(sample_home.path, copied, symlinks=True)
    return copied


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    monkeypatch.setenv("TRAPPAN_DELIVERY_TARGET", folder.as_uri())
    return folder


def standing(home: Path, code: str = SCHOOL) -> Watchlist:
    found = recall(Sealer.of_home(home), home / "lists" / "current" / code)
    assert found is not None
    return found


def lists_in(home: Path) -> list[Path]:
    """The rektorer's and the mentors' files of the current lists."""
    current = home / "lists" / "current"
    return [
        path
        for school in current.iterdir()
        for path in school.rglob("franvarolista_*")
        if path.suffix in {".xlsx", ".html"}
    ]


def mentors_in(home: Path) -> set[Path]:
    """The folders of mentors' own lists."""
    return {path.parent for path in lists_in(home) if path.parent.parent.name == "mentorer"}


def naming(folder: Path, pupil: PupilRow) -> set[str]:
    """Return the paths of files that hold a pupil's whole family name, zipped parts too."""
    return {
        path
        for path, text in texts_in(files_under(folder)).items()
        if pupil.family_name in text and pupil.given_name in text
    }


def unique(watchlist: Watchlist) -> PupilRow:
    """Return a pupil of a list whose name stands there for nobody else."""
    rows = {row.pupil_key: row for row in (*watchlist.pupils, *watchlist.insufficient)}
    names = [row.family_name for row in rows.values()]
    return next(row for row in watchlist.pupils if names.count(row.family_name) == 1)


def nightly(home: Path, *more: object) -> Said:
    inbox = home.parent / "no-files"
    inbox.mkdir(exist_ok=True)
    return trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", AS_OF, *more)


def test_a_dry_run_says_what_would_be_sent_to_whom_and_sends_nothing(home: Path) -> None:
    before = files_under(home)
    said = trappan("--home", home, "deliver", "--dry-run")
    assert said.status == 0
    assert "sofia.wang@99999901.skola.example" in said.out
    assert "Subject: Ny lista v. 46:" in said.out
    assert "No target is set" in said.err
    for row in standing(home).pupils:
        assert row.family_name not in said.out + said.err
        assert row.pupil_key not in said.out + said.err
    after = files_under(home)
    assert {path for path in after if after[path] != before.get(path)} <= {
        path for path in after if path.startswith(("lake", "tmp", "access.log"))
    }


def test_a_dry_run_in_csv_has_the_promised_columns(home: Path) -> None:
    said = trappan("--home", home, "deliver", "--dry-run", "--format", "csv")
    header, *rows = said.out.splitlines()
    assert header == "school_unit_code,role,folder,files,changed,addresses,notice"
    of_rektorer = [row for row in rows if ",rektor," in row]
    assert len(of_rektorer) == 4
    assert len(rows) == 4 + len(mentors_in(home))
    assert rows[0].startswith(f"{SCHOOL},rektor,{SCHOOL}/rektor,2,2,sofia.wang@")


def test_without_a_target_a_night_delivers_nothing(sample_home: SampleHome) -> None:
    assert "Delivered" not in sample_home.first_run.err
    assert not (sample_home.path / "delivery.sqlite").exists()


def test_lists_are_delivered_once_and_the_log_says_what(home: Path, share: Path) -> None:
    said = trappan("--home", home, "deliver")
    assert said.status == 0, said.err
    standing_files = lists_in(home)
    assert len(standing_files) == 8 + 2 * len(mentors_in(home)) > 8
    assert f"{len(standing_files)} files new or changed" in said.err
    (workbook, page) = sorted((home / "lists" / "current" / SCHOOL).glob("franvaro*"))[::-1]
    assert (share / SCHOOL / "rektor" / workbook.name).read_bytes() == workbook.read_bytes()
    assert (share / SCHOOL / "rektor" / page.name).read_bytes() == page.read_bytes()
    assert f"{len(standing_files)} unchanged" in trappan("--home", home, "deliver").err
    log = home / "delivery.sqlite"
    assert log.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(log) as events:
        rows = events.execute("SELECT kind, outcome, path, length(file_sha256) FROM events")
        found = rows.fetchall()
    assert len(found) == len(standing_files)
    assert {(kind, outcome, digits) for kind, outcome, _, digits in found} == {("put", "done", 64)}
    kept = log.read_bytes()
    for row in standing(home).pupils:
        assert row.family_name.encode() not in kept
        assert row.pupil_key.encode() not in kept


def test_a_wrong_recipients_file_is_named_with_its_line(home: Path, share: Path) -> None:
    (home / "recipients.yaml").write_text("principals:\n  - school: 1\n", encoding="utf-8")
    said = trappan("--home", home, "deliver")
    assert said.status == 3
    assert "recipients.yaml, line 2" in said.err
    assert files_under(share) == {}


def protect(home: Path, pupil: PupilRow) -> None:
    with Lake.open(settings_of(home)) as lake:
        mark(lake, pupil.pupil_key)
        assert lake.rows("SELECT 1 FROM protected_pupils WHERE pupil_key = ?::UUID".replace(
            "?", f"'{pupil.pupil_key}'"))  # fmt: skip


def erase(home: Path, pupil: PupilRow) -> None:
    """Take everything of a pupil out of a lake, as an erasure would."""
    with Lake.open(settings_of(home)) as lake:
        tables = lake.rows(
            "SELECT table_name FROM duckdb_columns() WHERE database_name = 'lake' "
            "AND column_name = 'pupil_key'"
        )
        for (table,) in tables:
            lake.connection.execute(f"DELETE FROM {table} WHERE pupil_key = '{pupil.pupil_key}'")


@pytest.mark.parametrize("become_unnameable", [protect, erase])
def test_the_night_after_no_copy_names_who_became_protected_or_was_erased(
    home: Path, share: Path, become_unnameable: object
) -> None:
    trappan("--home", home, "deliver")
    pupil = unique(standing(home))
    copies = naming(share, pupil)
    assert {path.split("/")[1] for path in copies} == {"rektor", "mentorer"}
    assert callable(become_unnameable)
    become_unnameable(home, pupil)
    said = nightly(home)
    assert naming(share, pupil) == set(), said.err
    assert f"{len(copies)} copies named somebody who is protected or erased" in said.err
    assert len(files_under(share)) == len(lists_in(home))
    assert all(zipfile.is_zipfile(path) for path in share.rglob("*.xlsx"))
    assert pupil.family_name not in said.err + said.out


def test_a_night_that_stops_takes_copies_back_all_the_same(
    home: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trappan("--home", home, "deliver")
    pupil = unique(standing(home))
    protect(home, pupil)

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("before the lists are made")

    monkeypatch.setattr("assets.watchlists.assets.release_lists", crash)
    said = nightly(home)
    assert said.status == 1
    assert naming(share, pupil) == set()
    assert f"School unit {SCHOOL}: nothing of its list is delivered" in said.err
    # The lists of other schools stand as they were.
    others = [path for path in lists_in(home) if SCHOOL not in path.relative_to(home).parts]
    assert len(files_under(share)) == len(others)


def test_a_copy_that_can_not_be_reached_is_named_by_school_file_and_place(
    home: Path, share: Path
) -> None:
    trappan("--home", home, "deliver")
    pupil = unique(standing(home))
    protect(home, pupil)
    away = share.rename(share.with_name("away"))
    said = nightly(home)
    assert said.status == 3
    path = f"{SCHOOL}/rektor/franvarolista_{SCHOOL}_2026-W46.xlsx at {share.as_uri()}"
    assert f"TAKE BACK BY HAND: school unit {SCHOOL}, {path}" in said.err
    assert pupil.family_name not in said.err
    assert pupil.pupil_key not in said.err
    away.rename(share)
    assert "TAKE BACK" not in trappan("--home", home, "deliver").err
    assert naming(share, pupil) == set()


@pytest.fixture(autouse=True)
def _umask_is_put_back() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def looked_over(home: Path) -> dict[str, str]:
    """What `trappan doctor` says of delivery: `well …` or `WRONG …`, by what was looked at."""
    said = trappan("doctor", "--home", home)
    lines = [line.split(maxsplit=1) for line in said.out.splitlines()]
    found = {what.partition(":")[0]: f"{how} {what}" for how, what in lines}
    names = ("delivery target", "readers of lists", "delivered copies")
    return {name: found[name] for name in names}


def test_the_doctor_is_content_with_a_delivery_that_was_whole(home: Path, share: Path) -> None:
    assert all(line.startswith("well") for line in looked_over(home).values())
    assert "nothing was delivered yet" in looked_over(home)["delivered copies"]
    trappan("--home", home, "deliver")
    found = looked_over(home)
    files = len(lists_in(home))
    assert found["delivery target"].endswith(f"answers, with {files} files of lists")
    assert found["delivered copies"].startswith(f"well delivered copies: {files} copies at 1 place")


def test_the_doctor_says_what_hinders_a_delivery_and_names_no_pupil(
    home: Path, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trappan("--home", home, "deliver")
    pupil = unique(standing(home))
    copies = len(naming(share, pupil))
    protect(home, pupil)
    share.rename(share.with_name("away"))
    nightly(home)
    monkeypatch.setenv("TRAPPAN_MAIL_HOST", "localhost")
    monkeypatch.setenv("TRAPPAN_MAIL_FROM", "franvaro@skola.example")
    (home / "recipients.yaml").write_text(
        f'principals:\n  - school_unit: "{SCHOOL}"\n    addresses: []\n', encoding="utf-8"
    )
    found = looked_over(home)
    assert all(line.startswith("WRONG") for line in found.values())
    assert "the target's root is not there" in found["delivery target"]
    assert "have no address" in found["readers of lists"]
    assert SCHOOL in found["readers of lists"]
    # It can't look into them: any copy of a list that named the pupil may do so.
    may = re.search(r"(\d+) copies may name somebody who is protected", found["delivered copies"])
    assert may is not None
    assert int(may[1]) >= copies
    assert not [word for word in found.values() if pupil.family_name in word]
    assert pupil.pupil_key not in str(found)
    share.with_name("away").rename(share)
    trappan("--home", home, "deliver")
    # Nobody is named any more; no mail server answers.
    after = looked_over(home)["delivered copies"]
    assert "may name somebody" not in after
    assert "failed when they were last tried" in after


def test_a_week_that_is_frozen_comes_to_its_readers_at_once(home: Path, share: Path) -> None:
    said = trappan("--home", home, "publish", "--week", "2026-W46")
    assert said.status == 0, said.err
    assert "files new or changed" in said.err
    frozen = sorted((home / "lists" / "2026-W46" / SCHOOL).glob("franvarolista_*"))
    assert len(frozen) == 2
    for path in frozen:
        copy = share / SCHOOL / "rektor" / "2026-W46" / path.name
        assert copy.read_bytes() == path.read_bytes()
