"""What people say is kept by a Postgres server as by a file: the same tests, once more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tests.integration.scale_out_servers import PASSWORD, ROLE, postgres_server
from tests.portal.conftest import DATABASE
from tests.portal.towns import HOSTILE

MODULES = [Path(__file__).with_name(f"test_{one}.py") for one in ("recording", "at_once")]


def test_recording_is_the_same_on_a_server() -> None:
    with postgres_server() as server:
        server.database("portal")
        address = f"postgresql://{ROLE}:{quote(PASSWORD)}@127.0.0.1:{server.port}/portal"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, MODULES)],
            env={**os.environ, DATABASE: address},
            cwd=MODULES[0].parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:]
        counts = {
            word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped)", done.stdout)
        }
        assert counts["passed"] > 70
        # Those about a file that is busy, and about its bytes.
        assert counts["skipped"] == 4
        kept = server.dump("portal")
    assert "CREATE TABLE public.portal_event" in kept
    assert "Almsson" not in kept
    assert HOSTILE not in kept
