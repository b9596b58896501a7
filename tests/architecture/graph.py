"""The code location as plain data: what `graph.json` holds and a test compares.

A change of an asset, a dependency, a job, a schedule or a check shows as a change of that file.
To write it again: `python -m tests.architecture.graph`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg

SNAPSHOT = Path(__file__).resolve().with_name("graph.json")


def graph_of(definitions: dg.Definitions) -> dict[str, Any]:
    """Return assets, checks, jobs, schedules and sensors of a code location."""
    assets = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    checks = [assets.get_check_spec(key) for key in assets.asset_check_keys]
    jobs = [definitions.resolve_job_def(name) for name in repository.job_names if name[0] != "_"]
    return {
        "assets": {
            key.to_user_string(): {
                "group": assets.get(key).group_name,
                "deps": sorted(parent.to_user_string() for parent in assets.get(key).parent_keys),
                "partitions": _partitions(assets.get(key).partitions_def),
            }
            for key in sorted(assets.get_all_asset_keys())
        },
        "checks": {
            f"{check.asset_key.to_user_string()}:{check.name}": {"is_blocking": check.blocking}
            for check in sorted(checks, key=lambda check: (check.asset_key, check.name))
        },
        "jobs": {
            job.name: {
                "assets": sorted(
                    key.to_user_string() for key in job.asset_layer.selected_asset_keys
                ),
                "checks": sorted(
                    f"{key.asset_key.to_user_string()}:{key.name}"
                    for key in job.asset_layer.asset_graph.asset_check_keys
                ),
                "executor": job.executor_def.name,
                "tags": dict(job.tags),
            }
            for job in sorted(jobs, key=lambda job: job.name)
        },
        "schedules": {
            schedule.name: {
                "job": schedule.job_name,
                "cron": schedule.cron_schedule,
                "timezone": schedule.execution_timezone,
                "status": schedule.default_status.value,
            }
            for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name)
        },
        "sensors": {
            sensor.name: {
                "jobs": sorted(target.job_name for target in sensor.targets),
                "minimum_interval_seconds": sensor.minimum_interval_seconds,
                "status": sensor.default_status.value,
            }
            for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name)
        },
        "resources": sorted(repository.get_top_level_resources()),
    }


def _partitions(definition: dg.PartitionsDefinition[str] | None) -> str | None:
    """Return kind, start and time zone of partitions, but no end: that one moves."""
    if not isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return None if definition is None else type(definition).__name__
    return f"{definition.cron_schedule} from {definition.start.date()}, {definition.timezone}"


def as_text(graph: dict[str, Any]) -> str:
    """Return the graph as `graph.json` holds it."""
    return json.dumps(graph, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from pipelines.definitions import defs

    SNAPSHOT.write_text(as_text(graph_of(defs)), encoding="utf-8")
