"""The bill of materials has what runs and nothing else, and is one by the standard's own schema."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.architecture.sources import ROOT
from tests.architecture.test_locks import RUNS, entries, pinned

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def recipe() -> list[str]:
    """The words with which `make sbom` calls the tool."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"@\$\(BIN\)/(cyclonedx-py .*?) 2>", text)
    return str(line).replace("$(LOCK)", RUNS).split()


def made(folder: Path) -> str:
    """Make it as `make sbom` does, without a network where the machine lets us."""
    target = folder / "sbom.json"
    words = [str(target) if word == "build/sbom.json" else word for word in recipe()]
    words[0] = str(ROOT / ".venv" / "bin" / words[0])
    apart = ["unshare", "-rn"] if can_be_apart() else []
    done = subprocess.run(
        [*apart, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return target.read_text(encoding="utf-8")


def can_be_apart() -> bool:
    found = shutil.which("unshare")
    if found is None:
        return False
    return subprocess.run([found, "-rn", "true"], check=False).returncode == 0


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(tmp_path_factory.mktemp("sbom"))


@pytest.fixture(scope="module")
def bill(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_it_is_a_bill_by_the_standards_schema(text: str) -> None:
    assert VALIDATOR.validate_str(text) is None


@pytest.mark.parametrize("broken", ["bomFormat", "components", "specVersion"])
def test_a_bill_that_is_none_is_refused(bill: dict[str, Any], broken: str) -> None:
    assert VALIDATOR.validate_str(json.dumps(bill | {broken: 7})) is not None


def test_it_has_every_package_that_runs_with_version_and_hashes(bill: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for one in bill["components"]:
        found.setdefault(one["name"], set()).add(one["version"])
    assert found == pinned(RUNS)
    hashes = {
        one["content"]
        for component in bill["components"]
        for reference in component["externalReferences"]
        for one in reference["hashes"]
    }
    locked = {found for entry in entries(RUNS) for found in re.findall(r"sha256:(\w+)", entry)}
    assert hashes == locked


def test_it_is_about_this_version_and_says_its_licence(bill: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = bill["metadata"]["component"]
    assert (about["name"], about["version"]) == (project["name"], project["version"])
    assert about["licenses"][0]["license"]["id"] == project["license"]


def test_the_same_lock_gives_the_same_file(text: str, tmp_path: Path) -> None:
    assert made(tmp_path) == text
