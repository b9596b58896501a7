"""Which share of an invented city's pupils stands on a list, week by week, and by season.

`python -m tests.benchmarks.season_shares FOLDER PUPILS SCHOOLS`. Prints a row a season: the least,
middle and greatest share of a school's pupils on one of its weekly lists. It says how the
simulator behaves and nothing of any real school.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.evaluate import levels_at
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from assets.watchlists.curves import season_of
from rules.registry import rule_set_on

FIRST, LAST = date(2025, 8, 18), date(2026, 6, 7)
_SETTLED = timedelta(weeks=4)  # a list in the first weeks has no whole window


def main() -> None:
    """Make the city, look at every Sunday, and print the shares."""
    folder, pupils, schools = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    exports = folder / "exports"
    if not exports.is_dir():
        simulate(SimulationPlan(pupils, schools, FIRST, LAST, 7, exports, columns="basic"))
    shares: dict[str, list[float]] = defaultdict(list)
    with Lake.open(LakeSettings(home=folder / "home")) as lake:
        ingest_paths(lake, [exports])
        refresh_sums(lake)
        sunday = FIRST + _SETTLED + timedelta(days=6 - FIRST.weekday())
        while sunday <= LAST:
            levels = lake.load("levels", levels_at(lake, sunday, rule_set_on("stockholm", sunday)))
            for listed, everyone in lake.rows(
                f"SELECT count(*) FILTER (WHERE coalesce(level, 0) > 0), count(*) FROM belonging "
                f"LEFT JOIN {levels} AS levels ON belonging.pupil_key = levels.pupil_key::UUID "
                "WHERE NOT has_left GROUP BY school_unit_code"
            ):
                shares[season_of(sunday).value].append(listed / everyone)
            sunday += timedelta(weeks=1)
    for season, found in shares.items():
        middle = [f"{share:.1%}" for share in (min(found), median(found), max(found))]
        print(season, len(found), *middle)


if __name__ == "__main__":
    main()
