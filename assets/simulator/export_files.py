"""The files themselves: rosters, the list of schools, and lesson rows at millions a second.

A lesson row is put together from four strings that repeat: the pupil, the lesson of the class, what
became of it, and the mentor. polars only strings them together, so quoting is off; the simulator
puts no separator or quote in any value.
"""

import dataclasses
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from assets.simulator.plan import Columns, SimulationPlan

LESSON_COLUMNS: dict[Columns, tuple[str, ...]] = {
    "basic": (
        "Skolenhetskod", "Skola", "Klass", "Årskurs", "Personnummer", "Förnamn", "Efternamn",
        "Datum", "Starttid", "Sluttid", "Ämne", "Lektionslängd (min)", "Närvaro (min)",
        "Giltig frånvaro (min)", "Ogiltig frånvaro (min)", "Frånvaroanledning", "Rapporterad",
    ),
}  # fmt: skip
LESSON_COLUMNS["full"] = (
    *LESSON_COLUMNS["basic"],
    "Annat skoluppdrag (min)", "Inställd", "Mentor", "Mentor e-post", "Skyddad identitet",
)  # fmt: skip
ROSTER_COLUMNS = (
    "Personnummer", "Förnamn", "Efternamn", "Kön", "Skolenhetskod", "Klass", "Årskurs", "Mentor",
    "Mentor e-post", "Startdatum", "Slutdatum", "Skyddad identitet",
)  # fmt: skip
SCHOOL_COLUMNS = ("Skolenhetskod", "Skola", "Stadsdelsområde", "Rektor", "Rektor e-post")


@dataclasses.dataclass(frozen=True)
class LessonRows:
    """Rows of one lesson file: texts, and per row which of them; index arrays of length n."""

    pupil_texts: pl.Series
    lesson_texts: pl.Series
    cell_texts: pl.Series
    mentor_texts: pl.Series | None
    pupil: np.ndarray[tuple[int], np.dtype[np.int64]]
    lesson: np.ndarray[tuple[int], np.dtype[np.int64]]
    cell: np.ndarray[tuple[int], np.dtype[np.int64]]

    def frame(self) -> pl.DataFrame:
        """One string column per part, in the order of the file."""
        parts = [
            self.pupil_texts.gather(self.pupil).alias("pupil"),
            self.lesson_texts.gather(self.lesson).alias("lesson"),
            self.cell_texts.gather(self.cell).alias("cells"),
        ]
        if self.mentor_texts is not None:
            parts.append(self.mentor_texts.gather(self.pupil).alias("mentor"))
        return pl.DataFrame(parts)


def _publish(plan: SimulationPlan, name: str, content: bytes | memoryview) -> int:
    """Write beside and rename, so that a folder that is watched never shows half a file."""
    target = plan.out / name
    part = Path(f"{target}.part")
    part.write_bytes(content)
    os.replace(part, target)  # noqa: PTH105  (Path.replace is the same; this names the intent)
    return len(content)


def write_lessons(plan: SimulationPlan, name: str, rows: LessonRows) -> int:
    """Write a lesson file; returns its size in bytes."""
    header = ";".join(LESSON_COLUMNS[plan.columns]) + plan.newline
    buffer = io.BytesIO()
    if plan.encoding != "cp1252":
        buffer.write(header.encode(plan.encoding))
    rows.frame().write_csv(
        buffer,
        include_header=False,
        separator=";",
        line_terminator=plan.newline,
        quote_style="never",
    )
    if plan.encoding != "cp1252":
        return _publish(plan, name, buffer.getbuffer())
    return _publish(plan, name, (header + buffer.getvalue().decode()).encode(plan.encoding))


def write_table(
    plan: SimulationPlan, name: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> int:
    """Write a small file (roster, schools); returns its size in bytes."""
    lines = [";".join(row) + plan.newline for row in (header, *rows)]
    return _publish(plan, name, "".join(lines).encode(plan.encoding))
