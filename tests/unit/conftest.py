"""What several tests of one unit ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.models import ParameterSet
from rules.registry import load_parameters


@pytest.fixture(scope="session")
def stockholm() -> ParameterSet:
    """The shipped rules."""
    return load_parameters("stockholm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a list is written."""
    return tmp_path / "list.xlsx"
