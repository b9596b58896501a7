"""What is installed: everything by hash, from nowhere in particular, and no more than runs.

Three locks: what installs (uv, and what builds the project), what runs, and what tests and lint
need beside it. `make demo` installs the first two.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.django_ready import READY, run_with_django
from tests.architecture.sources import ROOT, Module, modules

SETUP, RUNS, DEV = "requirements-setup.lock", "requirements.lock", "requirements-dev.lock"
LOCKS = (SETUP, RUNS, DEV)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWNERS = packages_distributions()
OURS = {"pipelines", "assets", "portal", "rules", "sql"}


def name_of(requirement: str) -> str:
    """Return the name that a requirement asks for, as indexes write it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def entries(lock: str) -> list[str]:
    """Return the requirements of a lock, each with its hashes, without comments."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.split(r"\n(?=\S)", text.strip())


def pinned(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in entries(lock):
        name, version = re.match(r"([^=\s]+)==([^\s;\\]+)", entry).groups()  # type: ignore[union-attr]
        found.setdefault(name_of(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_version_and_a_hash_for_everything(lock: str) -> None:
    for entry in entries(lock):
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[^\s;\\]+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_fetch_from(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|[/@]|index-url|find-links|pypi|pythonhosted", text)


def test_no_package_has_another_version_for_developers() -> None:
    runs, dev = pinned(RUNS), pinned(DEV)
    assert not dev.keys() & pinned(SETUP).keys()
    for name in dev.keys() & runs.keys():
        # What runs needs it on Windows only, developers' tools everywhere.
        assert dev[name] == runs[name]
        told = [entry for entry in entries(RUNS) if name_of(entry) == name]
        assert all("sys_platform == 'win32'" in entry for entry in told)
    for name, versions in pinned(SETUP).items():
        assert runs.get(name, versions) == versions


def test_every_dependency_stands_in_the_lock_of_its_part() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    runs, setup, dev = (pinned(lock).keys() for lock in (RUNS, SETUP, DEV))
    asked = {name_of(one) for one in project["project"]["dependencies"] + extras["scale-out"]}
    assert asked <= runs
    assert {name_of(one) for one in project["dependency-groups"]["setup"]} <= setup
    assert {name_of(one) for one in extras["dev"]} - {"franvarotrappan"} <= dev
    assert "uv" in setup
    assert not {"pytest", "hypothesis", "moto", "mypy"} & (runs | setup)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_what_ships_imports_only_what_runs(module: Module) -> None:
    # Each is asked for by name: what another package happens to bring can go with its next version.
    asked = {name_of(one) for one in PROJECT["dependencies"]}
    for imported in {name.partition(".")[0] for name in module.imported()}:
        if imported in OURS or imported in sys.stdlib_module_names:
            continue
        brought = {name_of(owner) for owner in OWNERS.get(imported, [])}
        assert brought, imported
        assert brought & (asked | ALONGSIDE), imported


#: What comes with a dependency by its own promise, in one release with it.
ALONGSIDE = {
    *("dagster-shared", "dagster-graphql"),  # of dagster
    "urllib3",  # requests hands out its errors
    *("pydantic-core", "annotated-types"),  # of pydantic
    "click",  # typer is built on it
    "markupsafe",  # jinja2 hands out its Markup
}


def test_what_ships_loads_where_nothing_else_is_installed(tmp_path: Path) -> None:
    names = sorted({name for lock in (RUNS, SETUP) for name in pinned(lock)})
    loading = "\n".join(f"import {module.dotted}" for module in modules())
    code = f"""
import re, sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions
runs = set({names!r}) | {{"franvarotrappan", "pip", "setuptools"}}
name_of = lambda name: re.sub("[-_.]+", "-", name).lower()
hidden = {{top for top, owners in packages_distributions().items()
          if not runs & {{name_of(owner) for owner in owners}}}} - {OURS!r}
class Hiding(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hiding())
assert {{"pytest", "hypothesis", "moto"}} <= hidden
{READY}
{loading}
"""
    ran = run_with_django(code, tmp_path)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_makefile_takes_uv_and_all_else_by_hash_only() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    installing = [
        line for line in re.split(r"\n|&&", text) if re.search(r"pip (install|sync)", line)
    ]
    assert len(installing) == 3
    for line in installing:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation --editable ." in line


HOSTILE = "raise SystemExit('the Python code of a wheel of an extension was run')\n"


def test_the_python_code_of_an_extensions_wheel_is_never_run(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from assets.lake.settings import extension_path
from importlib.metadata import distribution
names = ("httpfs", "sqlite_scanner", "ducklake", "postgres_scanner")
for name in names:
    # A wheel whose signed file is the real one, and whose Python code is somebody else's.
    real = extension_path(name)
    place = Path({str(tmp_path)!r}, *real.parts[-4:])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(real)
    (place.parents[2] / "__init__.py").write_text({HOSTILE!r})
    info = Path({str(tmp_path)!r}, f"duckdb_extension_{{name}}-9.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(f"Name: duckdb-extension-{{name}}\\nVersion: 9\\n")
sys.path.insert(0, {str(tmp_path)!r})
for name in names:
    assert extension_path(name).is_relative_to({str(tmp_path)!r})
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
with Lake.open(LakeSettings(home=Path({str(tmp_path / "home")!r}))) as lake:
    assert lake.rows("SELECT 1") == [(1,)]
print(*(name for name in sys.modules if name.startswith("duckdb_extension")))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr[-2000:]
