"""The plan of the house: which rooms there are, and how full they may be.

The words of it are in `docs/architecture.md`. Which room may know which is import-linter's.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter, defaultdict
from pathlib import PurePath

import pytest

from tests.architecture.sources import ROOT, Module, modules

MOST_MODULES = 20
FRAGMENT_LINES = 60
ALL = [module for module in modules() if not module.name.endswith("__init__.py")]
ROOMS = {
    "pipelines": {"cli", "ui"},
    "assets": {
        *("lake", "pull", "exports", "absence", "flags", "follow_up", "forecast", "watchlists"),
        *("delivery", "checks", "simulator", "upkeep"),
    },
    "assets/exports": {
        *("files", "readers", "pupils", "staging", "storing", "batches", "ledger", "ss12000"),
        "senders",
        "children",
    },
    "assets/exports/readers": {"reshaping", "xlsx"},
    "assets/upkeep": {"backup", "erasure", "keys", "maintenance", "reporting", "retention"},
    "assets/watchlists": {"collect", "swedish", "workbook", "page", "release"},
    "rules": set(),
    "portal": {"follow_up", "login", "migrations", "views"},
}
FLAT = {
    "assets/exports": {
        *(
            "assets",
            "ingest",
            "retry",
            "stage_times",
            "revoke",
            "unmerge",
            "rereading",
            "erased_files",
            "changes",
            "csv_text",
            "sealed_values",
            "layout_checks",
            "layout_contents",
            "layout_shapes",
            "layout_drafts",
            "layout_words",
        ),
        "sender_summary",
    },
    "assets/watchlists": {
        "assets",
        "columns",
        "curves",
        "decisions",
        "mentor_lists",
        "mentor_loads",
        "model",
        "outline",
    },
}
# Small and with one reader, and yet apart: run as a program of its own, wired by name, or a group
# of commands of its own.
APART = {
    "assets/exports/children/limits.py",
    "assets/lake/catalog/triggers.py",
    "assets/lake/release_tables.py",
    "pipelines/command.py",
    "pipelines/definitions.py",
}


def folder_of(module: Module) -> str:
    return str(PurePath(module.name).parent)


def folders_in(folder: str) -> set[str]:
    return {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}


@pytest.mark.parametrize("folder", ROOMS)
def test_a_stage_has_the_rooms_of_the_plan_and_no_other(folder: str) -> None:
    assert folders_in(folder) == ROOMS[folder]


@pytest.mark.parametrize("folder", FLAT)
def test_beside_the_rooms_of_a_stage_stands_what_the_plan_names(folder: str) -> None:
    assert {PurePath(m.name).stem for m in ALL if folder_of(m) == folder} == FLAT[folder]


def test_no_folder_is_too_full_to_be_looked_over() -> None:
    full = Counter(folder_of(module) for module in ALL)
    assert {folder: count for folder, count in full.items() if count > MOST_MODULES} == {}


def test_no_fragment_is_left_that_only_one_module_reads() -> None:
    readers: dict[str, set[str]] = defaultdict(set)
    for module in ALL:
        for name in module.imported():
            readers[name].add(module.name)
    fragments = {
        module.name
        for module in ALL
        if module.lines < FRAGMENT_LINES
        and len(readers[module.dotted]) == 1
        and not re.search(r"(^|/)assets\.py$", module.name)
    }
    assert fragments - APART == set()


def test_the_page_about_the_house_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {room for names in ROOMS.values() for room in names}
    assert {room for room in rooms if f"{room}/`" not in page and f"`{room}/" not in page} == set()


def test_the_page_about_the_house_names_what_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    stems = {PurePath(module.name).name for module in ALL}
    named = set(re.findall(r"([a-z_0-9]+\.py)`", page))
    assert {name for name in named if name not in stems and not name.startswith("test_")} == set()
    functions = {"".join(found) for found in re.findall(r"`([a-z_]+)` \(`", page)}
    sources = "\n".join((ROOT / module.name).read_text(encoding="utf-8") for module in ALL)
    assert {name for name in functions if f"def {name}(" not in sources} == set()
    selects = {path.stem for path in (ROOT / "sql").rglob("*.sql")}
    table = page.split("## How a received file")[1].split("## Where")[0]
    last = [line.split("|")[3] for line in table.splitlines() if line.count("|") == 4]
    told = set(re.findall(r"`([a-z_]+)`", " ".join(last)))
    assert told - selects == set()


def written_in(module: Module) -> list[str]:
    """Return the texts of a module that are no docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


LISTS = [m for m in ALL if m.name.startswith("assets/watchlists/") and "/swedish/" not in m.name]


@pytest.mark.parametrize("module", LISTS, ids=lambda module: module.name)
def test_a_sentence_of_a_list_stands_in_the_room_of_swedish(module: Module) -> None:
    # Names of styles in the workbook are no sentences, nor is the alphabet.
    swedish = [text for text in written_in(module) if re.search("[åäöÅÄÖ]", text)]
    assert [text for text in swedish if not text.startswith(("lista ", "åäö"))] == []


def test_a_docstring_points_only_to_modules_that_are_there() -> None:
    names = {module.name for module in ALL}
    stale = [
        f"{module.name}: {pointed}"
        for module in ALL
        for pointed in re.findall(r"`([\w/]+\.py)`", (ROOT / module.name).read_text("utf-8"))
        if not any(name == pointed or name.endswith(f"/{pointed}") for name in names)
        and not (ROOT / pointed).exists()
    ]
    assert stale == []


def test_the_picture_has_every_stage_and_points_downstream() -> None:
    """It is drawn from the page's own text, so it can be read and compared."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = page.partition("```mermaid\n")[2].partition("```")[0]
    arrows = set(
        re.findall(r"^ *(\w+)(?:\[.*?\])? [-.]+(?: .*?)? ?[-.]*> (\w+)", drawn, re.MULTILINE)
    )
    stages = {path.parent.name for path in (ROOT / "assets").glob("*/__init__.py")}
    named = {name for arrow in arrows for name in arrow} | {"lake"}
    assert stages - named == set()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [one["layers"] for one in contracts["contracts"] if one["id"] == "stages"]
    rank = {name: at for at, layer in enumerate(reversed(layers)) for name in layer.split(" | ")}
    # The simulator and the checks know nobody who hands them anything.
    along = {(a, b) for a, b in arrows if {a, b} <= rank.keys() - {"simulator", "checks"}}
    assert len(along) > 5
    assert [arrow for arrow in along if rank[arrow[0]] > rank[arrow[1]]] == []
