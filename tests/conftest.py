"""What every test may ask for: a lake of its own, and an environment without our settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings, configuration


def settings_of(home: Path) -> LakeSettings:
    """Return settings small enough for several test processes on one machine."""
    return LakeSettings(home=home, memory_limit="1GB", max_temp_size="2GB", threads=2)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> Iterator[None]:
    """A developer's own TRAPPAN_HOME or DAGSTER_HOME is nothing that a test may read or fill."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("TRAPPAN_", "DAGSTER_"))]:
            if not name.startswith("TRAPPAN_ORACLE"):
                patch.delenv(name)
        # Tests offer files that they have just written, and don't wait for them to settle.
        patch.setenv("TRAPPAN_SETTLE_SECONDS", "0")
        yield


@pytest.fixture(scope="session", autouse=True)
def _signatures_are_not_checked_at_every_opening() -> Iterator[None]:
    """DuckDB hashes 90 MB of extensions whenever a lake is opened: nine tenths of an opening.

    Tests in processes of their own check them as everybody does, and `test_lake_access.py` looks
    that a changed extension is refused.
    """

    def unchecked(settings: LakeSettings, temp: Path) -> dict[str, Any]:
        return configuration(settings, temp) | {"allow_unsigned_extensions": True}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.lake.connection.configuration", unchecked)
        yield


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """A new, empty lake."""
    with Lake.open(settings_of(tmp_path / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One empty lake for all tests of a module that write temporary tables only.

    A temporary table stands before the lake's table of the same name, so a SELECT of `sql/` reads
    what the test gave it. Opening a lake takes a quarter of a second, giving a table two
    milliseconds.
    """
    with Lake.open(settings_of(tmp_path_factory.mktemp("scratch") / "home")) as opened:
        yield opened
