"""The portal's database is brought up to date when it starts; a newer one is refused, untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.portal.test_deployment import run

_NEWER = """
import sys
from portal.serve import prepare
prepare()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, '2027-01-01')",
        sys.argv[1:3],
    )
from pathlib import Path
from rules.errors import TrappanError
connection.close()
place = Path(connection.settings_dict["NAME"])
before = place.read_bytes()
try:
    prepare()
    print("started")
except TrappanError as error:
    print(error)
connection.close()
print("unchanged" if place.read_bytes() == before else "changed")
"""
_OLDER = """
from portal.serve import prepare
prepare()
from django.core.management import call_command
call_command("migrate", "sessions", "zero", verbosity=0)
print("older")
prepare()
from django.contrib.sessions.models import Session
print(Session.objects.count())
"""


@pytest.mark.parametrize(
    ("app", "step"), [("portal", "0099_of_a_later_portal"), ("axes", "0999_later")]
)
def test_a_database_of_a_newer_portal_is_refused_and_not_changed(
    tmp_path: Path, app: str, step: str
) -> None:
    said = run(tmp_path / "home", "-c", _NEWER, app, step, TRAPPAN_PORTAL_DEMO="true")
    assert f"changed by a newer version: it has {app} {step}" in said.stdout, said.stderr
    assert "docs/operators-upgrade.md" in said.stdout
    assert said.stdout.splitlines()[-1] == "unchanged"


@pytest.mark.parametrize(
    ("app", "step"), [("portal", "0000_merged_since"), ("of_a_package_that_is_gone", "0003_x")]
)
def test_steps_that_were_merged_or_belong_to_nobody_hinder_no_start(
    tmp_path: Path, app: str, step: str
) -> None:
    said = run(tmp_path / "home", "-c", _NEWER, app, step, TRAPPAN_PORTAL_DEMO="true")
    assert said.stdout.startswith("started"), said.stderr


def test_an_older_database_is_brought_up_to_date_and_it_is_said(tmp_path: Path) -> None:
    said = run(tmp_path / "home", "-c", _OLDER, TRAPPAN_PORTAL_DEMO="true")
    assert said.stdout.split() == ["older", "0"], said.stderr
    (line,) = [line for line in said.stderr.splitlines() if "brought up to date" in line]
    assert "sessions 0001_initial" in line
