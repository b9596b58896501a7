"""What a grade's text means, by the formats' section 6; without the project's code."""

from __future__ import annotations

LETTERS = "abcdefghijklmnopqrstuvwxyzåäö"
NUMBERED = ("", "åk", "år", "årskurs")
PRESCHOOL = ("f", "fk", "fsk", "fkl", "f-klass", "fklass", "f klass", "0-klass", "0klass",
             "0 klass", "förskoleklass", "förskole-klass", "förskole klass")  # fmt: skip


def grade_of(text: str) -> tuple[int | None, bool]:
    """The grade 0-9, or None; and whether a letter was left over."""
    word = text.strip(" ").lower()
    for prefix in NUMBERED:
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :].lstrip(" .:")
        if rest in PRESCHOOL:
            return 0, False
        grade, left_over = _digit(rest)
        if grade is not None:
            return grade, left_over
    return None, False


def _digit(rest: str) -> tuple[int | None, bool]:
    is_left_over = bool(rest) and rest[-1] in LETTERS
    if is_left_over:
        rest = rest[:-1]
        rest = rest[:-1] if rest[-1:] in {" ", "-"} else rest
    for mark in ".,":
        whole, point, zeros = rest.partition(mark)
        if point and zeros and not zeros.strip("0"):
            rest = whole
    if len(rest) == 2 and rest[0] == "0":
        rest = rest[1:]
    return (int(rest), is_left_over) if len(rest) == 1 and rest in "0123456789" else (None, False)
