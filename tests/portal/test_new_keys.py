"""A portal that runs while the home gets a new key shows and takes what it did before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.follow_up.portal_database import PortalDatabase
from assets.lake.encryption import Sealer
from assets.lake.key_file import read_keys
from assets.lake.sealed_places import SEALED_IN_PORTAL
from assets.upkeep.keys.resealing import Amounts, Resealing, in_portal
from tests.integration.conftest import AS_OF, trappan
from tests.integration.scale_out_servers import PASSWORD, ROLE, postgres_server
from tests.integration.sealed_home import openings, portal_rows
from tests.portal.lived_in_home import lived_in, run_beside_portal

#: How each of the programs below begins: a principal, and a pupil whose page is open.
_BEGINS = """
import sys
import django
django.setup()
from django.test import Client
from assets.follow_up.portal_database import PortalDatabase
from assets.upkeep.keys import rotate as rotating
from portal.home import the_home
from portal.login.choices import demo_people
from portal.views.rules import references
from tests.conftest import settings_of
home = the_home()
database = PortalDatabase(home.folder)
today = home.today()
school = today.schools["99999901"]
principal = next(one for one in demo_people(home) if one.key in school.principals)
pupil = next(key for key, placed in sorted(today.pupils.items())
             if placed.school_unit_code == "99999901")
page = sys.argv[1] if len(sys.argv) > 1 else f"/elev/{references([pupil])[pupil]}/"
client = Client(HTTP_HOST="127.0.0.1", raise_request_exception=False)
assert client.post("/valj-person/", {"person": principal.key}).status_code == 302
def shown():
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()
def noted(words):
    done = client.post(page + "uppfoljning/", {"note": words})
    assert done.status_code == 302, done.content
    assert words in shown() and "Kanariefågelns anteckning" in shown()
def rotate(meanwhile, **more):
    rotating._wait_for_the_latest = lambda *_: meanwhile()
    rotating.rotate(rotating.HomeToReseal(settings_of(home.folder), database,
                                          latest_seconds=0, **more))
assert "Kanariefågelns anteckning" in shown()
"""
#: One process: pages before, a note while both keys are at hand, the end, pages after.
_RUNS_ON = (
    _BEGINS
    + """
rotate(lambda: noted("Sagt under tiden"))
assert "Sagt under tiden" in shown() and "Kanariefågelns anteckning" in shown()
noted("Sagt efteråt")
assert client.get("/skola/99999901/delegeringar/").status_code == 200
print(pupil)
"""
)
#: One process: pages before, refused from the first write on, and refused after the end.
_IS_REFUSED = (
    _BEGINS
    + """
def events():
    return len(database.rows("portal_event", ["id"], ""))
count = events()
def is_refused():
    answer = client.get(page)
    assert answer.status_code == 503 and "Portalen är stängd en stund" in answer.content.decode()
    for said in ({"note": "Sagt mitt i"}, {"status": "waits"}):
        assert client.post(page + "uppfoljning/", said).status_code == 503
    assert events() == count
rotate(is_refused, pupil_keys=True)
is_refused()
print(page)
"""
)
#: Another process after it: the same address shows the same pupil, with what was noted before.
_IS_BACK = (
    _BEGINS
    + """
noted("Sagt efteråt")
for path in ("/skola/99999901/", "/skola/99999901/delegeringar/"):
    assert client.get(path).status_code == 200
"""
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a night, a frozen week, a delivery and a follow-up."""
    return lived_in(tmp_path_factory.mktemp("new keys"))


def asked(home: Path, pupil: str) -> dict[str, str]:
    """Return what commands answer about a home: nothing of it may change."""
    ways: dict[str, tuple[object, ...]] = {
        "rates": ("--month", "2026-11", "--identities", "--format", "json"),
        "flags": ("--as-of", AS_OF, "--all", "--identities", "--format", "json"),
        "explain": (pupil, "--as-of", AS_OF, "--identities"),
        "files": ("--rejected", "--identities", "--format", "json"),
        "access": ("--pupil", pupil, "--format", "json"),
        "deliver": ("--dry-run",),
    }
    answers = {}
    for command, words in ways.items():
        said = trappan("--home", home, command, *words)
        assert said.status in {0, 3}, (command, said.err)
        answers[command] = said.out
    return answers


def test_a_portal_that_runs_goes_on_and_all_answers_are_as_before(lived: Path) -> None:
    before = read_keys(lived)
    pages = {path: path.read_bytes() for path in (lived / "lists").rglob("*.html")}
    # Whose page is opened: rates may begin with another's.
    noted = "WHERE sealed_text IS NOT NULL"
    ((pupil,), *_) = PortalDatabase(lived).rows("portal_event", ["pupil_key"], noted)
    answers = asked(lived, pupil)
    done = run_beside_portal(lived, _RUNS_ON)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split()[-1] == pupil
    now = read_keys(lived)
    old, new = Sealer(before.identity, hashes=now.hashes), Sealer.of_home(lived)
    assert [name for _, name, opens in openings(lived, old) if opens] == []
    assert [name for _, name, opens in openings(lived, new) if not opens] == []
    after = asked(lived, pupil)
    # Of who opened a pupil there is more to tell.
    assert after.pop("access").count("\n") > answers.pop("access").count("\n")
    assert after == answers
    assert {path: path.read_bytes() for path in pages} == pages
    said = trappan("--home", lived, "verify")
    assert (said.status, said.err) == (0, "")


def test_a_portal_on_a_server_is_sealed_again_as_a_file_is(tmp_path: Path) -> None:
    old, new = Sealer.unkept(), Sealer.unkept()
    with postgres_server() as server:
        server.database("portal")
        address = f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{server.port}/portal"
        database = PortalDatabase(tmp_path, address)
        from sqlalchemy import text

        engine = database.engine(may_write=True)
        with engine.begin() as connection:
            for statement, values in portal_rows(old, "bytea"):
                named = {f"v{number}": value for number, value in enumerate(values)}
                for name in named:
                    statement = statement.replace("?", f":{name}", 1)  # noqa: PLW2901
                connection.execute(text(statement), named)
        engine.dispose()
        number = len(SEALED_IN_PORTAL) + 2
        looked = in_portal(database, Resealing(old, new, changes=False))
        assert looked == Amounts(of_old=number)
        assert in_portal(database, Resealing(old, new, changes=True)) == Amounts(of_new=number)
        assert in_portal(database, Resealing(old, new, changes=True)) == Amounts(of_new=number)
        assert in_portal(database, Resealing(new, old, changes=False)) == Amounts(of_old=number)


def test_a_portal_is_refused_while_pupils_get_new_keys_and_shows_all_after_it(
    lived: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home, symlinks=True)
    before = Sealer.of_home(home)
    noted = "WHERE sealed_text IS NOT NULL"
    ((pupil,), *_) = PortalDatabase(home).rows("portal_event", ["pupil_key"], noted)
    answers = asked(home, pupil)
    done = run_beside_portal(home, _IS_REFUSED)
    assert done.returncode == 0, done.stderr[-3000:]
    again = run_beside_portal(home, _IS_BACK, done.stdout.split()[-1])
    assert again.returncode == 0, again.stderr[-3000:]
    after = Sealer.of_home(home)
    (now,) = {
        key
        for (key,) in PortalDatabase(home).rows("portal_event", ["pupil_key"], "")
        if after.first_text(key) == before.first_text(pupil)
    }
    assert now != pupil
    found = asked(home, now)
    for answer in (answers, found):
        # Who opened a pupil is more; rows are in the order of keys.
        del answer["access"]
    for command in ("rates", "flags"):
        rows = [json.loads(answer.pop(command)) for answer in (answers, found)]
        names = [sorted(_without_keys(one) for one in _rows_of(said)) for said in rows]
        assert names[0] == names[1] != []
    assert found["explain"].replace(now, pupil) == answers["explain"]
    assert found["files"] == answers["files"]
    assert found["deliver"] == answers["deliver"]
    said = trappan("--home", home, "verify")
    assert (said.status, said.err) == (0, "")


def _rows_of(said: Any) -> Any:
    return said["rows"] if isinstance(said, dict) else said


def _without_keys(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if not name.endswith("_key")})
