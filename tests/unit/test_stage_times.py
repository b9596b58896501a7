"""Where a run's time goes: each second is one stage's."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from assets.exports.stage_times import STAGES, StageTimes


def test_of_a_stage_within_another_the_inner_one_has_the_time() -> None:
    times = StageTimes()
    with times.of("reading"):
        time.sleep(0.02)
        with times.of("keying"):
            time.sleep(0.2)
        time.sleep(0.02)
    seconds = times.seconds()
    assert 0.03 <= seconds["reading"] < 0.2 <= seconds["keying"]


def test_whatever_is_done_for_rosters_is_theirs() -> None:
    times = StageTimes()
    with times.of("rosters"), times.of("keying"):
        time.sleep(0.05)
    assert list(times.seconds()) == ["rosters"]


def test_threads_beside_each_other_add_up_in_the_order_of_a_files_way() -> None:
    times = StageTimes()

    def work(stage: str) -> None:
        with times.of(stage):
            time.sleep(0.1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, ["sealing", "hashing", "sealing"]))
    seconds = times.seconds()
    assert list(seconds) == [stage for stage in STAGES if stage in {"hashing", "sealing"}]
    assert seconds["sealing"] >= 0.2


def test_a_stage_that_fails_has_its_time_and_leaves_the_thread() -> None:
    times = StageTimes()
    for _ in range(2):
        with suppress(ZeroDivisionError), times.of("storing"):
            time.sleep(0.02)
            _ = 1 // 0
        time.sleep(0.1)
    assert 0.04 <= times.seconds()["storing"] < 0.1
