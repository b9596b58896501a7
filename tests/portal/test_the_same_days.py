"""The portal and the lists of a night say the same of the same home, and read the same columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assets.follow_up.portal_database import COLUMNS, EVENTS
from tests.integration.followed_home import ANNA, filled, night, recorded, standing_list

ROOT = Path(__file__).resolve().parents[2]
#: The day after the night's: when its lists are read.
DAY = "2026-10-10"
COLUMNS_OF_MODEL = """
from portal.models import Event
print(json.dumps([Event._meta.db_table, [field.column for field in Event._meta.fields]]))
"""
RECORD = """
from datetime import datetime
from portal.models import Event
for one in json.loads(sys.stdin.read()):
    Event.objects.create(
        pupil_key=one["pupil_key"], school_unit_code="99999901", kind=one["kind"],
        value=one["value"], on_date=one.get("on_date"), author_key="somebody", role="principal",
        recorded_at=datetime.fromisoformat(f"2026-{one['at']}T08:00:00+00:00"),
        withdraws_id=one.get("withdraws"),
    )
print("{}")
"""
PAGE = """
from html import unescape
import re
from django.test import Client
from portal.home import the_home
from portal.login.people import person_with
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(
    person_with(the_home(), json.loads(sys.stdin.read())), "portal.login.demo.ChosenPerson"
)
page = unescape(client.get("/mina/").content.decode())
rows = re.findall(r'<li class="row.*?</li>', page, re.DOTALL)
def said(pattern, row):
    found = re.search(pattern, row, re.DOTALL)
    return found[1] if found else None
print(json.dumps({
    said(r"<h3><a[^>]*>([^,<]*)", row): [
        said(r"(\\d+) skoldagar utan åtgärd", row), 'class="overdue"' in row,
    ] for row in rows
}))
"""


def in_portal(home: Path, code: str, given: object = None) -> Any:
    """Run code in a process of the portal, and return what it prints as JSON."""
    start = (
        "import json, sys, django\ndjango.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "call_command('collectstatic', interactive=False, verbosity=0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        env=os.environ
        | {"TRAPPAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "portal.settings"}
        | {"TRAPPAN_PORTAL_DEMO": "true", "TRAPPAN_PORTAL_DEMO_DAY": DAY},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = filled(tmp_path_factory.mktemp("same"))
    in_portal(made, RECORD, recorded(made))
    said = night(made)
    assert said.status == 0, said.err
    return made


def test_the_columns_that_are_read_are_those_of_the_model(home: Path) -> None:
    table, columns = in_portal(home, COLUMNS_OF_MODEL)
    assert table == EVENTS
    assert set(COLUMNS) <= set(columns)


def test_portal_and_list_say_the_same_days_without_an_act(home: Path) -> None:
    of_list = {
        row.family_name: [str(row.follow_up.idle_days), row.is_overdue]
        for row in standing_list(home).pupils
        if row.follow_up
    }
    assert len(of_list) == 4
    assert in_portal(home, PAGE, ANNA) == of_list
