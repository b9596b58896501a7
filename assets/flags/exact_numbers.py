"""A step's comparison written out in integers, the same in every language.

`A·10000 = 7 200 000 ≥ 2000·R = 7 200 000`: 2000 is 20 % in hundredths of a percent. Nothing is
divided and nothing rounded, so whoever doubts it can do it by hand. Not here: whether a rule is
hit; that is SQL's (`sql/flags/comparisons.sql`), and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rules.threshold import Threshold

#: rate: what was reported; lower: if all else was attended; upper: if all else was missed.
Bound = Literal["rate", "lower", "upper"]
_NAMES: dict[Bound, tuple[str, str]] = {
    "rate": ("A", "R"),
    "lower": ("A", "S"),
    "upper": ("(A + S − R)", "S"),  # a minus sign, as the lists write it
}


@dataclass(frozen=True)
class WrittenComparison:
    """One comparison of a part of minutes with a threshold."""

    bound: Bound
    part: int
    whole: int
    threshold: Threshold

    @property
    def holds(self) -> bool:
        """Whether the step is reached."""
        return self.threshold.reached(self.part, self.whole)

    @property
    def left(self) -> int:
        """The part's side, a whole number."""
        return int(self.threshold.sides(self.part, self.whole)[0])

    @property
    def right(self) -> int:
        """The step's side, a whole number."""
        return int(self.threshold.sides(self.part, self.whole)[1])

    @property
    def text(self) -> str:
        """`A·10000 = 7 200 000 ≥ 2000·R = 7 200 000`, with the sign that is true."""
        part, whole = _NAMES[self.bound]
        if self.whole == 0:
            return f"{whole} = 0"
        reached, missed = (">", "≤") if self.threshold.is_strict else ("≥", "<")
        sign = reached if self.holds else missed
        left, right = spaced(self.left), spaced(self.right)
        return f"{part}·10000 = {left} {sign} {self.threshold.bp}·{whole} = {right}"


def compare(bound: Bound, minutes: tuple[int, int, int], threshold: Threshold) -> WrittenComparison:
    """Write one comparison out.

    Args:
        bound: which of the three.
        minutes: scheduled, reported and absent.
        threshold: what they are compared with.
    """
    scheduled, reported, absent = minutes
    part = absent + scheduled - reported if bound == "upper" else absent
    whole = reported if bound == "rate" else scheduled
    return WrittenComparison(bound, part, whole, threshold)


def minutes_to_turn(
    parts: Sequence[tuple[int, int, int]], threshold: Threshold
) -> tuple[int, ...] | None:
    """How far from the step it is, in whole minutes of the reported time.

    To be *over* 10 % takes a minute more than to be *at* it, which the margin, a difference to the
    step itself, does not show.

    Args:
        parts: scheduled, reported and absent minutes of the window, or of each half that must
            reach the step.
        threshold: what they are compared with.

    Returns:
        Not reached: for each part the minutes that must turn from presence to absence, 0 where it
        is reached. Reached: a single number, the least absent minutes of a part that must turn to
        presence for it to be reached no more. None where a part has nothing reported.
    """
    if any(not reported for _, reported, _ in parts):
        return None
    lacking = [threshold.least(reported) - absent for _, reported, absent in parts]
    if max(lacking) > 0:
        return tuple(max(lack, 0) for lack in lacking)
    return (min(1 - lack for lack in lacking),)


def spaced(number: int) -> str:
    """Digits in threes, with spaces that do not break: `7 200 000`."""
    return f"{number:,}".replace(",", "\u00a0")
