"""The chart of the first sheet: how many pupils each question was about, list by list.

It points to the numbers of the sheet of the school's weeks. Lines differ in dashes, so that it is
read in black and white too. Not here: the numbers (`weeks_sheet.py`).
"""

from __future__ import annotations

from openpyxl.chart import LineChart, Reference
from openpyxl.drawing.text import CharacterProperties
from openpyxl.worksheet.worksheet import Worksheet

from assets.watchlists.swedish import workbook_texts as w

_WIDTH, _HEIGHT = 9.0, 9.5  # cm: beside the first sheet's table on a screen of 1366 pixels
_LINES = (("1D3F5E", "solid"), ("6A4300", "dash"), ("7A1B12", "sysDot"))
_TITLE_SIZE = 1100  # hundredths of a point
_LINE_WIDTH = 22_000  # in 12,700ths of a point


def line_chart(sheet: Worksheet, heading_row: int, rows: int, columns: int) -> LineChart:
    """Return a chart of the columns after the first; where a row has no number, its line breaks.

    Args:
        sheet: has a row a week, their names in its first column.
        heading_row: the row of its headings.
        rows: how many weeks there are.
        columns: how many columns are drawn, at most three.
    """
    chart = LineChart()
    chart.title = w.CHART_TITLE
    for paragraph in chart.title.tx.rich.p:
        for part in paragraph.r:
            part.rPr = CharacterProperties(sz=_TITLE_SIZE, b=True)
    chart.width, chart.height = _WIDTH, _HEIGHT
    chart.legend.position = "b"
    chart.dispBlanksAs = "gap"
    last = heading_row + rows
    values = Reference(sheet, 2, heading_row, 1 + columns, last)
    chart.add_data(values, titles_from_data=True)
    chart.set_categories(Reference(sheet, 1, heading_row + 1, 1, last))
    for series, (color, dash) in zip(chart.series, _LINES, strict=False):
        line = series.graphicalProperties.line
        line.solidFill, line.dashStyle, line.width = color, dash, _LINE_WIDTH
        series.smooth = False
        # A week between two gaps is a point and no line.
        series.marker.symbol, series.marker.size = "circle", 3
        series.marker.graphicalProperties.solidFill = color
        series.marker.graphicalProperties.line.solidFill = color
    for axis in (chart.x_axis, chart.y_axis):
        # Else newer versions of Excel leave the axis out.
        axis.delete = False
    chart.y_axis.scaling.min = 0
    chart.y_axis.number_format = "0"
    return chart
