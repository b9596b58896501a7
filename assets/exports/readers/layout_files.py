"""Layout files: those that come with the program and a home's own, read, checked and amended.

Not here: what a layout says of a file (`layouts.py`), which keys it may have (`layout_keys.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layouts import Layout
from rules.errors import TrappanError
from rules.strict_yaml import Document, StrictYamlError, read_yaml

SHIPPED = Path(__file__).resolve().parent / "layouts"
# What a home may say of another layout in a file of its own, and what it may be.
_AMENDABLE = {
    "lesson_id": "lesson or slot, of a layout of kind lessons",
    "holds": "lessons, of a layout of kind lessons",
    "end_dates": "inclusive or exclusive, of a layout with a column of end dates",
}


class LayoutError(TrappanError):
    """A layout file is wrong; the message names file, key and expectation."""


def load_layouts(folders: Iterable[Path] = (), *, passes_empty: bool = False) -> tuple[Layout, ...]:
    """Return the shipped layouts and those of `folders`, in order of name.

    A folder that is not there has none.

    Args:
        folders: where they are looked for.
        passes_empty: a file without a letter is passed over, and no wrong layout.

    Raises:
        LayoutError: a file that isn't a layout, or a name used twice.
    """
    layouts: dict[str, Layout] = {}
    amendments: list[tuple[Path, Document]] = []
    for folder in (SHIPPED, *folders):
        for path in sorted(folder.glob("*.yaml")):
            where = path.name if path.parent == SHIPPED else str(path)
            text = _text_of(path)
            if passes_empty and not text.strip():
                continue
            document = _document_of(text, where)
            if _is_amendment(document.content):
                amendments.append((path, document))
                continue
            layout = _layout_of(document, where)
            if layout.name in layouts:
                raise LayoutError(
                    f"{path.name}: key 'name': the layout name '{layout.name}' is taken. "
                    "Expected a name of its own."
                )
            layouts[layout.name] = layout
    for path, document in amendments:
        amended = _amended(path, document, layouts)
        layouts[amended.name] = amended
    return tuple(layouts.values())


@cache
def shipped_layouts() -> tuple[Layout, ...]:
    """Return the layouts that come with the program."""
    return load_layouts()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise LayoutError(f"{path.name}: can't be read as UTF-8. Save it as UTF-8.") from None


def _is_amendment(said: object) -> bool:
    """Whether a file only says of another layout how its senders write ids or end dates."""
    return (
        isinstance(said, dict) and {"name"} < set(said) and set(said) - {"name"} <= set(_AMENDABLE)
    )


def _amended(path: Path, document: Document, known: dict[str, Layout]) -> Layout:
    """Return a known layout as an amendment changes it; so a home can amend a shipped one."""
    said = document.content
    layout = known.get(str(said["name"]))
    if layout is None:
        raise LayoutError(
            f"{path}: key 'name': there is no layout '{said['name']}' to amend. Expected one of "
            f"{', '.join(sorted(known))}, or a whole layout."
        )
    for key, expected in _AMENDABLE.items():
        if key not in said:
            continue
        try:
            layout = Layout.model_validate(layout.model_dump() | {key: said[key]})
        except ValidationError:
            line = document.line_of((key,))
            raise LayoutError(f"{path}, line {line}: key '{key}': expected {expected}.") from None
    return layout


def parse_layout(text: str, where: str) -> Layout:
    """Return the layout that a YAML text says.

    Args:
        text: the YAML.
        where: the file's name, for the message.

    Raises:
        LayoutError: it is none; the message names file, line, key and expectation.
    """
    return _layout_of(_document_of(text, where), where)


def _document_of(text: str, where: str) -> Document:
    try:
        document = read_yaml(text)
    except StrictYamlError as error:
        raise _error_of(error, where) from None
    if document is None:
        raise LayoutError(f"{where}: nothing stands in it. Expected a layout: docs/layouts.md.")
    return document


def _layout_of(document: Document, where: str) -> Layout:
    try:
        layout = document.checked(Layout)
    except StrictYamlError as error:
        raise _error_of(error, where) from None
    unknown = sorted(set(layout.columns) - set(COLUMNS[layout.kind]))
    if unknown:
        line = document.line_of(("columns", unknown[0]))
        raise LayoutError(
            f"{where}, line {line}: key 'columns.{unknown[0]}': no such column. Expected one of "
            f"{', '.join(COLUMNS[layout.kind])}."
        )
    return layout


def _error_of(error: StrictYamlError, where: str) -> LayoutError:
    place = f"{where}, line {error.line}" if error.line is not None else where
    key = f"key '{error.key}'" if error.place else "the whole file"
    if error.kind == "own_words":
        said = error.expected
    elif error.kind == "missing_key":
        said = f"{error.found}, and every layout has it"
    else:
        said = f"found {error.found}" + (f", expected {error.expected}" if error.expected else "")
    return LayoutError(
        f"{place}: {key}: {said.rstrip('.')}. docs/layouts.md says what each key means."
    )
