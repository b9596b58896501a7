"""What a module may know, how long it may be, and how it may be called.

The direction of imports between packages and stages is held by import-linter (`lint-imports`,
contracts in pyproject.toml); here is what it can't see.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.app import COMMANDS, command_of
from tests.architecture.sources import ROOT, Module, modules

MOST_LINES = 500
ALL = modules()
PLAIN = [
    module
    for module in ALL
    if not module.name.startswith(("pipelines/", "portal/"))
    and not module.name.endswith("/assets.py")
]


def ids(module: Module) -> str:
    return module.name


def top_level(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a new interpreter has loaded after running code."""
    listing = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("module", ALL, ids=ids)
def test_a_module_is_short_enough_to_be_read_at_once(module: Module) -> None:
    assert module.lines <= MOST_LINES


@pytest.mark.parametrize("module", ALL, ids=ids)
def test_a_module_is_named_by_its_meaning(module: Module) -> None:
    assert not re.search(r"(^|[/_])(utils?|helpers?|common|misc)([/_.]|$)", module.name)


@pytest.mark.parametrize("module", PLAIN, ids=ids)
def test_a_plain_module_knows_nothing_of_dagster(module: Module) -> None:
    imported = module.imported()
    assert "dagster" not in top_level(imported)
    assert not [name for name in imported if name.endswith(".assets")]


def test_plain_modules_do_not_load_dagster_by_a_detour() -> None:
    code = "\n".join(f"import {module.dotted}" for module in PLAIN)
    assert "dagster" not in loaded_by(code)


def test_the_rules_load_neither_storage_nor_frames() -> None:
    code = "\n".join(f"import {module.dotted}" for module in modules("rules"))
    assert not loaded_by(code) & {"dagster", "duckdb", "polars", "pandas", "pyarrow"}


@pytest.mark.parametrize("module", ALL, ids=ids)
def test_great_expectations_is_imported_inside_functions_only(module: Module) -> None:
    assert "great_expectations" not in top_level(module.imported_at_once())


def test_loading_the_code_location_does_not_wait_for_great_expectations() -> None:
    loaded = loaded_by("import pipelines.definitions, pipelines.cli.app")
    assert "dagster" in loaded
    assert "great_expectations" not in loaded


#: What takes a tenth of a second or more to load.
HEAVY = {
    *("authlib", "cryptography", "dagster", "duckdb", "great_expectations", "jinja2"),
    *("matplotlib", "numpy", "openpyxl", "pandas", "polars", "pyarrow", "pydantic", "requests"),
    *("scipy", "sqlalchemy", "yaml"),
}


def loaded_by_command(*arguments: object) -> set[str]:
    """Return the top-level modules that `trappan …` loads in an interpreter of its own."""
    words = ["trappan", *map(str, arguments)]
    return loaded_by(
        "import io, sys\nfrom contextlib import redirect_stdout, suppress\n"
        f"from pipelines import command\nsys.argv = {words!r}\n"
        "with suppress(SystemExit), redirect_stdout(io.StringIO()): command.main()"
    )


def test_the_list_of_commands_waits_for_nothing_that_is_large() -> None:
    assert loaded_by_command("--help") & HEAVY == set()


@pytest.mark.parametrize(
    "question", [("files",), ("rates", "--month", "2026-10"), ("flags", "--as-of", "2026-11-15")]
)
def test_a_question_waits_for_no_run(question: tuple[str, ...], tmp_path: Path) -> None:
    loaded = loaded_by_command(*question, "--home", tmp_path / "home")
    assert "duckdb" in loaded
    assert loaded & {"dagster", "great_expectations", "openpyxl", "scipy", "sqlalchemy"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_list_says_and_begins_with_what_the_list_says(name: str) -> None:
    assert command_of(name).help == COMMANDS[name][1]


def test_a_process_that_writes_lists_does_not_wait_for_dagster() -> None:
    # It loads the program of the command that started it, and what it runs.
    loaded = loaded_by("import pipelines.command, assets.watchlists.release.publish")
    assert "openpyxl" in loaded
    assert "dagster" not in loaded


@pytest.mark.parametrize("module", ALL, ids=ids)
def test_only_the_lake_opens_the_folder_of_sql(module: Module) -> None:
    if module.name == "assets/lake/connection.py":
        return
    for node in ast.walk(module.tree):
        assert not (isinstance(node, ast.Name) and node.id == "SQL_ROOT")
        assert not (isinstance(node, ast.alias) and node.name == "SQL_ROOT")
        assert not (isinstance(node, ast.Attribute) and node.attr == "SQL_ROOT")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.value != "sql"
            assert not node.value.endswith(".sql")


@pytest.mark.parametrize("module", modules("rules"), ids=ids)
def test_rules_have_no_clock(module: Module) -> None:
    asked = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    assert not asked & {"now", "utcnow", "today", "time"}
    assert "time" not in module.imported()
