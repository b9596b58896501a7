"""The named styles of a workbook: how its cells look.

Not here: how a value gets into a cell (`workbook/sheet.py`), what the sheets say (`workbook.py`).
"""

from __future__ import annotations

from collections.abc import Collection

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.workbook import Workbook

_FONT = "Calibri"
_INK, _QUIET, _BAND = "1F2A30", "51606A", "1B4B5A"
_LINE = Side(style="thin", color="D5DCE0")
# Fill and ink of each level; the words and triangles in the cell say the same without colour.
_LEVEL_COLOURS = {
    3: ("F6D5D0", "7A1B12"),
    2: ("FBE6C3", "6A4300"),
    1: ("DCE9F3", "1D3F5E"),
    0: ("E9ECEE", "3F4A50"),
}


def add_styles(book: Workbook, only: Collection[str] = ()) -> dict[str, StyleArray]:
    """Register the styles with a workbook.

    Args:
        book: the workbook.
        only: names of the styles that it needs, because each costs as much as a row of cells; all
            when none is named.

    Returns:
        What a cell of each style has, by name. To copy it is several times as fast as to give a
        cell the name of its style, which openpyxl looks for among all names each time.
    """
    every = (*_text_styles(), *_table_styles(), *_level_styles())
    styles = [style for style in every if not only or style.name in only]
    for style in styles:
        book.add_named_style(style)
    return {style.name: style.as_tuple() for style in styles}


def _style(
    name: str, font: Font, alignment: Alignment, number_format: str = "General", **look: object
) -> NamedStyle:
    style = NamedStyle(name=name, font=font, alignment=alignment, number_format=number_format)
    for key, value in look.items():
        setattr(style, key, value)
    return style


def _text_styles() -> tuple[NamedStyle, ...]:
    line = Alignment(vertical="center")
    return (
        _style("lista titel", Font(name=_FONT, size=16, bold=True, color=_BAND), line),
        _style("lista avsnitt", Font(name=_FONT, size=12, bold=True, color=_BAND), line),
        _style("lista rad", Font(name=_FONT, size=11, color=_INK), line),
        _style("lista stilla", Font(name=_FONT, size=10, color=_QUIET), line),
        _style("lista viktig", Font(name=_FONT, size=11, bold=True, color=_INK), line),
        _style(
            "lista notis",
            Font(name=_FONT, size=11, color="6A4300"),
            Alignment(vertical="center", wrap_text=True),
            fill=PatternFill("solid", fgColor="FFF6E3"),
        ),
    )


def _table_styles() -> tuple[NamedStyle, ...]:
    ink, below = Font(name=_FONT, size=11, color=_INK), Border(bottom=_LINE)
    white = Font(name=_FONT, size=10, bold=True, color="FFFFFF")
    band = PatternFill("solid", fgColor=_BAND)
    wrapped = Alignment(vertical="top", wrap_text=True)
    centred = Alignment(vertical="top", horizontal="center")
    right = Alignment(vertical="top", horizontal="right", indent=2)
    return (
        _style("lista rubrik", white, Alignment(vertical="center", wrap_text=True), fill=band),
        _style(
            "lista rubrik mitt",
            white,
            Alignment(vertical="center", horizontal="center", wrap_text=True),
            fill=band,
        ),
        _style("lista text", ink, wrapped, border=below),
        _style("lista kort", ink, centred, border=below),
        _style(
            "lista namn", Font(name=_FONT, size=11, bold=True, color=_INK), wrapped, border=below
        ),
        _style("lista procent", ink, right, "0.0%", border=below),
        _style("lista antal", ink, centred, "0", border=below),
        _style("lista datum", ink, centred, "yyyy-mm-dd", border=below),
        _style("lista uppgift", ink, Alignment(horizontal="left")),
        _style("lista dag", ink, Alignment(horizontal="left"), "yyyy-mm-dd"),
        _style(
            "lista tal",
            Font(name=_FONT, size=14, bold=True, color=_INK),
            centred,
            "0",
            border=below,
        ),
    )


def _level_styles() -> tuple[NamedStyle, ...]:
    return tuple(
        _style(
            f"lista nivå {level}",
            Font(name=_FONT, size=11, bold=True, color=ink),
            Alignment(vertical="top"),
            border=Border(bottom=_LINE),
            fill=PatternFill("solid", fgColor=fill),
        )
        for level, (fill, ink) in _LEVEL_COLOURS.items()
    )
