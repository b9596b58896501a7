"""The portal's database, read only: what was recorded, without texts and without who wrote it.

Its other tables too, for an operator who asks (`portal/accesses.py`).

A SQLite file in the home, or a Postgres database that the portal is set to. Nothing here knows the
portal's code; a test compares the columns with its models. Not here: what becomes of the rows
(`bringing.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from assets.follow_up.kinds import ACT, ACTS, BROUGHT, NO_ACTS
from assets.lake.catalog.read_only import address_to_read
from rules.errors import TrappanError

if TYPE_CHECKING:
    from sqlalchemy import Engine

EVENTS = "portal_event"
#: What is read of an event. Never its text, its author, or its name in addresses.
COLUMNS = (
    "id",
    "pupil_key",
    "school_unit_code",
    "kind",
    "value",
    "on_date",
    "role",
    "recorded_at",
    "withdraws_id",
)
_SCHEMES = {"postgresql", "postgres"}
_WAIT_SECONDS = 10
_CODE_LENGTH = 8


class PortalAwayError(TrappanError):
    """The portal's database can't be read now; the message says why, and never its address."""


def database_file(home: Path) -> Path:
    """Return where the portal keeps its database when it is set to no other."""
    return home / "portal" / "portal.sqlite"


@dataclass(frozen=True)
class BroughtEvent:
    """An event as it comes into the lake.

    Attributes:
        event_number: orders events.
        pupil_key: the key under which it was recorded.
        school_unit_code: where the pupil was then.
        kind, value, on_date: what was recorded; of an `act` nothing more.
        role: as what somebody recorded it; "" of an `act`.
        recorded_at: when, UTC.
    """

    event_number: int
    pupil_key: UUID
    school_unit_code: str
    kind: str
    value: str
    on_date: date | None
    role: str
    recorded_at: datetime


@dataclass(frozen=True)
class Recorded:
    """What the portal has, sorted out: rows read = events + withdrawn + no acts + refused.

    Attributes:
        events: that come into the lake.
        withdrawn: that somebody took back.
        no_acts: that stop no clock, as a withdrawal itself.
        refused: that are not as expected.
    """

    events: tuple[BroughtEvent, ...]
    withdrawn: int
    no_acts: int
    refused: int

    @property
    def rows_read(self) -> int:
        """All of them."""
        return len(self.events) + self.withdrawn + self.no_acts + self.refused


@dataclass(frozen=True)
class PortalDatabase:
    """Where the portal of a home keeps what is recorded.

    Attributes:
        home: the home.
        address: of a Postgres database, as TRAPPAN_PORTAL_DATABASE has it; "" for the home's file.
    """

    home: Path
    address: str = field(default="", repr=False)

    @property
    def is_there(self) -> bool:
        """Whether the home has a portal."""
        return bool(self.address) or database_file(self.home).exists()

    def recorded(self) -> Recorded:
        """Read all of it.

        Raises:
            PortalAwayError: it does not answer, is locked, or is not of this version.
        """
        return sort_out(self.rows(EVENTS, COLUMNS, "ORDER BY id"))

    def rows(
        self, table: str, columns: Sequence[str], rest: str = "", **values: object
    ) -> list[tuple[Any, ...]]:
        """Return rows of one of its tables.

        Args:
            table: its name.
            columns: their names.
            rest: of the SELECT, after FROM; `:name` for each of the values.
            values: by name.

        Raises:
            PortalAwayError: it does not answer, is locked, or is not of this version.
        """
        # A third of a second, and nobody but the night and an operator asks.
        from sqlalchemy import inspect, text  # noqa: PLC0415
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        # Where there is none, opening it would not make one: the file is opened to read only.
        if not self.is_there:
            raise PortalAwayError(
                f"{database_file(self.home)} is gone. Restore it from the backup."
            )
        try:
            engine = self.engine()
        except ImportError:
            raise PortalAwayError(
                "TRAPPAN_PORTAL_DATABASE is a Postgres database, and the package that speaks with "
                'one is not installed. Run: pip install "franvarotrappan[scale-out]"'
            ) from None
        select = f"SELECT {', '.join(columns)} FROM {table} {rest}"
        try:
            with engine.connect() as connection:
                missing = _missing(inspect(connection), table, columns)
                if missing:
                    raise PortalAwayError(
                        f"The portal's database has no {missing}. Expected one that this version's "
                        "portal made: start it once with `trappan portal`, which brings it up to "
                        "date."
                    )
                return [tuple(row) for row in connection.execute(text(select), values)]
        except SQLAlchemyError as error:
            # Not its words: they quote the address, which has a password.
            original = type(getattr(error, "orig", None) or error).__name__
            raise PortalAwayError(
                f"The portal's database does not answer, or is locked ({original})."
            ) from None
        finally:
            engine.dispose()

    def engine(self, *, may_write: bool = False) -> Engine:
        """Return a way to it; to read only, but for who takes an erased pupil out of it.

        Raises:
            PortalAwayError: its address is none.
            ImportError: the package for Postgres is not installed.
        """
        from sqlalchemy import create_engine, make_url  # noqa: PLC0415
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        if not self.address:
            path = database_file(self.home)
            file = f"file:{quote(str(path))}?mode=rw" if may_write else address_to_read(path)

            def connect() -> sqlite3.Connection:
                return sqlite3.connect(file, uri=True, timeout=_WAIT_SECONDS)

            return create_engine("sqlite://", creator=connect)
        wrong = PortalAwayError(
            "TRAPPAN_PORTAL_DATABASE is not the address of a Postgres database. Expected "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME."
        )
        try:
            if urlsplit(self.address).scheme not in _SCHEMES:
                raise wrong
            url = make_url(self.address).set(drivername="postgresql+psycopg")
        except (ValueError, ArgumentError):
            # Their words quote the address.
            raise wrong from None
        return create_engine(
            url,
            connect_args={"connect_timeout": _WAIT_SECONDS},
            isolation_level="REPEATABLE READ",
            execution_options={} if may_write else {"postgresql_readonly": True},
        )


def _missing(inspector: Any, table: str, columns: Sequence[str]) -> str:
    """Name the table or the columns that are not there; "" for none."""
    if not inspector.has_table(table):
        return f"table {table}"
    present = {column["name"] for column in inspector.get_columns(table)}
    lacking = [name for name in columns if name not in present]
    return f"column {', '.join(lacking)} in {table}" if lacking else ""


def sort_out(rows: Sequence[tuple[Any, ...]]) -> Recorded:
    """Return what of the portal's rows comes into the lake.

    Args:
        rows: with the values of `COLUMNS`, as a database gives them.
    """
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    taken_back = {row["withdraws_id"] for row in named} - {None}
    events: list[BroughtEvent] = []
    withdrawn = no_acts = refused = 0
    for row in named:
        if row["id"] in taken_back:
            withdrawn += 1
        elif row["kind"] in NO_ACTS:
            no_acts += 1
        else:
            try:
                events.append(_brought(row))
            except (TypeError, ValueError, AttributeError):
                refused += 1
    return Recorded(tuple(events), withdrawn, no_acts, refused)


def _brought(row: dict[str, Any]) -> BroughtEvent:
    """Return an event; of what stays in the portal only that it was done, and when.

    Raises:
        ValueError: the row is not as the portal writes it.
    """
    kind, code = row["kind"], row["school_unit_code"]
    if kind not in ACTS - {ACT} or len(code) != _CODE_LENGTH or not code.isdecimal():
        raise ValueError("a kind or a school unit that is none")
    # What a team plans is of its case: a date of its own on a list would say that there is one.
    is_whole = kind in BROUGHT and row["role"] != "team"
    return BroughtEvent(
        event_number=int(row["id"]),
        pupil_key=UUID(row["pupil_key"]),
        school_unit_code=code,
        kind=kind if is_whole else ACT,
        value=str(row["value"]) if is_whole else "",
        on_date=_day(row["on_date"]) if is_whole else None,
        role=str(row["role"]) if is_whole else "",
        recorded_at=_moment(row["recorded_at"]),
    )


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | str) -> datetime:
    """A moment in UTC, without its zone: SQLite has a text of it, Postgres a moment."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
