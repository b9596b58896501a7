"""The only place in Python that asks whether a share of minutes reaches a step.

`sql/flags/reaches_step.sql` is the only one in SQL, and a test holds the two together. Absence is
compared as A * 10000 against bp * R: whole numbers on both sides, nothing divided or rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Hundredths of a percent in a whole.
_WHOLE_BP = 10_000


@dataclass(frozen=True, order=True)
class Threshold:
    """A share that is reached or not; of two the one that is easier to reach comes first.

    Attributes:
        bp: hundredths of a percent: 10 % is 1000.
        is_strict: over it; else exactly at it is enough.
    """

    bp: int
    is_strict: bool

    @overload
    def reached(self, absent: int, reported: int) -> bool: ...

    @overload
    def reached(
        self, absent: npt.NDArray[np.int64], reported: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]: ...

    def reached(self, absent: Any, reported: Any) -> Any:
        """Whether absent of reported minutes reach it; of nothing they never do.

        Args:
            absent: minutes, or of many pupils an array of them.
            reported: the minutes they are a part of, as many.
        """
        part, whole = self.sides(absent, reported)
        # Whole numbers: to be over is to reach one more.
        return (part >= whole + self.is_strict) & (reported > 0)

    def sides(self, absent: Any, reported: Any) -> tuple[Any, Any]:
        """The two whole numbers that are compared, as they are written out for a doubter."""
        return absent * _WHOLE_BP, reported * self.bp

    def least(self, reported: int) -> int:
        """The least absent of so many reported minutes that reach it."""
        limit = self.bp * reported
        return limit // _WHOLE_BP + 1 if self.is_strict else -(-limit // _WHOLE_BP)

    @property
    def share(self) -> float:
        """As a share, 0.1 for 10 %: for estimates, never for a comparison."""
        return self.bp / _WHOLE_BP
