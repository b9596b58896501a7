"""What tests of faults in several files ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.aged_home import copied


@pytest.fixture
def home(sealed: Path, tmp_path: Path) -> Path:
    """A copy of the home that the file calls `sealed`, which a test may change."""
    return copied(sealed, tmp_path)
