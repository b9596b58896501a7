"""What the assets are given knows no stage and is not written to; what a run made comes back."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import dagster as dg
import pytest

from assets.lake.access import VALUE_TO_CALLER, LakeAccess
from assets.pull.access import PullAccess
from pipelines.definitions import build_defs
from pipelines.resources import lake_access, pull_access
from pipelines.settings import Settings
from tests.architecture.sources import ROOT, Module, modules

ASSETS = [module for module in modules("assets") if module.name.endswith("/assets.py")]
STAGES = tuple(
    f"assets.{folder.name}"
    for folder in (ROOT / "assets").iterdir()
    if folder.is_dir() and folder.name != "lake"
)


def resources(home: Path) -> list[LakeAccess | PullAccess]:
    settings = Settings(home=home)
    return [lake_access(settings), pull_access(settings)]


def test_no_resource_can_be_written_to(tmp_path: Path) -> None:
    for resource in resources(tmp_path):
        for field in fields(resource):
            with pytest.raises(FrozenInstanceError):
                setattr(resource, field.name, None)


def test_no_resource_has_a_list_that_could_be_filled(tmp_path: Path) -> None:
    for resource in resources(tmp_path):
        values = [getattr(resource, field.name) for field in fields(resource)]
        assert not [value for value in values if isinstance(value, list | dict | set)]


def test_a_resource_that_is_changed_a_little_shares_no_opened_lake(tmp_path: Path) -> None:
    access = lake_access(Settings(home=tmp_path / "home"))
    with access.open() as opened:
        other = replace(access, inbox=())
        other.close()
        assert opened.rows("SELECT 1") == [(1,)]
    access.close()


@pytest.mark.parametrize("module", ASSETS, ids=lambda module: module.name)
def test_an_asset_assigns_nothing_to_what_it_is_given(module: Module) -> None:
    targets = [
        ast.unparse(target)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    assert not [target for target in targets if target.startswith(("lake.", "pull."))]


def test_the_resource_imports_no_stage() -> None:
    (module,) = [one for one in modules("assets") if one.dotted == LakeAccess.__module__]
    assert not [name for name in module.imported() if name.startswith(STAGES)]


def test_the_linter_of_imports_ignores_none() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 7
    assert not [one["id"] for one in contracts if "ignore_imports" in one]
    assert "ignore_imports" not in tomllib.loads(text)["tool"]["importlinter"]


def test_a_value_for_the_caller_is_not_stored_and_not_read(tmp_path: Path) -> None:
    @dg.asset(io_manager_key=VALUE_TO_CALLER)
    def names() -> dg.MaterializeResult[list[str]]:
        return dg.MaterializeResult(value=["Kanarie"])

    usual = build_defs().resources or {}
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        run = dg.materialize(
            [names], instance=instance, resources={VALUE_TO_CALLER: usual[VALUE_TO_CALLER]}
        )
        assert run.asset_value("names") == ["Kanarie"]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"Kanarie" in path.read_bytes()]
