"""The resources of SS12000 that are kept: their tables, their parts, and in which order they come.

Not here: what is read of their objects (`shapes.yaml`), what the cells mean (`sql/exports/`).
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.exports.readers.layouts import OBJECT_LAYOUTS
from assets.lake.tables import columns_of

#: Columns that say when a word was said, not what.
STAMP = ("stated_at", "exported_at", "file_id")
# A seal differs each time; the key of what is sealed stands beside it, and knows the number. Whose
# the number is today is not said by the object.
_NO_CONTENT = frozenset(
    (*STAMP, "content_hash", "sealed", "sealed_staff", "pupil_key", "number_key")
)


@dataclass(frozen=True)
class NestedList:
    """A list within the objects of a resource, with a table of its own.

    Attributes:
        table: of the lake.
        select: the file of `sql/exports/` that makes its rows.
    """

    table: str
    select: str

    @property
    def staged(self) -> str:
        """The temporary table of its rows."""
        return self.select.rpartition("/")[2]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its table."""
        return columns_of(self.table)


@dataclass(frozen=True)
class Resource:
    """A resource whose newest words are kept.

    Attributes:
        name: as SS12000 has it.
        table: of the lake.
        key: the column that names an object.
        select: the file of `sql/exports/` that makes its rows.
        part: a list within its objects.
    """

    name: str
    table: str
    key: str
    select: str
    part: NestedList | None = None

    @property
    def kind(self) -> str:
        """The kind of its files, and their layout in the ledger."""
        return f"{OBJECT_LAYOUTS}_{self.name}"

    @property
    def staged(self) -> str:
        """The temporary table of its rows."""
        return self.select.rpartition("/")[2]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its table."""
        return columns_of(self.table)

    @property
    def content(self) -> tuple[str, ...]:
        """The columns that say something of the object."""
        return tuple(name for name in self.columns if name not in _NO_CONTENT)

    @property
    def has_hash(self) -> bool:
        """Whether it is reported if an object's content changed; else every word counts as new."""
        return "content_hash" in self.columns


#: In the order in which they are taken, so that what refers to something mostly finds it.
RESOURCES = (
    Resource(
        "organisations",
        "ss12000_organisations",
        "organisation_key",
        "exports/staged_organisations",
    ),
    Resource(
        "persons",
        "ss12000_persons",
        "person_key",
        "exports/staged_persons",
        NestedList("ss12000_enrolments", "exports/staged_person_enrolments"),
    ),
    Resource(
        "groups",
        "ss12000_groups",
        "group_key",
        "exports/staged_groups",
        NestedList("ss12000_members", "exports/staged_group_members"),
    ),
    Resource(
        "activities",
        "ss12000_activities",
        "activity_key",
        "exports/staged_activities",
    ),
    Resource(
        "duties",
        "ss12000_duties",
        "duty_key",
        "exports/staged_duties",
        NestedList("ss12000_roles", "exports/staged_duty_roles"),
    ),
    Resource(
        "calendarEvents",
        "ss12000_events",
        "event_key",
        "exports/staged_events",
        NestedList("ss12000_exceptions", "exports/staged_event_exceptions"),
    ),
    Resource("attendances", "ss12000_attendances", "attendance_key", "exports/staged_attendances"),
)
#: Which objects were taken away: ids only, of any resource.
DELETIONS = Resource(
    "deletedEntities",
    "ss12000_deletions",
    "object_key",
    "exports/staged_deletions",
)
BY_NAME = {resource.name: resource for resource in RESOURCES}
BY_KIND = {resource.kind: resource for resource in RESOURCES}
#: A file without an object says nothing of any resource.
EMPTY_KIND = f"{OBJECT_LAYOUTS}_empty"
AGGREGATES = "aggregatedAttendance"
AGGREGATES_KIND = "ss12000_aggregated_attendance"
#: Deletions last: then fewer of them meet nothing. What they do does not depend on it.
KINDS = (EMPTY_KIND, *BY_KIND, DELETIONS.kind)
