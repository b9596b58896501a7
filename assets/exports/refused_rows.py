"""The cells of refused rows, opened for a person: in clear only where nobody is protected.

A refused row is whole in the lake, sealed. It is shown in clear when it has a readable identity
number, no source says that this pupil is protected, and the row itself says nothing of protection.
All else is shown as a pattern: a number with a slip of the pen can be anybody's.

Not here: which rows were refused and why (`ledger.py`).
"""

from __future__ import annotations

from assets.exports.identity_numbers import read_identity_number
from assets.exports.merges import known_merges, merged
from assets.exports.possible_numbers import short_form
from assets.exports.reasons import pattern
from assets.lake import Lake
from assets.sealing import Sealer

_MARKS = ("sekr", "skyd", "folkb", "protect")


class RowOpener:
    """Opens refused rows of one lake."""

    def __init__(self, lake: Lake, sealer: Sealer) -> None:
        self._sealer = sealer
        self._merged = merged(known_merges(lake)).keys
        self._protected = {
            key
            for (key,) in lake.rows(
                "SELECT pupil_key FROM protected_pupils UNION "
                # Also whoever is marked and was met in no row that was taken.
                "SELECT reference_key FROM protection_words WHERE is_protected "
                "AND reference_key NOT IN (SELECT reference_key FROM pupil_references)"
            )
        }

    def shown(self, sealed: bytes | None) -> str:
        """Return a row's cells joined by ` | `; as a pattern where somebody may be protected."""
        if sealed is None:
            return ""
        cells = self._sealer.unseal(sealed)["row"].split("\x1f")
        if not self._may_be_shown(cells):
            cells = [pattern(cell) for cell in cells]
        return " | ".join(cells)

    def may_be_shown(self, sealed: bytes | None) -> bool:
        """Whether a row's cells may be shown in clear; a warning has none."""
        return sealed is None or self._may_be_shown(
            self._sealer.unseal(sealed)["row"].split("\x1f")
        )

    def _may_be_shown(self, cells: list[str]) -> bool:
        numbers = [read_identity_number(cell).canonical for cell in cells]
        own = {self._sealer.key("pupil", number) for number in numbers if number}
        own |= {self._sealer.key("short number", short_form(n)) for n in numbers if n}
        # An old number is the pupil of the new one, with that one's protection.
        keys = {self._merged.get(key, key) for key in own}
        is_marked = any(mark in cell.casefold() for cell in cells for mark in _MARKS)
        return bool(keys) and not keys & self._protected and not is_marked
