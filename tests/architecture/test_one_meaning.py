"""A name stands for one thing, and one question is asked in one place."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, Module, modules, sql_files

# Where a share is held against hundredths of a percent, each for a question of its own.
ASKING_SQL = {
    "reaches_step": "a share against a step",
    "is_clearly_over": "the difference of two shares against a difference",
}
# How far from the step, in minutes: told, and compared with nothing.
MARGIN = "cast(absent_minutes * 10000 - threshold_bp * reported_minutes as decimal(18, 0)) / 10000"
_WHOLE = r"\b10_?000(?:\.0+)?\b|\b1e4\b"
# A text of code that is SQL in part: the number is multiplied or divided by there.
_SCALED = re.compile(rf"[*/]\s*(?:{_WHOLE})|(?:{_WHOLE})\s*\*")
_STEP_NAMES = {"threshold_bp", "threshold_pct", "bp"}


def compared_by_hand(statement: str) -> list[str]:
    """Return the places of a SELECT that scale to hundredths of a percent, or compare a step."""
    code = " ".join(re.sub(r"--.*", "", statement).lower().split()).replace(MARGIN, "")
    return re.findall(rf"{_WHOLE}|[<>]=?\s*[\w.$]*_bp\b|[\w.$]*_bp\b\s*[<>]", code)


def scaled_or_compared(module: Module) -> Iterator[int]:
    """Yield the lines of a module that do so: with 10000, or a step beside `<`, `>=` and so on."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv):
            sides = (node.left, node.right)
            if any(isinstance(side, ast.Constant) and side.value == 100_00 for side in sides):
                yield node.lineno
        elif isinstance(node, ast.Compare) and any(
            isinstance(sign, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for sign in node.ops
        ):
            named = {getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(node)}
            if named & _STEP_NAMES:
                yield node.lineno
        elif isinstance(node, ast.Constant) and _SCALED.search(str(node.value)):
            yield node.lineno


def test_no_two_classes_have_the_same_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules(*PACKAGES, "data_samples"):
        for node in ast.walk(module.tree):
            # Django looks for a model's `Meta` by this name.
            if isinstance(node, ast.ClassDef) and node.name != "Meta":
                places[node.name].append(f"{module.name}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_a_select_asks_the_macro_whether_a_step_is_reached(path: Path) -> None:
    found = compared_by_hand(path.read_text(encoding="utf-8"))
    assert bool(found) == (path.stem in ASKING_SQL), found


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_asks_the_threshold_whether_a_step_is_reached(module: Module) -> None:
    if module.name != "rules/threshold.py":
        assert list(scaled_or_compared(module)) == []


@pytest.mark.parametrize(
    "written",
    [
        "SELECT absent_minutes * 10000 > 1000 * reported_minutes",
        "SELECT 10_000 * absent_minutes >= step * reported_minutes",
        "SELECT absent_minutes / reported_minutes > threshold_bp / 1e4",
        "SELECT rate_bp >= rules.threshold_bp",
    ],
)
def test_a_comparison_by_hand_in_sql_is_found(written: str) -> None:
    assert compared_by_hand(written)


@pytest.mark.parametrize(
    "written",
    [
        "is_over = absent * 10_000 > step * reported",
        "is_over = rate >= step / 10000",
        "is_over = rate > rule.threshold_pct / 100",
        "is_over = absent // reported * 100_00 > rule.threshold_bp",
        "lake.rows('SELECT absent_minutes * 10000 > 1000 * reported_minutes FROM sums')",
    ],
)
def test_a_comparison_by_hand_in_python_is_found(written: str) -> None:
    assert list(scaled_or_compared(Module(ROOT / "rules" / "new.py", ast.parse(written), 1)))


# Words that a Swedish engineer would have to look up, and what stands in their place.
UNPLAIN = {
    "outdone": "superseded",
    "outdoes": "supersedes",
    "rival": "competing",
    "rivals": "competing",
    "anew": "again",
    "touched": "affected",
    "lane": "connection",
    "lanes": "connections",
    "grounds": "evidence",
}
#: Names that people and programs outside know.
_KNOWN_OUTSIDE = re.compile(r"rows_outdone|begins?[_-]anew", re.IGNORECASE)


@pytest.mark.parametrize("word", UNPLAIN)
def test_code_has_plain_words(word: str) -> None:
    paths = [*(module.path for module in modules()), *sql_files()]
    part = re.compile(rf"(?<![a-z]){word}(?![a-z])", re.IGNORECASE)
    found = [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if part.search(_KNOWN_OUTSIDE.sub("", path.read_text(encoding="utf-8")))
    ]
    assert not found, f"write {UNPLAIN[word]!r}"
