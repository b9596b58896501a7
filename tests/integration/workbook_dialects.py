"""One sheet in many dialects of spreadsheet XML: what programs other than Excel write, all valid.

The standard (ECMA-376) lets a writer choose: prefixes, order of attributes, addresses or none,
strings shared, inline or in runs, either variant of the namespace, any encoding of XML, any names
of parts. A `Dialect` is such a choice. Not here: any expectation.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_DOCUMENT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_DAY_STYLE, _CLOCK_STYLE = "1", "2"
_FIRST_DAY = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}


@dataclass(frozen=True)
class Formula:
    """A calculated cell: its result, or None where nobody calculated it."""

    result: object = None
    kind: str = ""  # "", "shared" or "array"


@dataclass(frozen=True)
class Error:
    """A cell with an error, such as `#N/A`."""

    word: str


@dataclass(frozen=True)
class Dialect:
    """How a sheet is written.

    Attributes:
        seed: of what is chosen cell by cell: order of attributes, kinds of strings.
        prefix: of the elements, "" for none; `prefixed_root` gives it to the root only.
        is_strict: the namespaces of the strict variant.
        quote: of attributes.
        row_numbers: rows say which they are.
        addresses: cells say which they are.
        is_spaced: blanks and line breaks between elements.
        has_remarks: comments and processing instructions between elements, CDATA in texts.
        encoding: of the XML.
        is_1904: days are counted from 1904.
        iso_days: days are ISO texts (`t="d"`), else numbers with a format.
        part: of the sheet.
        has_absolute_targets: relationships name parts from the root.
        compression: of the zip.
    """

    seed: int = 0
    prefix: str = ""
    prefixed_root: bool = False
    is_strict: bool = False
    quote: str = '"'
    row_numbers: bool = True
    addresses: bool = True
    is_spaced: bool = False
    has_remarks: bool = False
    encoding: str = "utf-8"
    is_1904: bool = False
    iso_days: bool = False
    part: str = "xl/worksheets/sheet1.xml"
    has_absolute_targets: bool = False
    compression: int = zipfile.ZIP_DEFLATED


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its rows from row 1 on, and how it is listed."""

    rows: Sequence[Sequence[object]]
    name: str = "Blad1"
    state: str = ""
    merged: Sequence[str] = ()
    kind: str = "worksheet"


def workbook_in(dialect: Dialect, *sheets: Sheet) -> bytes:
    """Return a workbook with these sheets."""
    return _Writer(dialect).workbook(sheets)


def sheet_in(dialect: Dialect, rows: Sequence[Sequence[object]]) -> bytes:
    """Return a workbook of one sheet."""
    return workbook_in(dialect, Sheet(rows))


class _Writer:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.chance = random.Random(dialect.seed)  # noqa: S311 - no secret
        self.strings: list[str] = []
        self.space = _STRICT if dialect.is_strict else _MAIN
        self.document = _STRICT_DOCUMENT if dialect.is_strict else _DOCUMENT
        self.inner = "" if dialect.prefixed_root else dialect.prefix

    def workbook(self, sheets: Sequence[Sheet]) -> bytes:
        parts = {
            self._part(number): self._sheet(sheet) for number, sheet in enumerate(sheets, start=1)
        }
        parts["xl/styles.xml"] = self._styles()
        parts["xl/sharedStrings.xml"] = self._shared()
        parts["xl/workbook.xml"] = self._book(sheets)
        types = '<Default Extension="xml" ContentType="application/xml"/>'
        parts["[Content_Types].xml"] = f'<Types xmlns="{_TYPES}">{types}</Types>'
        main = self._relation("m", "officeDocument", "xl/workbook.xml", "")
        parts["_rels/.rels"] = self._relations([main])
        found = [
            self._relation(f"s{n}", sheet.kind, self._part(n), "xl/")
            for n, sheet in enumerate(sheets, start=1)
        ]
        found.append(self._relation("st", "styles", "xl/styles.xml", "xl/"))
        found.append(self._relation("sh", "sharedStrings", "xl/sharedStrings.xml", "xl/"))
        parts["xl/_rels/workbook.xml.rels"] = self._relations(found)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", self.dialect.compression) as archive:
            for name, text in parts.items():
                archive.writestr(name, self._encoded(text))
        return made.getvalue()

    # -- Parts ------------------------------------------------------------------------------------

    def _part(self, number: int) -> str:
        return self.dialect.part.replace("1", str(number))

    def _relation(self, name: str, kind: str, part: str, folder: str) -> str:
        target = f"/{part}" if self.dialect.has_absolute_targets else part.removeprefix(folder)
        if not self.dialect.has_absolute_targets and folder and target == part:
            target = f"../{part}"
        said = {"Id": name, "Type": f"{self.document}/{kind}", "Target": target}
        return f"<Relationship {self._attributes(said)}/>"

    def _relations(self, found: Sequence[str]) -> str:
        return f'<Relationships xmlns="{_PACKAGE}">{"".join(found)}</Relationships>'

    def _book(self, sheets: Sequence[Sheet]) -> str:
        entries = []
        for number, sheet in enumerate(sheets, start=1):
            said = {"name": sheet.name, "sheetId": str(number), "rel:id": f"s{number}"}
            said |= {"state": sheet.state} if sheet.state else {}
            entries.append(self._element("sheet", said))
        properties = {"date1904": self.chance.choice(["1", "true"])} if self.dialect.is_1904 else {}
        inner = self._element("workbookPr", properties) + self._element(
            "sheets", {}, "".join(entries)
        )
        return self._root("workbook", inner, {"xmlns:rel": self.document})

    def _styles(self) -> str:
        code = {"numFmtId": "170", "formatCode": "[$-41D]hh\\:mm;@"}
        formats = self._element("numFmts", {"count": "1"}, self._element("numFmt", code))
        elsewhere = self._element("cellStyleXfs", {}, self._element("xf", {"numFmtId": "14"}))
        xfs = "".join(self._element("xf", {"numFmtId": number}) for number in ("0", "14", "170"))
        return self._root("styleSheet", formats + elsewhere + self._element("cellXfs", {}, xfs))

    def _shared(self) -> str:
        entries = "".join(self._element("si", {}, self._runs(text)) for text in self.strings)
        return self._root("sst", entries)

    def _sheet(self, sheet: Sheet) -> str:
        rows = "".join(self._row(n, row) for n, row in enumerate(sheet.rows, start=1))
        data = self._element("sheetData", {}, self._between() + rows)
        merged = "".join(self._element("mergeCell", {"ref": block}) for block in sheet.merged)
        tail = self._element("mergeCells", {}, merged) if merged else ""
        before = self._element(
            "sheetViews", {}, self._element("sheetView", {"workbookViewId": "0"})
        )
        return self._root("worksheet", before + data + tail)

    def _root(self, name: str, inner: str, more: dict[str, str] | None = None) -> str:
        prefix = self.dialect.prefix
        declared = {f"xmlns:{prefix}" if prefix else "xmlns": self.space} | (more or {})
        if self.dialect.prefixed_root and prefix:
            declared["xmlns"] = self.space
        tag = f"{prefix}:{name}" if prefix else name
        return f"{self._between()}<{tag} {self._attributes(declared)}>{inner}</{tag}>"

    def _encoded(self, text: str) -> bytes:
        encoding = self.dialect.encoding
        said = f"<?xml version={self._quoted('1.0')} encoding={self._quoted(encoding)}?>"
        mark = "\ufeff" if encoding == "utf-8" and self.chance.random() < 0.3 else ""
        return f"{mark}{said}{text}".encode(encoding, "xmlcharrefreplace")

    # -- Rows and cells ---------------------------------------------------------------------------

    def _row(self, number: int, row: Sequence[object]) -> str:
        while row and row[-1] is None:
            row = row[:-1]
        if not row and self.dialect.row_numbers and self.chance.random() < 0.5:
            return ""
        said = {"r": str(number)} if self.dialect.row_numbers else {}
        said |= {"spans": f"1:{max(len(row), 1)}"} if self.chance.random() < 0.5 else {}
        cells = []
        gap = False
        for column, value in enumerate(row, start=1):
            if value is None and self.dialect.addresses and self.chance.random() < 0.7:
                gap = True
                continue
            # After a cell that isn't written only an address says where the next one is.
            is_placed = self.dialect.addresses and (gap or self.chance.random() < 0.8)
            gap = False
            cells.append(self._cell(number, column, value, is_placed=is_placed))
        return self._element("row", said, self._between() + "".join(cells)) + self._between()

    def _cell(self, number: int, column: int, value: object, *, is_placed: bool) -> str:
        said = {"r": f"{_letters(column)}{number}"} if is_placed else {}
        inner = ""
        if isinstance(value, Formula):
            inner, value = self._formula(value, f"{_letters(column)}{number}"), value.result
            if value is None:
                bare = self.chance.choice(["", self._element("v", {})])
                return self._element("c", said, inner + bare)
            kind, stored = self._stored_result(value)
        else:
            kind, stored = self._stored(value)
        return self._element("c", said | kind, self._between() + inner + stored + self._between())

    def _formula(self, formula: Formula, address: str) -> str:
        said = {"t": formula.kind, "si": "0"} if formula.kind == "shared" else {}
        said = {"t": "array", "ref": address} if formula.kind == "array" else said
        text = self.chance.choice(["", "A1+1", "IF(A1&lt;2,1,0)"])
        return self._element("f", said, text)

    def _stored_result(self, value: object) -> tuple[dict[str, str], str]:
        if isinstance(value, str):
            return {"t": "str"}, self._element("v", {}, self._text(value))
        return self._stored(value)

    def _stored(self, value: object) -> tuple[dict[str, str], str]:
        """Return the attributes and the content of a cell's value."""
        if value is None:
            return {}, ""
        if isinstance(value, Error):
            return {"t": "e"}, self._element("v", {}, value.word)
        if isinstance(value, bool):
            word = self.chance.choice([("0", "1"), ("false", "true")])[value]
            return {"t": "b"}, self._element("v", {}, word)
        if isinstance(value, dt.date | dt.time):
            return self._moment(value)
        if isinstance(value, int | float):
            kind = self.chance.choice([{}, {"t": "n"}, {"s": "0"}])
            return kind, self._element("v", {}, self._number(value))
        return self._string(str(value))

    def _moment(self, value: dt.date | dt.time) -> tuple[dict[str, str], str]:
        if self.dialect.iso_days:
            ways = [value.isoformat()]
            if isinstance(value, dt.date):
                ways += [f"{value}T00:00:00", f"{value}T00:00:00.000Z"]
            else:
                ways += [f"1899-12-30T{value.isoformat()}", f"1899-12-31T{value.isoformat()}.000"]
            return {"t": "d"}, self._element("v", {}, self.chance.choice(ways))
        if isinstance(value, dt.date):
            days = (value - _FIRST_DAY[self.dialect.is_1904]).days
            return {"s": _DAY_STYLE}, self._element("v", {}, self._number(days))
        part = (value.hour * 3600 + value.minute * 60 + value.second) / 86400
        return {"s": _CLOCK_STYLE}, self._element("v", {}, repr(part))

    def _number(self, value: float) -> str:
        ways = [repr(value)]
        if isinstance(value, int):
            ways += [f"{value}.0", f" {value} ", f"{value}e0", f"{value * 10}E-1", f"+{value}"]
        return self.chance.choice(ways)

    def _string(self, text: str) -> tuple[dict[str, str], str]:
        way = self.chance.choice(["shared", "inline", "str"])
        if way == "inline":
            return {"t": "inlineStr"}, self._element("is", {}, self._runs(text))
        if way == "str":
            return {"t": "str"}, self._element("v", {}, self._text(text))
        if text not in self.strings or self.chance.random() < 0.2:
            self.strings.append(text)
        return {"t": "s"}, self._element("v", {}, str(self.strings.index(text)))

    def _runs(self, text: str) -> str:
        if self.chance.random() < 0.5:
            return self._element("t", {"xml:space": "preserve"}, self._text(text))
        cut = self.chance.randint(0, len(text))
        bold = self._element("rPr", {}, self._element("b", {}))
        runs = [
            self._element(
                "r", {}, bold + self._element("t", {"xml:space": "preserve"}, self._text(part))
            )
            for part in (text[:cut], text[cut:])
        ]
        spoken = self._element("rPh", {"sb": "0", "eb": "1"}, self._element("t", {}, "ljud"))
        return "".join(runs) + spoken

    # -- XML --------------------------------------------------------------------------------------

    def _element(self, name: str, said: dict[str, str], inner: str = "") -> str:
        tag = f"{self.inner}:{name}" if self.inner else name
        start = f"{tag} {self._attributes(said)}" if said else tag
        blank = " " if self.dialect.is_spaced else ""
        if not inner and self.chance.random() < 0.7:
            return f"<{start}{blank}/>"
        return f"<{start}{blank}>{inner}</{tag}{blank}>"

    def _attributes(self, said: dict[str, str]) -> str:
        items = list(said.items())
        self.chance.shuffle(items)
        gap = "\n  " if self.dialect.is_spaced else " "
        return gap.join(f"{name}={self._quoted(value)}" for name, value in items)

    def _quoted(self, value: str) -> str:
        quoted = quoteattr(value)[1:-1].replace('"', "&quot;").replace("'", "&apos;")
        return f"{self.dialect.quote}{quoted}{self.dialect.quote}"

    def _text(self, text: str) -> str:
        if self.dialect.has_remarks and text and self.chance.random() < 0.4 and "]]>" not in text:
            cut = self.chance.randint(0, len(text))
            try:
                text[cut:].encode(self.dialect.encoding)
            except UnicodeEncodeError:
                return escape(text)
            return f"{escape(text[:cut])}<!-- x --><![CDATA[{text[cut:]}]]>"
        return escape(text)

    def _between(self) -> str:
        remarks = ["<!-- <c r='A1'><v>9</v></c> -->", "<?mso what='ever'?>"]
        said = self.chance.choice(remarks) if self.dialect.has_remarks else ""
        return f"\n  {said}\n" if self.dialect.is_spaced else said


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def without_addresses(dialect: Dialect) -> Dialect:
    """Return the dialect with neither rows nor cells that say which they are."""
    return replace(dialect, row_numbers=False, addresses=False)
