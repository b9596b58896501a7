"""Views of SS12000 objects that were not taken away at the source.

A deletion takes an object away while it is not older than the newest word about it. Not here: where
deletions come from (`batch.py`).
"""

from __future__ import annotations

from weakref import WeakSet

from assets.exports.ss12000.resources import RESOURCES, Resource
from assets.lake.connection import Lake

_DELETED = "SELECT object_key, stated_at FROM ss12000_deletions WHERE resource_name = "
#: A school unit that was taken away stays: lessons that were held say their school by it.
STAYS = frozenset({"organisations"})
_DEFINED: WeakSet[Lake] = WeakSet()


def define_living(lake: Lake) -> None:
    """Make the views `living_…`, one for each table that SELECTs read so, once per connection."""
    if lake in _DEFINED:
        return
    _DEFINED.add(lake)
    connection = lake.connection
    for resource in RESOURCES:
        if resource.name in STAYS:
            continue
        key = resource.key
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {living(resource.table)} AS SELECT words.* FROM "
            f"{resource.table} AS words ANTI JOIN ({_DELETED} '{resource.name}') AS deletions "
            f"ON words.{key} = deletions.object_key AND deletions.stated_at >= words.stated_at"
        )
        if resource.part and resource.name == "persons":
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {living(resource.part.table)} AS SELECT parts.* FROM "
                f"{resource.part.table} AS parts ANTI JOIN ({deleted_keys(resource)}) AS gone "
                f"USING ({key})"
            )


def living(table: str) -> str:
    """Return the name of a table's view."""
    return table.replace("ss12000_", "living_", 1)


def deleted_keys(resource: Resource) -> str:
    """Return a SELECT of the keys of a resource's objects that were taken away."""
    return (
        f"SELECT words.{resource.key} FROM {resource.table} AS words "
        f"SEMI JOIN ({_DELETED} '{resource.name}') AS deletions "
        f"ON words.{resource.key} = deletions.object_key AND deletions.stated_at >= words.stated_at"
    )
