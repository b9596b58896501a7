"""What Dagster's pages say of every asset: who looks after it, its columns, how fresh it has to be.

Columns are those of the data dictionary, so that they are written once. Freshness is that of
`trappan status`: a night a day. Not here: what an asset is and when it is made (`assets.py` of its
stage, `schedules.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from assets.lake.schema import Table
from assets.lake.tables import TABLE_NAMES, table_named
from assets.upkeep.reporting.standing import MOST_HOURS

#: Who is asked about an asset; a team, because people come and go.
OWNER = "team:operators"
#: Dagster's own name for it.
_COLUMNS = "dagster/column_schema"
#: Made once a week or a month, so many days before they are missed; all else every night.
DAYS = {"weekly_watchlists": 8, "maintained_lake": 8, "erasure_drill": 33, "retained_home": 33}


def with_facts(
    assets: Sequence[dg.AssetsDefinition],
) -> Sequence[dg.AssetsDefinition]:
    """Return assets with owner, freshness and, where an asset is a table, its columns.

    An asset is known by its key: that of a table is the table's name.
    """
    return dg.map_asset_specs(_with_facts, assets)


def _with_facts(spec: dg.AssetSpec) -> dg.AssetSpec:
    name = spec.key.to_user_string()
    window = timedelta(days=DAYS[name]) if name in DAYS else timedelta(hours=MOST_HOURS)
    policy = dg.FreshnessPolicy.time_window(fail_window=window)
    found = spec.replace_attributes(owners=[OWNER], freshness_policy=policy)
    if name not in TABLE_NAMES:
        return found
    return found.merge_attributes(metadata={_COLUMNS: columns_of(table_named(name))})


def columns_of(table: Table) -> dg.TableSchema:
    """Return a table's columns as Dagster shows them, with what null means."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=f"{column.meaning} Null: {column.null}."
                if column.null
                else column.meaning,
                constraints=dg.TableColumnConstraints(nullable=bool(column.null)),
            )
            for column in table.columns
        ]
    )
