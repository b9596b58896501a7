"""A new key for a home: `trappan rotate-key`, in steps that can each be done twice.

First the key file gets the new identity before the old one: from then on everybody seals with the
new one, and opens with both. Then all that is sealed is sealed again, place by place, and the past
of the lake goes, which has the old values. When nothing opens with the old identity any more, it
goes from the key file. Killed at any moment, the next call goes on, and until it has ended every
reader opens everything: nights and portal go on beside it, but for the turn to write.

What keyed hashes are derived from stays, so every pupil keeps the key that lists, portal and
tombstones know; unless pupils get new keys too (`pupil_keys.py`), beside which nothing may run. A
sealer that was made before the key changed looks at the file again whenever it
seals (`encryption.py`); only what was sealed before that and is not written yet may come late. So
the old key stays at hand for a minute at least where there is a portal, and everything is looked
through once more before it goes.

Not here: how a place is sealed again (`resealing.py`, `sealed_files.py`), the key file
(`lake/key_file.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyrage import x25519

from assets.exports.ingest import Progress
from assets.exports.ledger.entries import refuse_another_key, refuse_half_revoked
from assets.exports.pupils.tombstones import Tombstones, refuse_half_erased
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.key_file import (
    HomeKeys,
    changes_of,
    parts_of,
    read_keys,
    write_changes,
    write_keys,
)
from assets.lake.lasting_rows import keep_rows
from assets.lake.past.snapshots import expire_everything_but_now
from assets.lake.protection_marks import know_key, refuse_changed_words
from assets.lake.sealed_places import SEALED_COLUMNS
from assets.lake.settings import LakeSettings
from assets.upkeep.keys.pupil_keys import (
    NewPupilKeys,
    PupilKeysRefusedError,
    forget_portal_mark,
    has_new_keys,
    in_deliveries_with_keys,
    in_lake_with_keys,
    in_portal_with_keys,
    keyed_rows,
)
from assets.upkeep.keys.resealing import (
    Amounts,
    KeyChangeError,
    Resealing,
    in_deliveries,
    in_lake,
    in_portal,
)
from assets.upkeep.keys.sealed_files import (
    LISTS,
    ORIGINALS,
    files_of,
    in_archive,
    in_grants,
    in_lists,
    in_rewritten,
    in_tombstones,
    remove_half_written,
)

#: So often what came late is sealed again, before somebody has to look at what writes all the time.
_ROUNDS = 3
#: A request of the portal that began before the key changed has ended by then, and writes no more.
LATEST_SECONDS = 60.0
#: Below the home: what is sealed with the old key and would be lost with it.
_IN_THE_WAY = {
    "lake.lost-*": "a lake that was put aside",
    "lake.rebuild": "a rebuild that has not ended: run `trappan rebuild`, or remove it",
    "restore.unfinished": "a restore that has not ended: run `trappan restore` again",
    "*/*.pgdump": "a database that was brought back and is not loaded yet",
}


@dataclass
class HomeToReseal:
    """A home that gets a new key.

    Attributes:
        settings: of its lake.
        portal: where its portal keeps what is recorded.
        on_progress: called with a word, done and in all.
        latest_seconds: so long after the key changed nothing of before is written any more.
        is_alone: no other home writes to the same catalog; asked of one on a server.
        pupil_keys: whether pupils get new keys too. Without it, what was begun with them is given
            up as long as the lake has none.
        senders: names of its senders.
    """

    settings: LakeSettings
    portal: PortalDatabase
    on_progress: Progress | None = None
    latest_seconds: float = LATEST_SECONDS
    is_alone: bool = False
    pupil_keys: bool = False
    senders: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.settings.home

    def tell(self, word: str, done: int, total: int) -> None:
        """Say how far it is."""
        if self.on_progress:
            self.on_progress(word, done, total)


@dataclass
class KeyChange:
    """A new key that a home got.

    Attributes:
        begun_at: when, UTC.
        before: the public half of the key before.
        now: that of the new one.
        ended_at: when the old one was gone; "" as long as it is at hand.
        sealed: how much there is by place, all of it sealed with the new key.
        unopened: by place, what neither key opens: lost before.
        pupil_keys: whether pupils get new keys too.
        lake_has_new_keys: whether the lake knows them by these.
    """

    begun_at: str
    before: str
    now: str
    ended_at: str = ""
    sealed: dict[str, int] = field(default_factory=dict)
    unopened: dict[str, int] = field(default_factory=dict)
    pupil_keys: bool = False
    lake_has_new_keys: bool = False

    @classmethod
    def newest_of(cls, home: Path) -> KeyChange | None:
        """Return the newest of a home; None of one that never had a new key."""
        known = changes_of(home)["changes"]
        return cls(**known[-1]) if known else None

    def keep(self, home: Path, keys: HomeKeys) -> None:
        """Write it, in the place of what was known of this change."""
        others = [one for one in changes_of(home)["changes"] if one["now"] != self.now]
        # What was about to begin and did not: its key was never in the key file.
        others = [one for one in others if one["ended_at"]]
        write_changes(home, keys, [*others, asdict(self)])


Step = Callable[[HomeToReseal, Lake, Resealing], Amounts]
#: What is sealed again, in this order; each can be done twice. The lake goes before its past.
STEPS: tuple[tuple[str, Step], ...] = (
    (
        "originals",
        lambda home, _, resealing: in_archive(
            home.path, resealing, lambda done, total: home.tell("originals", done, total)
        ),
    ),
    ("values of the lake", lambda _, lake, resealing: in_lake(lake, resealing)),
    ("lists", lambda home, _, resealing: in_lists(home.path, resealing)),
    ("deliveries", lambda home, _, resealing: in_deliveries(home.path, resealing)),
    ("tombstones", lambda home, _, resealing: in_tombstones(home.path, resealing)),
    ("portal", lambda home, _, resealing: in_portal(home.portal, resealing)),
)


def plan(home: HomeToReseal) -> dict[str, int]:
    """Return how much of which place would be sealed again; nothing is changed.

    Raises:
        TrappanError: a place can't be read, or the home can't get a new key now.
    """
    refuse_shared(home)
    with Lake.open(home.settings) as lake:
        _refuse(home, lake)
        values = sum(
            lake.rows(f"SELECT count({place.column}) FROM lake.{place.table}")[0][0]
            for place in SEALED_COLUMNS
        )
        rows = keyed_rows(lake) if home.pupil_keys else 0
    originals = list(files_of(home.path, ORIGINALS))
    # Opens nothing, so it counts.
    nobodys = Resealing(Sealer.unkept(), Sealer.unkept(), changes=False)
    found = {
        "originals": len(originals),
        "MiB of originals": sum(path.stat().st_size for path in originals) >> 20,
        "rows of the lake": rows,
        "values of the lake": int(values),
        "lists": sum(1 for _ in files_of(home.path, LISTS)),
        "deliveries": in_deliveries(home.path, nobodys).unopened,
        "tombstones": int((home.path / "erasures" / "tombstones.json").exists()),
        "portal": in_portal(home.portal, nobodys).unopened,
    }
    return {place: number for place, number in found.items() if number}


def minutes(found: dict[str, int]) -> int:
    """Return about how many minutes that takes, by what was measured (ADR 0058, 0060)."""
    seconds = (
        found.get("rows of the lake", 0) / 300_000
        + 0.02 * found.get("originals", 0)
        + found.get("MiB of originals", 0) / 30
        + found.get("values of the lake", 0) / 20_000
        + 0.01 * (found.get("lists", 0) + found.get("portal", 0) / 100)
    )
    return max(1, round(seconds / 60))


def rotate(home: HomeToReseal) -> KeyChange:
    """Give a home a new key, or go on with what was stopped.

    Raises:
        KeyFileError: the home has no key, or none that can be read.
        KeyChangeError: the home can't get one now; or not all is sealed with it, and both keys are
            at hand.
        TrappanError: a place can't be read or written now; the next call goes on.
        OSError: no room or no permission; the same.
    """
    refuse_shared(home)
    keys, change = _begun(home)
    if keys.former is None:
        # Killed between the last two writes: the old key is gone, and this alone was not said.
        return _ended(home, keys, change)
    refused = ""
    if keys.pupils_change and not home.pupil_keys:
        keys = _without_pupil_keys(home, keys, change)
    if keys.pupils_change:
        # A request that began before sees another key file when it seals, but not when it does not.
        _wait_for_the_latest(home, change)
    for _ in range(_ROUNDS):
        try:
            _seal_again(home, keys, change)
        except PupilKeysRefusedError as error:
            # Of the lake nothing has changed, and what has is sealed again and knows no keys.
            refused = str(error)
            keys = _without_pupil_keys(home, keys, change)
            _seal_again(home, keys, change)
        if not keys.pupils_change:
            _wait_for_the_latest(home, change)
        with _opened(home, keys, change) as lake, lake.writing():
            looked = _walk(home, lake, keys, change, changes=False)
            if not any(amounts.of_old for amounts in looked.values()):
                change.sealed = {p: one.of_new for p, one in looked.items() if one.of_new}
                change.unopened = {p: one.unopened for p, one in looked.items() if one.unopened}
                change.keep(home.path, keys)
                keys = HomeKeys(keys.identity, None, keys.hashes)
                write_keys(home.path, keys)
                ended = _ended(home, keys, change)
                if refused:
                    raise KeyChangeError(
                        f"Pupils have the keys that they had: with new ones, {refused}. Everything "
                        "else is sealed with a new key, and the old one is gone. Copy pupil.key "
                        "apart now, every line of it. Run `trappan verify`, mend what it names, "
                        "and then give pupils new keys once more."
                    )
                return ended
    left = {place: amounts.of_old for place, amounts in looked.items() if amounts.of_old}
    raise KeyChangeError(
        f"{_ROUNDS} times all was sealed with the new key, and each time something was sealed with "
        f"the old one meanwhile: {left}. A program of an older version may be running. End it, and "
        "run `trappan rotate-key` again; both keys are at hand."
    )


def _begun(home: HomeToReseal) -> tuple[HomeKeys, KeyChange]:
    """Return the keys and the change that goes on; a new one when none does."""
    keys = read_keys(home.path, while_pupils_change=True)
    now = str(keys.identity.to_public())
    newest = KeyChange.newest_of(home.path)
    stopped = newest if newest and not newest.ended_at and newest.now == now else None
    if keys.former is None and stopped is not None:
        return keys, stopped
    if keys.former is not None:
        found = stopped or KeyChange(
            _moment(), str(keys.former.to_public()), now, pupil_keys=keys.pupils_change
        )
        if home.pupil_keys and not keys.pupils_change:
            raise KeyChangeError(
                "A new key is under way that leaves pupils their keys. Nothing was done. Let it "
                "end first: trappan rotate-key. Then give pupils new keys."
            )
        remove_half_written(home.path)
        return keys, found
    with Lake.open(home.settings) as lake, lake.writing():
        _refuse(home, lake)
        remove_half_written(home.path)
        identity = x25519.Identity.generate()
        both = HomeKeys(identity, keys.identity, keys.hashes)
        if home.pupil_keys:
            both = keys.with_new_pupil_keys(identity)
        change = KeyChange(_moment(), now, str(identity.to_public()), pupil_keys=home.pupil_keys)
        # First, so that a key file with two identities is never without a word of why.
        change.keep(home.path, both)
        write_keys(home.path, both)
        return both, change


def _without_pupil_keys(home: HomeToReseal, keys: HomeKeys, change: KeyChange) -> HomeKeys:
    """Go on as if pupils were to keep their keys, as long as the lake has no others.

    Returns:
        The keys to go on with; those that were given where the lake has new ones.
    """
    with _opened(home, keys, change) as lake, lake.writing():
        if change.lake_has_new_keys or has_new_keys(lake, change.now):
            return keys
        # What is known of changes fits the file before it, so this comes first.
        plain = HomeKeys(keys.identity, keys.former, keys.hashes_before)
        write_keys(home.path, plain)
        change.pupil_keys = False
        change.keep(home.path, plain)
        return plain


@contextmanager
def _opened(home: HomeToReseal, keys: HomeKeys, change: KeyChange) -> Iterator[Lake]:
    """Open the lake while a change is under way: its words are marked with the old secret or new.

    Raises:
        ProtectionError: words of protection were changed or removed outside of trappan.
    """
    if not keys.pupils_change:
        with Lake.open(home.settings) as lake:
            yield lake
        return
    old, new = _sealers(keys)
    with Lake.open(home.settings, to_look_over=True, sealer=old) as lake:
        if change.lake_has_new_keys or has_new_keys(lake, change.now):
            know_key(lake.connection, new)
        refuse_changed_words(lake.connection)
        yield lake


def _sealers(keys: HomeKeys) -> tuple[Sealer, Sealer]:
    """Return what opens with the key before only, and with the new one only."""
    return (
        Sealer(keys.former or keys.identity, hashes=keys.hashes_before),
        Sealer(keys.identity, hashes=keys.hashes),
    )


def refuse_shared(home: HomeToReseal) -> None:
    """Look that no other home goes on with the old key.

    Raises:
        KeyChangeError: the catalog is on a server, and nobody said that no other home uses it.
    """
    if home.settings.is_on_postgres and not home.is_alone:
        raise KeyChangeError(
            "TRAPPAN_CATALOG is on a server, and other homes may write there with the key of now: "
            "they would go on with it. Nothing was done. When no other home uses this catalog, run "
            "it with --alone; for several machines there is no way to a new key yet."
        )


def _refuse(home: HomeToReseal, lake: Lake) -> None:
    """Look that all can be sealed again, before anything is.

    Raises:
        KeyChangeError: something lies there that would be lost with the old key.
        TrappanError: an erasure or a revoking was stopped, or the lake has another key.
    """
    refuse_half_erased(home.path)
    refuse_half_revoked(lake)
    sealer = Sealer.of_home(home.path)
    refuse_another_key(lake, sealer)
    Tombstones.of_home(home.path, sealer)
    for pattern, what in _IN_THE_WAY.items():
        for path in sorted(home.path.glob(pattern)):
            raise KeyChangeError(
                f"{path} is {what}. It is sealed with the key of now, and nothing would open it "
                "with a new one. Nothing was done. When it is needed no more, remove it, and run "
                "the command again."
            )


def _seal_again(home: HomeToReseal, keys: HomeKeys, change: KeyChange) -> None:
    with _opened(home, keys, change) as lake:
        with lake.writing():
            _walk(home, lake, keys, change, changes=True)
        # Without the turn: on a server its transaction would keep all that was there before.
        expire_everything_but_now(lake)
        with lake.writing():
            keep_rows(lake.connection, home.path, _sealers(keys)[1])


def _walk(
    home: HomeToReseal, lake: Lake, keys: HomeKeys, change: KeyChange, *, changes: bool
) -> dict[str, Amounts]:
    """Go through all places, once, and return what opens with which key."""
    old, new = _sealers(keys)
    resealing = Resealing(old, new, changes=changes)
    steps = STEPS
    if keys.pupils_change:
        secret = parts_of(keys.hashes)[-1]
        resealing = NewPupilKeys(
            old, new, secret=secret, name=change.now, senders=home.senders, changes=changes
        )
        steps = _with_pupil_keys(home, keys, change, resealing)
    found = {}
    for number, (place, step) in enumerate(steps):
        home.tell(place if changes else f"looking at {place}", number, len(steps))
        found[place] = step(home, lake, resealing)
    return found


def _with_pupil_keys(
    home: HomeToReseal, keys: HomeKeys, change: KeyChange, resealing: NewPupilKeys
) -> tuple[tuple[str, Step], ...]:
    """Return the steps, where pupils get new keys too."""

    def done() -> None:
        change.lake_has_new_keys = True
        change.keep(home.path, keys)

    def in_lake_once(_: HomeToReseal, lake: Lake, __: Resealing) -> Amounts:
        is_done = change.lake_has_new_keys
        return in_lake_with_keys(lake, resealing, is_done=is_done, done=done)

    others: dict[str, Step] = {
        "values of the lake": in_lake_once,
        "deliveries": lambda of_home, _, __: in_deliveries_with_keys(of_home.path, resealing),
        "portal": lambda of_home, _, __: in_portal_with_keys(of_home.portal, resealing),
    }
    return (
        *((place, others.get(place, step)) for place, step in STEPS),
        ("grants", lambda of_home, _, __: in_grants(of_home.path, resealing)),
        (
            "words of rewritten originals",
            lambda of_home, _, __: in_rewritten(of_home.path, resealing),
        ),
    )


def _wait_for_the_latest(home: HomeToReseal, change: KeyChange) -> None:
    """Wait until what was sealed with the old key before it changed is written."""
    if not home.portal.is_there:
        return
    gone = (datetime.now(UTC) - datetime.fromisoformat(change.begun_at)).total_seconds()
    # By a clock that went back it would be for ever.
    time.sleep(min(max(0.0, home.latest_seconds - gone), home.latest_seconds))


def _ended(home: HomeToReseal, keys: HomeKeys, change: KeyChange) -> KeyChange:
    if change.pupil_keys:
        forget_portal_mark(home.portal)
    change.ended_at = _moment()
    change.keep(home.path, keys)
    return change


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
