"""Hundreds of nights killed at moments of chance: one clean night after them, and all is well."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import statistics
import time
from collections import Counter
from pathlib import Path

from rules.personal_data import places_of
from tests.integration.conftest import trappan
from tests.long.small_nights import (
    SCENES,
    State,
    copied,
    difference,
    night,
    prepared,
    state_of,
    without_keys,
)
from tests.ready_processes import ready_commands

KILLS = int(os.environ.get("TRAPPAN_KILLS", "210"))
SEED = int(os.environ.get("TRAPPAN_KILLS_SEED", secrets.randbits(32)))
#: A home is killed so often before its clean night.
_FEWEST, _MOST = 6, 18
#: Where files are made that go with the process, or with the next one.
_PASSING = frozenset({"spool", "spill"})


def test_nights_killed_at_any_moment_end_as_one_clean_night(tmp_path: Path) -> None:
    print(f"TRAPPAN_KILLS_SEED={SEED}")
    chance = random.Random(SEED)  # noqa: S311 - nothing secret is drawn
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    with ready_commands(tmp_path / "commands.log") as commands:
        homes = {scene: prepared(tmp_path / scene, commands, scene) for scene in SCENES}
        clean: dict[str, State] = {}
        seconds: dict[str, float] = {}
        for scene, home in homes.items():
            end = copied(home, tmp_path / f"{scene}_clean")
            start = time.monotonic()
            ended = commands.run(*night(end))
            seconds[scene] = time.monotonic() - start
            assert ended.status == 0, commands.log.read_text(errors="replace")[-3000:]
            clean[scene] = state_of(end)
        assert all(clean["later"][table] for table in ("follow_up_events", "pupil_merges"))
        rounds = 0
        while counts["killed"] < KILLS:
            scene = SCENES[rounds % len(SCENES)]
            rounds += 1
            home = copied(homes[scene], tmp_path / f"round_{rounds}")
            moments: list[str] = []
            longest = seconds[scene]
            for _ in range(chance.randint(_FEWEST, _MOST)):
                after = chance.uniform(0, 1.1 * longest)
                with_children = chance.random() < 0.75
                start = time.monotonic()
                ended = commands.run_for(after, *night(home), with_children=with_children)
                if not ended.was_killed:
                    # When all is made a night takes less; and machines are not always as busy.
                    longest = time.monotonic() - start
                    if not moments:
                        seconds[scene] = longest
                what = "killed" if ended.was_killed else f"ended before it with {ended.status}"
                counts[what] += 1
                moments.append(f"{after:.2f} s {'all' if with_children else 'one'}: {what}")
            where = f"seed {SEED}, round {rounds}, {scene}: {'; '.join(moments)}"
            ended = commands.run(*night(home))
            assert ended.status == 0, (where, commands.log.read_text(errors="replace")[-3000:])
            found = state_of(home)
            if scene == "new":
                # A home that was never begun makes a key of its own.
                assert difference(without_keys(found), without_keys(clean[scene])) == {}, where
            else:
                assert difference(found, clean[scene]) == {}, where
            assert left_behind(home) == [], where
            verified = trappan("--home", home, "verify")
            assert verified.status == 0, (where, verified.out)
            shutil.rmtree(home.parent)
            minutes = (time.monotonic() - begun) / 60
            print(f"{minutes:.1f} minutes: {dict(counts)} in {rounds} homes", flush=True)
    # Nights that came through were too quick for their kill; else something ended by itself.
    assert set(counts) <= {"killed", "ended before it with 0"}
    middle = statistics.median(seconds.values())
    print(
        f"{counts['killed']} kills in {rounds} homes, {counts.total() - counts['killed']} came too "
        f"late; a clean night takes {middle:.1f} s; {(time.monotonic() - begun) / 60:.0f} minutes"
    )


def left_behind(home: Path) -> list[str]:
    """Return the files that no registered place has, or that should have gone with a process."""
    found = []
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            below = path.relative_to(home).as_posix()
            places = {place.name for place in places_of(below)}
            if len(places) != 1 or places & _PASSING:
                found.append(below)
    return found
