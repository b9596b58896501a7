"""A published list is wholly old or wholly new, and its place is named by codes only."""

from __future__ import annotations

import errno
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from assets.lake.encryption import Sealer
from assets.lake.key_file import HomeKeys, read_keys, write_keys
from assets.watchlists.model import Watchlist
from assets.watchlists.release import publish
from assets.watchlists.release.publish import (
    ListToPublish,
    Provenance,
    PublishError,
    publish_watchlist,
    published_folder,
)
from tests.unit.watchlist_factory import full_list, watchlist

MADE_FROM = Provenance(7, "a" * 64, ({"sha256": "b" * 64, "rows_read": 3},))


def entry(one: Watchlist) -> ListToPublish:
    return ListToPublish(one, MADE_FROM, one)


def names_and_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("held", [(), ("Fler lektioner saknar rapport än vanligt.",)])
def test_an_entry_is_the_same_in_another_process(held: tuple[str, ...]) -> None:
    one = full_list()
    sent = ListToPublish(replace(one, held=held) if held else one, MADE_FROM, one, True, "a1b2")
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own
    assert received == sent
    assert (received.remembered is received.watchlist) == (not held)


def test_a_list_is_a_workbook_a_page_and_a_manifest(tmp_path: Path) -> None:
    place = publish_watchlist(tmp_path, "current", entry(watchlist()))
    assert sorted(path.suffix for path in place.iterdir()) == [".html", ".json", ".sealed", ".xlsx"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in place.iterdir())


def test_a_new_list_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    place = publish_watchlist(tmp_path, "current", entry(full_list()))
    before = names_and_bytes(place)
    publish_watchlist(tmp_path, "current", entry(watchlist()))
    assert names_and_bytes(place).keys() == before.keys()
    assert names_and_bytes(place) != before


def test_a_list_of_keys_that_pupils_had_before_takes_no_place(tmp_path: Path) -> None:
    """Nobody would find its pupils any more: who takes out the protected and the erased neither."""
    now = Sealer.of_home(tmp_path).check
    place = publish_watchlist(tmp_path, "current", replace(entry(full_list()), keyed_with=now))
    before = names_and_bytes(place)
    keys = read_keys(tmp_path)
    write_keys(tmp_path, HomeKeys(keys.identity, None, keys.hashes + b"1" * 32))
    with pytest.raises(PublishError, match="Pupils got new keys while"):
        publish_watchlist(tmp_path, "current", replace(entry(watchlist()), keyed_with=now))
    assert names_and_bytes(place) == before
    assert len([*(tmp_path / "lists" / ".versions" / "current").glob("*/*")]) == 1


@pytest.mark.parametrize("failing", ["write_workbook", "write_page"])
def test_a_full_disk_leaves_the_old_list_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    place = publish_watchlist(tmp_path, "current", entry(full_list()))
    before = names_and_bytes(place)

    def full(_watchlist: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(publish, failing, full)
    with pytest.raises(PublishError, match=r"No space left on device.*still stands"):
        publish_watchlist(tmp_path, "current", entry(watchlist()))
    assert names_and_bytes(place) == before
    versions = list((tmp_path / "lists" / ".versions" / "current").glob("*/*"))
    assert len(versions) == 1


def test_a_run_killed_before_the_last_step_leaves_the_old_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = publish_watchlist(tmp_path, "current", entry(full_list()))
    before = names_and_bytes(place)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(publish, "_put_in_place", killed)
    with pytest.raises(Killed):
        publish_watchlist(tmp_path, "current", entry(watchlist()))
    assert names_and_bytes(place) == before


def test_old_versions_do_not_pile_up(tmp_path: Path) -> None:
    for _ in range(5):
        publish_watchlist(tmp_path, "current", entry(watchlist()))
    assert len(list((tmp_path / "lists" / ".versions" / "current").glob("*/*"))) == 2


@pytest.mark.parametrize("code", ["../../x", "A/B", "9999990", "999999011", "", "9999990\n"])
def test_nothing_but_a_school_unit_code_becomes_a_folder(tmp_path: Path, code: str) -> None:
    with pytest.raises(PublishError, match="8 digits"):
        published_folder(tmp_path, "current", code)


@pytest.mark.parametrize("period", ["../2026-W46", "v46", "2026-W4", "", "current/x"])
def test_nothing_but_a_week_becomes_a_period(tmp_path: Path, period: str) -> None:
    with pytest.raises(PublishError, match="2026-W46"):
        published_folder(tmp_path, period, "99999901")
