"""The named styles of a workbook: how its cells look.

Not here: how a value gets into a cell (`sheet.py`), what the sheets say (`workbook.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.workbook import Workbook

PRINT_POINTS = {"rektor": 10.5, "mentor": 12.0}  # on paper, by reader
_FONT = "Calibri"
_INK, _QUIET, _BAND, _LINK = "1F2A30", "51606A", "1B4B5A", "0B5A8A"
_LINE = Side(style="thin", color="D5DCE0")
_BELOW = Border(bottom=_LINE)
_FILL = PatternFill("solid", fgColor=_BAND)
# Zero is the preschool class: a number, so that grades sort, that reads as everybody writes it.
_GRADE_FORMAT = '[=0]"F";0'


class StyleNumbers(NamedTuple):
    """The numbers by which cells name a style: as it is, and with the prefix of quoted text."""

    plain: int
    quoted: int


def add_styles(book: Workbook) -> dict[str, StyleNumbers]:
    """Register the styles with a workbook, and return the numbers of each by its name."""
    numbers = {}
    for style in (*_text_styles(), *_table_styles(), *_print_styles()):
        book.add_named_style(style)
        plain = StyleArray(style.as_tuple())
        quoted = StyleArray(plain)
        quoted.quotePrefix = 1
        cells = book._cell_styles  # type: ignore[attr-defined]  # noqa: SLF001
        numbers[style.name] = StyleNumbers(cells.add(plain), cells.add(quoted))
    return numbers


def _style(
    name: str, font: Font, alignment: Alignment, number_format: str = "General", **look: object
) -> NamedStyle:
    style = NamedStyle(name=name, font=font, alignment=alignment, number_format=number_format)
    for key, value in look.items():
        setattr(style, key, value)
    return style


def _font(size: float = 11, color: str = _INK, *, bold: bool = False) -> Font:
    return Font(name=_FONT, size=size, color=color, bold=bold)


def _text_styles() -> tuple[NamedStyle, ...]:
    line = Alignment(vertical="center")
    link = Font(name=_FONT, size=11, color=_LINK, underline="single")
    return (
        _style("lista titel", _font(16, _BAND, bold=True), line),
        _style("lista avsnitt", _font(12, _BAND, bold=True), line),
        _style("lista rad", _font(), line),
        _style("lista stycke", _font(), Alignment(vertical="top", wrap_text=True)),
        _style("lista stilla", _font(10, _QUIET), line),
        _style("lista viktig", _font(bold=True), line),
        _style("lista länk", link, Alignment(vertical="top"), border=_BELOW),
        _style(
            "lista notis",
            _font(color="6A4300"),
            Alignment(vertical="center", wrap_text=True),
            fill=PatternFill("solid", fgColor="FFF6E3"),
        ),
        _style("lista uppgift", _font(), Alignment(horizontal="left")),
        _style("lista dag", _font(), Alignment(horizontal="left"), "yyyy-mm-dd"),
    )


def _table_styles() -> tuple[NamedStyle, ...]:
    ink, bold, below = _font(), _font(bold=True), _BELOW
    white = _font(10, "FFFFFF", bold=True)
    wrapped = Alignment(vertical="top", wrap_text=True)
    line, middle = Alignment(vertical="top"), Alignment(vertical="top", horizontal="center")
    right = Alignment(vertical="top", horizontal="right", indent=1)
    heading = Alignment(vertical="center", wrap_text=True)
    over_middle = Alignment(vertical="center", horizontal="center", wrap_text=True)
    return (
        _style("lista rubrik", white, heading, fill=_FILL),
        _style("lista rubrik mitt", white, over_middle, fill=_FILL),
        _style("lista text", ink, wrapped, border=below),
        _style("lista namn", bold, wrapped, border=below),
        _style("lista ord", ink, line, border=below),
        _style("lista elev", bold, line, border=below),
        _style("lista kort", ink, middle, border=below),
        _style("lista procent", ink, right, "0.0%", border=below),
        _style("lista antal", ink, middle, "0", border=below),
        _style("lista årskurs", ink, middle, _GRADE_FORMAT, border=below),
        _style("lista timmar", ink, right, "0.00", border=below),
        _style("lista minuter", ink, right, "General", border=below),
        _style("lista datum", ink, middle, "yyyy-mm-dd", border=below),
        _style("lista tal", _font(14, bold=True), middle, "0", border=below),
        _style("lista andel", _font(14, bold=True), middle, "0.0%", border=below),
    )


def _print_styles() -> Iterator[NamedStyle]:
    """Styles of what is read on paper; `tryck rektor namn` is a name on the rektor's."""
    wrapped = Alignment(vertical="top", wrap_text=True)
    middle = Alignment(vertical="top", horizontal="center", wrap_text=True)
    heading = Alignment(vertical="center", horizontal="center", wrap_text=True)
    for reader, points in PRINT_POINTS.items():
        font, bold = _font(points), _font(points, bold=True)
        name = f"tryck {reader}"
        yield _style(f"{name} rubrik", _font(points, "FFFFFF", bold=True), heading, fill=_FILL)
        yield _style(f"{name} grupp", _font(points, _BAND, bold=True), Alignment(vertical="bottom"))
        yield _style(f"{name} rad", font, Alignment(vertical="center", wrap_text=True))
        yield _style(f"{name} namn", bold, wrapped, border=_BELOW)
        yield _style(f"{name} ord", font, wrapped, border=_BELOW)
        yield _style(f"{name} kort", font, middle, border=_BELOW)
        yield _style(f"{name} procent", font, middle, "0.0%", border=_BELOW)
