"""Every asset, schedule and sensor says what it is, whose it is, and how fresh it has to be."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

from assets.lake.tables import TABLE_NAMES, TABLES
from pipelines.asset_facts import DAYS, OWNER, columns_of
from pipelines.definitions import defs
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS

SPECS = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
#: Files and lists, and what is spread over tables of other names.
NO_TABLES = {
    *("pulled_files", "current_watchlists", "weekly_watchlists", "delivered_lists", "follow_up"),
    *("maintained_lake", "erasure_drill", "retained_home"),
}


@pytest.mark.parametrize("name", sorted(SPECS))
def test_an_asset_has_an_owner_a_description_and_a_freshness(name: str) -> None:
    spec = SPECS[name]
    assert list(spec.owners) == [OWNER]
    assert (spec.description or "").endswith(".")
    policy = spec.freshness_policy
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    hours = policy.fail_window.to_timedelta() / timedelta(hours=1)
    assert hours == 24 * DAYS[name] if name in DAYS else 26


def test_every_asset_is_a_table_or_known_to_be_none() -> None:
    assert len(SPECS) > 40
    assert {name for name in SPECS if name not in TABLE_NAMES} == NO_TABLES


@pytest.mark.parametrize("name", sorted(SPECS.keys() & set(TABLE_NAMES)))
def test_a_table_shows_the_columns_of_the_data_dictionary(name: str) -> None:
    (table,) = [one for one in TABLES if one.name == name]
    schema = SPECS[name].metadata["dagster/column_schema"]
    shown = schema.schema if isinstance(schema, dg.TableSchemaMetadataValue) else schema
    assert isinstance(shown, dg.TableSchema)
    assert shown == columns_of(table)
    assert [(c.name, c.type, c.constraints.nullable) for c in shown.columns] == [
        (c.name, c.type, bool(c.null)) for c in table.columns
    ]
    assert all(column.description for column in shown.columns)


@pytest.mark.parametrize("one", [*SCHEDULES, *SENSORS], ids=lambda one: one.name)
def test_a_schedule_or_sensor_says_in_a_sentence_what_it_does(
    one: dg.ScheduleDefinition | dg.SensorDefinition,
) -> None:
    words = one.description or ""
    assert words.endswith(".")
    assert len(words.split()) > 8


def test_what_is_tried_here_is_all_that_the_code_location_has() -> None:
    repository = defs.get_repository_def()
    assert {one.name for one in repository.schedule_defs} == {one.name for one in SCHEDULES}
    assert {one.name for one in repository.sensor_defs} == {one.name for one in SENSORS}
