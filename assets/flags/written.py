"""A step's comparison written out in integers, the same in every language.

`A·10000 = 7 200 000 ≥ 2000·R = 7 200 000`: 2000 is 20 % in hundredths of a percent. Nothing is
divided and nothing rounded, so whoever doubts it can do it by hand. Not here: whether a rule is
hit; that is SQL's (`sql/flags/comparisons.sql`), and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: rate: what was reported; lower: if all else was attended; upper: if all else was missed.
Bound = Literal["rate", "lower", "upper"]
_NAMES: dict[Bound, tuple[str, str]] = {
    "rate": ("A", "R"),
    "lower": ("A", "S"),
    "upper": ("(A + S − R)", "S"),  # a minus sign, as the lists write it
}


@dataclass(frozen=True)
class WrittenComparison:
    """One comparison with its two sides as integers."""

    bound: Bound
    left: int
    right: int
    is_strict: bool

    @property
    def holds(self) -> bool:
        """Whether the step is reached."""
        return self.right > 0 and (self.left > self.right or not (self.is_strict or self._is_less))

    @property
    def _is_less(self) -> bool:
        return self.left < self.right

    def text(self, step: int) -> str:
        """`A·10000 = 7 200 000 ≥ 2000·R = 7 200 000`, with the sign that is true."""
        part, whole = _NAMES[self.bound]
        if self.right == 0:
            return f"{whole} = 0"
        reached, missed = (">", "≤") if self.is_strict else ("≥", "<")
        sign = reached if self.holds else missed
        return f"{part}·10000 = {spaced(self.left)} {sign} {step}·{whole} = {spaced(self.right)}"


def compare(
    bound: Bound, minutes: tuple[int, int, int], step: int, *, is_strict: bool
) -> WrittenComparison:
    """Write one comparison out.

    Args:
        bound: which of the three.
        minutes: scheduled, reported and absent.
        step: hundredths of a percent.
        is_strict: over, not at least.
    """
    scheduled, reported, absent = minutes
    part = absent + scheduled - reported if bound == "upper" else absent
    whole = reported if bound == "rate" else scheduled
    return WrittenComparison(bound, part * 10000, step * whole, is_strict)


def minutes_to_turn(
    parts: Sequence[tuple[int, int, int]], step: int, *, is_strict: bool
) -> tuple[int, ...] | None:
    """How far from the step it is, in whole minutes of the reported time.

    To be *over* 10 % takes a minute more than to be *at* it, which the margin, a difference to the
    step itself, does not show.

    Args:
        parts: scheduled, reported and absent minutes of the window, or of each half that must
            reach the step.
        step: hundredths of a percent.
        is_strict: over, not at least.

    Returns:
        Not reached: for each part the minutes that must turn from presence to absence, 0 where it
        is reached. Reached: a single number, the least absent minutes of a part that must turn to
        presence for it to be reached no more. None where a part has nothing reported.
    """
    if any(not reported for _, reported, _ in parts):
        return None
    lacking = []
    for _, reported, absent in parts:
        limit = step * reported
        least = limit // 10000 + 1 if is_strict else -(-limit // 10000)
        lacking.append(least - absent)
    if max(lacking) > 0:
        return tuple(max(lack, 0) for lack in lacking)
    return (min(1 - lack for lack in lacking),)


def spaced(number: int) -> str:
    """Digits in threes, with spaces that do not break: `7 200 000`."""
    return f"{number:,}".replace(",", "\u00a0")
