"""What lies in an inbox and is no export: links, pipes, unfinished copies. All of it is listed."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.files.offered_files import entries_in
from assets.exports.files.received import declared_time, look_at, why_unfinished
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import ledger_rows
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import lesson, lessons_of, put, text_of


def held_in(lake: Lake) -> dict[str, str]:
    """What `trappan files` lists as held, with the reason."""
    rows = ledger_rows(lake, Sealer.of_home(lake.settings.home)).iter_rows(named=True)
    return {row["file_name"]: row["reason"] for row in rows if row["outcome"] == "held"}


def test_no_link_is_followed_and_everything_in_the_inbox_is_listed(
    lake: Lake, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere, "secret.csv", text_of([lesson(0)]))
    inbox = tmp_path / "inbox"
    put(inbox, "good.csv", text_of([lesson(1)]))
    put(inbox / "inner", "deep.csv", text_of([lesson(2)]))
    (inbox / "folder").symlink_to(elsewhere)
    (inbox / "file.csv").symlink_to(elsewhere / "secret.csv")
    (inbox / "inner" / "back").symlink_to(inbox)
    os.mkfifo(inbox / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(inbox / "socket.csv"))
    put(inbox, ".hidden.csv", "x")
    put(inbox, "~$open.xlsx", "x")
    put(inbox, "README.md", "x")
    given = tmp_path / "given"
    given.symlink_to(inbox)

    reports = {report.name: report for report in ingest_paths(lake, [given])}
    assert {name for name, one in reports.items() if one.outcome == FileOutcome.ACCEPTED} == {
        "good.csv", "deep.csv"
    }  # fmt: skip
    told = {name for name, one in reports.items() if one.outcome == FileOutcome.HELD}
    assert told == {"folder", "file.csv", "back", "pipe.csv", "socket.csv"}
    assert len(lessons_of(lake)) == 2
    listed = held_in(lake)
    assert set(listed) == told | {".hidden.csv", "~$open.xlsx", "README.md"}
    assert "it is a link" in listed["folder"]
    assert "a pipe" in listed["pipe.csv"]
    assert "a socket" in listed["socket.csv"]


def test_a_link_that_is_named_is_not_read_either(lake: Lake, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(put(tmp_path, "real.csv", text_of([lesson(0)])))
    (report,) = ingest_paths(lake, [link])
    assert (report.outcome, lessons_of(lake)) == (FileOutcome.HELD, [])
    with pytest.raises(OSError, match="symbolic link"):
        look_at(link)


def test_an_unfinished_copy_never_supersedes_the_whole_file(lake: Lake, tmp_path: Path) -> None:
    whole = text_of([lesson(0, present="0", invalid="60"), lesson(1)])
    inbox = tmp_path / "inbox"
    cut = put(inbox, "x_20261101T0500.csv.filepart", whole[:-6])
    (report,) = ingest_paths(lake, [inbox])
    assert report.outcome == FileOutcome.HELD
    assert "unfinished ('.filepart')" in str(report.reason)
    cut.rename(inbox / "x_20261101T0500.csv")
    put(inbox, "x_20261101T0500.csv", whole)
    put(inbox, "x_20261101T0500.csv.bak", whole.replace(";60;", ";50;"))
    outcomes = {one.name: one.outcome for one in ingest_paths(lake, [inbox])}
    assert outcomes == {
        "x_20261101T0500.csv": FileOutcome.ACCEPTED, "x_20261101T0500.csv.bak": FileOutcome.HELD
    }  # fmt: skip
    assert sorted(row[5:8] for row in lessons_of(lake)) == [(60, 0, 60), (60, 5, 5)]
    assert set(held_in(lake)) == {"x_20261101T0500.csv.bak"}


@pytest.mark.parametrize(
    "name",
    [
        "x.csv.part", "x.CSV.PARTIAL", "x.csv.filepart", "x.csv.crdownload", "x.csv.download",
        "x.csv.tmp", "x.temp", "x.csv.bak", "x.csv.bak2", "x.old.csv", "x.csv.orig", "x.csv.save",
        ".x.csv.swp", "x.csv~", "x.csv.~1~", "#x.csv#", ".~lock.x.csv#", "x.tmp.csv",
        "x.download/x.csv",
    ],
)  # fmt: skip
def test_a_name_says_that_a_copy_is_unfinished_or_old(name: str) -> None:
    assert why_unfinished(Path(name)) is not None


@pytest.mark.parametrize(
    "name",
    ["x.csv", "old.csv", "temp_20261101T0500.csv", "x.part2.csv", "x (1).csv", "partier.csv",
     "x - kopia.csv", "tmp/x.csv", "bak.xlsx"],
)  # fmt: skip
def test_a_usual_name_is_no_copy(name: str) -> None:
    assert why_unfinished(Path(name)) is None


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("x_20261101T0500.csv", "2026-11-01 05:00:00"),
        ("x_20261101T050007.csv", "2026-11-01 05:00:07"),
        ("x_20261101T0500.csv.gz", "2026-11-01 05:00:00"),
        ("x_20261101T0500.csv.txt", "2026-11-01 05:00:00"),
        ("x_20261101T0500.CSV.csv", "2026-11-01 05:00:00"),
        ("x_20261101T0500", "2026-11-01 05:00:00"),
        ("x_20261101t0500 (1).csv", "2026-11-01 05:00:00"),
        ("x_20261101T0500 - kopia.csv", "2026-11-01 05:00:00"),
        ("x_20261001T0000_20261101T0500.csv", "2026-11-01 05:00:00"),
        ("x_20261301T0500.csv", "None"),
        ("x_20261101T05.csv", "None"),
        ("x20261101T0500.csv", "None"),
        ("x_20261101T0500_rest.csv", "None"),
    ],
)
def test_the_time_of_export_is_found_before_any_ending(name: str, time: str) -> None:
    assert str(declared_time(name)) == time


_NAMES = st.one_of(
    st.sampled_from(
        ["a.csv", "b.csv.part", ".c", "README", "d~", "e.bak", "~$f", "#g#", "h\nj", "k\udcff"]
    ),
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=6).filter(
        lambda name: name not in {".", ".."}
    ),
)
_KINDS = st.sampled_from(["file", "folder", "link", "circle", "lost", "pipe"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_NAMES, st.tuples(_KINDS, st.dictionaries(_NAMES, _KINDS, max_size=3))))
def test_every_entry_of_any_tree_is_read_or_listed_with_its_reason(
    tree: dict[str, tuple[str, dict[str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "inbox"
        root.mkdir()
        made = set()
        for name, (kind, inner) in tree.items():
            if kind != "folder":
                made.add(_make(root / name, kind))
                continue
            (root / name).mkdir()
            made |= {_make(root / name / one, _kind) for one, _kind in inner.items()}
        made.discard(None)
        entries = entries_in([root])
        assert {entry.path for entry in entries} == made
        assert len(entries) == len(made)
        for entry in entries:
            if not entry.why_not:
                assert entry.path.is_file()
                assert not entry.path.is_symlink()


def _make(path: Path, kind: str) -> Path | None:
    if kind == "folder":
        path.mkdir()
        return None
    if kind == "file":
        path.write_bytes(b"x")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": path.parent, "circle": path, "lost": path / "gone"}[kind])
    return path
