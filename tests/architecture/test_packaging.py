"""The wheel carries what the code reads, and our import names are ours alone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

OURS = ("pipelines", "assets", "portal", "rules", "sql")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as hatchling builds it, without isolation: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_brings_a_package_of_this_name(name: str) -> None:
    # Distributions called `rules` and `pipelines` exist: installed, one would hide our package.
    assert set(packages_distributions().get(name, [])) <= {"franvarotrappan"}
    spec = importlib.util.find_spec(name)
    assert spec is not None
    folders = {Path(folder).resolve() for folder in spec.submodule_search_locations or ()}
    assert folders == {ROOT / name}


def test_the_command_is_the_command_line() -> None:
    (command,) = [
        entry for entry in entry_points(group="console_scripts") if entry.name == "trappan"
    ]
    assert command.value == "pipelines.command:main"


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected
    assert {Path(name).suffix for name in packed} >= {".py", ".sql", ".yaml", ".j2", ".css"}


def test_what_is_installed_from_the_wheel_finds_its_sql_rules_and_layouts(
    wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "from datetime import date\n"
        "from pathlib import Path\n"
        "from assets.exports.readers.layout_files import shipped_layouts\n"
        "from assets.lake.connection import Lake, LakeSettings\n"
        "from rules.registry import rule_set_on\n"
        "with Lake.open(LakeSettings(home=Path('home'))) as lake:\n"
        "    assert 'SELECT' in lake.select('absence/absence_daily')\n"
        "print(len(shipped_layouts()), len(rule_set_on('stockholm', date(2026, 11, 15)).rules))\n"
        "import assets; print(assets.__file__)\n"
    )
    # The checkout stays out of the path: an editable install would find everything there.
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'installed')\n{code}"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        check=True,
        capture_output=True,
        text=True,
    )
    counts, place = ran.stdout.splitlines()
    assert counts == "6 4"
    assert Path(place).is_relative_to("installed") or "installed" in Path(place).parts
