"""A home that was lived in: nights, a frozen week, a delivery, grants, a follow-up in the portal.

Not here: any expectation.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import AS_OF, SAMPLES, trappan

ROOT = Path(__file__).resolve().parents[2]
_FOLLOW_UP = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from datetime import timedelta
from django.test import Client
from portal.home import the_home
from portal.login.choices import demo_people
from portal.models import Event
from portal.views.rules import references
home = the_home()
today = home.today()
school = today.schools["99999901"]
people = demo_people(home)
principal = next(one for one in people if one.key in school.principals)
pupil = next(key for key, placed in sorted(today.pupils.items())
             if placed.school_unit_code == "99999901")
page = f"/elev/{references([pupil])[pupil]}/"
def opened(key):
    client = Client(HTTP_HOST="127.0.0.1")
    assert client.post("/valj-person/", {"person": key}).status_code == 302
    return client
one = opened(principal.key)
done = one.post(page + "uppfoljning/", {"note": "Kanariefågelns anteckning",
    "team_step": "step_2_raised", "consent": "yes"})
assert done.status_code == 302, done.content
assert one.post(page + "konsultation/", {"question": "Vad gör vi?"}).status_code == 200
told = one.post("/skola/99999901/delegeringar/ny/", {"receiver": "kanarie.mottagare@stad.example",
    "purpose": "Kanariemålet för hösten", "until": str(today.day + timedelta(days=30)),
    "scope": "school"})
assert told.status_code == 302, told.content
team = opened(next(one.key for one in people if "socialt" in one.what))
assert team.post(page + "uppfoljning/", {"goal": "Kanariemålet för hösten"}).status_code == 302
assert team.get("/team/deltagaruppfoljning/fil/").status_code == 200
assert Event.objects.count() >= 4
"""


def lived_in(folder: Path) -> Path:
    """Return a home in a folder, after a night, a frozen week, a delivery and a follow-up."""
    path = folder / "home"
    inbox = path / "inbox"
    inbox.mkdir(parents=True)
    for one in sorted((SAMPLES / "inbox").iterdir()):
        (inbox / one.name).write_bytes(one.read_bytes())
    trappan("--home", path, "nightly", "--as-of", AS_OF)
    trappan("--home", path, "publish", "--week", "2026-W46")
    (folder / "target").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPPAN_DELIVERY_TARGET", (folder / "target").as_uri())
        trappan("--home", path, "deliver")
    trappan("--home", path, "grant", "--list")
    roles = path / "roles.yaml"
    roles.write_text("teams:\n  - {district: Södermalm, members: [sam.team@stad.example]}\n")
    roles.chmod(0o600)
    said = run_beside_portal(path, _FOLLOW_UP)
    assert said.returncode == 0, said.stderr[-2000:]
    return path


def run_beside_portal(home: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process that may ask the portal of a home, as on the demo's Monday."""
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TRAPPAN_HOME": str(home),
            "TRAPPAN_PORTAL_DEMO": "true",
            "TRAPPAN_PORTAL_DEMO_DAY": "2026-11-16",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
