"""Texts in which several of our columns stand: `08.20-09.20`, `Öberg, Åsa (20120314-9800)`.

A form names its parts, `{start_time}-{end_time}`, and what stands between them. A text that could
be taken apart in two ways is not taken apart. Not here: which cells have a form (`layout_keys.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_PART = re.compile(r"\{([a-z_]+)\}")
_DASHES = "-–—"
# What a part can be, where it is no free text. Else "2026-10-05 08:20-09:20 Idrott och hälsa" could
# be taken apart in several ways.
_DAY = r"\d{1,4}(?:[-/.]?\d{1,2}){1,2}"
_CLOCK = r"\d{1,2}[:.]?\d{2}(?:[:.]\d{2})?"
_PATTERNS = {
    "lesson_date": _DAY,
    "first_date": _DAY,
    "last_date": _DAY,
    "start_time": _CLOCK,
    "end_time": _CLOCK,
    "civic_no": r"\d{6,8} ?[-+–—]? ?[0-9A-Za-z]{4}",
    "school_unit_code": r"\d{5,8}",
    "grade": r"\w+",
}
_NUMBER = r"[-–—]|-?\d[\d.,:]*"


@dataclass(frozen=True)
class Form:
    """The form of a text.

    Attributes:
        text: as a layout says it.
    """

    text: str

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts, in their order."""
        return tuple(_PART.findall(self.text))

    def check(self) -> None:
        """Look that it is one.

        Raises:
            ValueError: it has no part, one twice, or two with nothing between them.
        """
        between = [text for place, text in enumerate(_PART.split(self.text)) if place % 2 == 0]
        if not self.parts:
            raise ValueError(f"'{self.text}' names no part. Expected one such as '{{subject}}'")
        if len(set(self.parts)) < len(self.parts):
            raise ValueError(f"'{self.text}' has a part twice")
        if any(not text for text in between[1:-1]):
            raise ValueError(f"'{self.text}' has two parts with nothing between them")
        if any(mark in text for text in between for mark in "{}"):
            raise ValueError(f"'{self.text}' has a brace that opens or closes no part")

    @cached_property
    def opening(self) -> str:
        """What stands before its first part, without case."""
        return " ".join(self.text.partition("{")[0].split()).casefold()

    def taken_apart(self, text: str) -> dict[str, str] | None:
        """Return a text's parts by name; None when it has another form, or could be two things."""
        words = " ".join(text.split())
        readings = [_stripped(pattern.fullmatch(words)) for pattern in self._patterns]
        return readings[0] if readings[0] == readings[1] else None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """The form read with each part as short as can be, and as long."""
        shortest = longest = ""
        for place, text in enumerate(_PART.split(self.text)):
            if place % 2 == 0:
                shortest += _literal(text)
                longest += _literal(text)
                continue
            typed = _NUMBER if text.endswith("_minutes") else _PATTERNS.get(text)
            shortest += f"(?P<{text}>{typed or '[^ ].*?'})"
            longest += f"(?P<{text}>{typed or '[^ ].*'})"
        return re.compile(shortest, re.IGNORECASE), re.compile(longest, re.IGNORECASE)


def _stripped(found: re.Match[str] | None) -> dict[str, str] | None:
    return found and {name: part.strip() for name, part in found.groupdict().items()}


def _literal(text: str) -> str:
    """Return the pattern of what stands between two parts; blanks around signs may be missing."""
    if not text:
        return ""
    if not text.strip():
        return " +"
    words = (
        "".join(f"[{_DASHES}]" if sign in _DASHES else re.escape(sign) for sign in word)
        for word in text.split()
    )
    return f" *{' +'.join(words)} *"
