"""What tests of several SELECTs ask for."""

from __future__ import annotations

import pytest

from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake


@pytest.fixture(scope="module")
def reading(scratch: Lake) -> Lake:
    """Return an empty lake that knows how cells are read."""
    load_macros(scratch)
    return scratch
