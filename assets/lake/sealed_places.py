"""Where sealed values stand, and what each of them is bound to.

A sealed value opens at the place that it was sealed for, and nowhere else: the name of table and
column, and the columns of the row that say whose value it is, are part of its seal. A test holds
this list against the data dictionary. Not here: how a value is sealed (`encryption.py`), who looks
over what is stored (`exports/sealed_values.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


# Each is one object: a night looks up its cipher some hundred thousand times.
@dataclass(frozen=True, eq=False)
class SealedPlace:
    """One column of sealed values.

    Attributes:
        table: of the lake; or what else holds it (`list`, `delivery`).
        column: the column, or file.
        bound_to: columns of the row that every value is bound to, in this order.
    """

    table: str
    column: str
    bound_to: tuple[str, ...]

    @cached_property
    def name(self) -> str:
        """What the place is called: in a seal, in the name of its key, and in a report."""
        return f"{self.table}.{self.column}"

    def binding(self, *of_row: object) -> bytes:
        """Return what a value of a row is bound to, as bytes.

        Args:
            of_row: the values of `bound_to`; UUIDs may be text, and null is nothing.

        Raises:
            ValueError: another number of them: the seal would say less than it should.
        """
        if len(of_row) != len(self.bound_to):
            raise ValueError(f"a value of {self.name} is bound to {', '.join(self.bound_to)}")
        text = self.name
        for part in of_row:
            cell = "" if part is None else str(part)
            # Its length before each part, so that no two rows have one binding.
            text += f"\x1f{len(cell)}:{cell}"
        return text.encode()


FILE_NAME = SealedPlace(
    "files",
    "sealed_name",
    # Not to the outcome: a file that is revoked gets another.
    ("file_id", "file_sha256", "sender", "modified_at", "received_at"),
)
HELD_NAME = SealedPlace("held_files", "sealed_name", ("path_key",))
REFUSED_ROW = SealedPlace("row_problems", "sealed_row", ("file_id", "line_number", "code"))
IDENTITY = SealedPlace("identities", "sealed", ("content_key",))
STAFF = SealedPlace("staff", "sealed", ("staff_key",))
PERSON = SealedPlace("ss12000_persons", "sealed", ("person_key", "content_key"))
PERSON_AS_STAFF = SealedPlace("ss12000_persons", "sealed_staff", ("person_key", "staff_key"))
#: Not of the lake: the list as data beside its files, and whom delivery's log says a list names.
LIST = SealedPlace("list", "sealed", ("school_unit_code", "period"))
LISTED = SealedPlace("delivery", "sealed_pupils", ("list_key",))
#: Of files of the home: the secret of the hashes of erased pupils, and an erasure that goes on.
ERASURE_SECRET = SealedPlace("erasures", "secret", ())
ERASURE = SealedPlace("erasures", "unfinished", ("erasure",))

#: Of the portal's database, which is made by a layer above; a test compares them with its models.
PERSON_ADDRESS = SealedPlace("portal_person", "sealed_address", ("key",))
EVENT_TEXT = SealedPlace("portal_event", "sealed_text", ("public_id", "pupil_key", "kind"))
RECEIVER_ADDRESS = SealedPlace("portal_delegation", "sealed_receiver", ("public_id",))
DELEGATION_PURPOSE = SealedPlace("portal_delegation", "sealed_purpose", ("public_id",))
SEALED_IN_PORTAL = (PERSON_ADDRESS, EVENT_TEXT, RECEIVER_ADDRESS, DELEGATION_PURPOSE)

#: Those that are columns of the lake.
SEALED_COLUMNS = (
    FILE_NAME,
    HELD_NAME,
    REFUSED_ROW,
    IDENTITY,
    STAFF,
    PERSON,
    PERSON_AS_STAFF,
)
