"""What is said of a place where personal data lies: the words of the registry, and their form.

Not here: which places there are (`personal_data.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

How = Literal["clear", "sealed", "values sealed", "keys only", "key", "nobody"]
Fault = Literal["flipped", "cut", "gone"]
NOT_YET = "not yet"
#: What `trappan rotate-key` does; more words may follow. What is refused must be ended or removed.
SEALED_AGAIN, STAYS, REFUSED = "sealed again", "stays as it is", "refused while one lies there"
#: What `trappan backup` does with the files of a place; of those outside the home it says who does.
AS_IT_LIES, ENCRYPTED, APART, NEVER = "as it lies", "encrypted", "apart from the home", "never"
#: A bit flipped where anything is read of a file, a file cut short, a file gone.
EVERY_BIT: tuple[Fault, ...] = ("flipped", "cut", "gone")


@dataclass(frozen=True)
class Store:
    """A place where personal data lies, or a part of the home where none does.

    Attributes:
        name: of the place; one word or two.
        pattern: its files below the home, as a regular expression of the whole path; "" outside.
        shown: where it is, for people.
        what: what of whom.
        how: how it lies there.
        readers: who reads it.
        backup: what copies it; one of the four words above for a place in the home.
        erasure: what takes one pupil out.
        retention: when it goes by itself.
        rotation: what a new key does to it.
        noticed: faults of its files that `trappan verify` notices, and names the file.
    """

    name: str
    pattern: str
    shown: str
    what: str
    how: How
    readers: str
    backup: str = ENCRYPTED
    erasure: str = NOT_YET
    retention: str = NOT_YET
    rotation: str = "-"
    noticed: tuple[Fault, ...] = ()
