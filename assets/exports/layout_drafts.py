"""A draft of a layout from a file's header: what is known is filled in, what is not is asked.

Lines that a person must decide have the word DECIDE. Not here: checking a file against layouts
(`layout_checks.py`), the words that are known (`layout_words.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.exports.files.printable import is_plainly_seen, printable_header
from assets.exports.files.received import UnreadableFileError, look_at
from assets.exports.layout_checks import NO_HEADER
from assets.exports.layout_words import Likeness, is_health, likenesses, looks_like_header
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.header_guess import Head, head_of
from assets.exports.readers.layout_files import LayoutError, parse_layout, shipped_layouts
from assets.exports.readers.layout_keys import fold
from assets.exports.readers.layouts import END_COLUMNS, Layout

_MARK = "# DECIDE:"


@dataclass(frozen=True)
class Draft:
    """A layout to be looked over.

    Attributes:
        text: the YAML.
        decisions: what a person must decide, in words.
        lacks: why it can't be used as it is; empty when it can.
        already: the layout that fits the file without it; empty if none.
    """

    text: str
    decisions: tuple[str, ...]
    lacks: str
    already: str


def draft_layout(path: Path, layouts: Sequence[Layout], name: str, kind: str | None) -> Draft:
    """Draft a layout for a file.

    Args:
        path: the file.
        layouts: those that are known, whose names are taken.
        name: of the layout.
        kind: a kind of `COLUMNS`; the one that most headers speak for when None.

    Raises:
        LayoutError: the name is taken.
        OSError: the file can't be opened.
        UnreadableFileError: it is no table at all.
        ChangedFileError: it is gone.
    """
    if name in {layout.name for layout in layouts}:
        raise LayoutError(f"the layout name '{name}' is taken. Expected a name of its own.")
    head = head_of(look_at(path), layouts)
    header = [cell for cell in head.header if cell.strip()]
    if not head.match.fits and not looks_like_header(header):
        raise UnreadableFileError(NO_HEADER)
    chosen_kind = kind or _likely_kind(header)
    found = _assigned(header, COLUMNS[chosen_kind])
    text, decisions = _written(head, header, name, chosen_kind, found)
    already = head.match.layout.name if head.match.fits else ""
    return Draft(text, tuple(decisions), _lacks(text, head, chosen_kind, name), already)


def _likely_kind(header: Sequence[str]) -> str:
    def speaks(kind: str) -> float:
        found = _assigned(header, COLUMNS[kind]).values()
        required = _required(kind)
        there = sum(one.score for one in found if one.column in required)
        return there / max(1, len(required))

    return max(COLUMNS, key=speaks)


def _required(kind: str) -> frozenset[str]:
    """Return the columns without which rows of a kind say nothing: those of the shipped layout."""
    return frozenset(
        column
        for layout in shipped_layouts()
        if layout.kind == kind
        for column, spec in layout.columns.items()
        if spec.required
    )


def _assigned(header: Sequence[str], columns: Iterable[str]) -> dict[str, Likeness]:
    """Return, by header, the column it may mean; each column goes to the nearest header."""
    known = tuple(columns)
    pairs = [
        (one.score, -position, name, one)
        for position, name in enumerate(header)
        for one in likenesses(name, known)
    ]
    found: dict[str, Likeness] = {}
    taken: set[str] = set()
    for _, _, name, one in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if name not in found and one.column not in taken:
            found[name] = one
            taken.add(one.column)
    return found


def _written(
    head: Head, header: Sequence[str], name: str, kind: str, found: dict[str, Likeness]
) -> tuple[str, list[str]]:
    decisions: list[str] = []
    required = _required(kind)
    by_column = {one.column: (header_name, one) for header_name, one in found.items()}
    lines = [
        f"name: {name}",
        f"kind: {kind}",
        "description: Draft, made from a file's header. Say here which system sends it.",
        "restates: lesson",
    ]
    # Where a layout fits already, it says so.
    if not head.match.fits and END_COLUMNS.get(kind) in by_column:
        end, _ = by_column[END_COLUMNS[kind]]
        decisions.append(f"whether '{printable_header(end)}' is the last day, or the day after it")
        lines.append(f"end_dates: inclusive  {_MARK} exclusive, when an end is the day after it.")
    lines.append("columns:")
    for column in COLUMNS[kind]:
        need = ", required: true" if column in required else ""
        if column in by_column:
            header_name, one = by_column[column]
            line = f"  {column}: {{headers: [{_quoted(header_name)}]{need}}}"
            if not one.is_known:
                decisions.append(f"whether '{printable_header(header_name)}' is {column}")
                line += f"  {_MARK} the name is only near. Is it this? Else remove the line."
            lines.append(line)
        elif need:
            decisions.append(f"which header is {column}")
            lines.append(f"  # {column}: {{headers: [???]{need}}}  {_MARK} which header is it?")
    dropped = [one for one in header if one not in found and is_health(one)]
    if dropped:
        lines.append("# Reasons and remarks are health data: read past, never stored.")
        lines.append(f"dropped: [{', '.join(map(_quoted, dropped))}]")
    rest = [one for one in header if one not in found and one not in dropped]
    if rest:
        lines.append(
            "# Not read, and reported as such at each file. If one is a column above, put it"
        )
        lines.append("# into its headers; if it should be passed over in silence, into dropped:")
        lines += [f"#   {_quoted(printable_header(one))}" for one in rest]
    decisions += _doubtful_minutes(by_column, head)
    return "\n".join(lines) + "\n", decisions


def _doubtful_minutes(by_column: dict[str, tuple[str, Likeness]], head: Head) -> list[str]:
    """Ask about columns of minutes whose cells have decimals: hours, or a share."""
    doubtful: list[str] = []
    for column, (name, _) in by_column.items():
        if not column.endswith("_minutes"):
            continue
        position = [fold(cell) for cell in head.header].index(fold(name))
        cells = [row[position] for row in head.first_rows if position < len(row)]
        if any(("," in cell or "." in cell) and not cell.endswith(("0", " ")) for cell in cells):
            doubtful.append(
                f"whether '{printable_header(name)}' is in whole minutes: it has decimals"
            )
    return doubtful


def _lacks(text: str, head: Head, kind: str, name: str) -> str:
    """Return why a draft can't be used; it is read as any layout, and held against the header."""
    try:
        layout = parse_layout(text, f"{name}.yaml")
    except LayoutError as error:
        return str(error)
    missing = sorted(_required(kind) - set(layout.columns))
    if missing:
        return f"no header was found for {', '.join(missing)}, without which rows say nothing."
    match = layout.match(head.header)
    if match.twice:
        return f"'{printable_header(match.twice[0])}' stands twice in the header. Expected it once."
    return ""


def _quoted(text: str) -> str:
    """Return a header as a YAML text between double quotes, which JSON's are."""
    quoted = json.dumps(" ".join(text.split()), ensure_ascii=False)
    return "".join(
        letter if is_plainly_seen(letter) else f"\\U{ord(letter):08x}" for letter in quoted
    )
