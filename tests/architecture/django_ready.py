"""What a process of its own has to do before it imports the portal's modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess, run

from tests.architecture.sources import ROOT

READY = "import django; django.setup()"


def run_with_django(code: str, home: Path) -> CompletedProcess[str]:
    """Run code in a process of its own, with the portal's settings of a home."""
    environment = os.environ | {
        "TRAPPAN_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        # A login, or nobody could log in.
        "TRAPPAN_PORTAL_DEMO": "true",
        "PYTHONPATH": str(ROOT),
    }
    return run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
