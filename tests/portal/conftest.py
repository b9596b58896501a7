"""The portal in the process of the tests: Django's settings made once, and a small town to serve.

Django reads its settings when it is imported, so that happens here, in a home that is thrown away,
and without a trace in the environment of other tests. A module of tests has a copy of the town;
whoever lets another night pass asks for `own_town`. Not here: any expectation.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Of a Postgres server for tests, `postgresql://…`; everything in that database is deleted.
DATABASE = "PORTAL_TESTS_DATABASE"
_THROWN_AWAY = Path(tempfile.mkdtemp(prefix="portal-tests-"))
atexit.register(shutil.rmtree, _THROWN_AWAY, ignore_errors=True)


def _set_up() -> None:
    """Make Django ready; what it changes of this process is put back."""
    umask, zone = os.umask(0o077), os.environ.get("TZ")
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("TRAPPAN_")]:
            patch.delenv(name)
        patch.setenv("TRAPPAN_HOME", str(_THROWN_AWAY))
        patch.setenv("TRAPPAN_PORTAL_DEMO", "true")
        if DATABASE in os.environ:
            patch.setenv("TRAPPAN_PORTAL_DATABASE", os.environ[DATABASE])
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        import django

        django.setup()
    os.umask(umask)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    os.environ.pop("TZ", None)
    if zone is not None:
        os.environ["TZ"] = zone
    time.tzset()


_set_up()

from tests.portal.logins import provider, with_login  # noqa: E402, F401 - settings come first
from tests.portal.towns import Town, built_town, served  # noqa: E402


@pytest.fixture(scope="session")
def first_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that all others are copies of: after a night and with a frozen week."""
    return built_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def module_town(first_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A copy for a module."""
    with served(first_town, tmp_path_factory.mktemp("served") / "home") as town:
        yield town


@pytest.fixture
def town(module_town: Town) -> Town:
    """The module's town, in which nobody has said or opened anything."""
    module_town.begin()
    return module_town


@pytest.fixture
def own_town(module_town: Town, tmp_path: Path) -> Iterator[Town]:
    """A town of one test, whose lake may be changed; the module's comes back after it."""
    with served(module_town.source, tmp_path / "home") as other:
        other.begin()
        yield other
    module_town.serve()


@pytest.fixture
def nothing_said() -> None:
    """The home of samples is served, in which nobody has said or opened anything."""
    # Made where it is asked for: two nights.
    from tests.portal.small_home import forget

    forget()
