"""A portal that runs while the home gets a new key shows and takes what it did before."""

from __future__ import annotations

from pathlib import Path

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

#: One process: pages before, a note while both keys are at hand, the end, pages after.
_RUNS_ON = """
import django
django.setup()
from pathlib import Path
from django.test import Client
from assets.follow_up.portal_database import PortalDatabase
from assets.upkeep.keys import rotate as rotating
from portal.home import the_home
from portal.login.choices import demo_people
from portal.views.rules import references
from tests.conftest import settings_of
home = the_home()
today = home.today()
school = today.schools["99999901"]
principal = next(one for one in demo_people(home) if one.key in school.principals)
pupil = next(key for key, placed in sorted(today.pupils.items())
             if placed.school_unit_code == "99999901")
page = f"/elev/{references([pupil])[pupil]}/"
client = Client(HTTP_HOST="127.0.0.1")
assert client.post("/valj-person/", {"person": principal.key}).status_code == 302
def shown():
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()
assert "Kanariefågelns anteckning" in shown()
wait = rotating._wait_for_the_latest
def meanwhile(*given):
    done = client.post(page + "uppfoljning/", {"note": "Sagt under tiden"})
    assert done.status_code == 302, done.content
    assert "Sagt under tiden" in shown()
    assert "Kanariefågelns anteckning" in shown()
rotating._wait_for_the_latest = meanwhile
rotating.rotate(rotating.HomeToReseal(settings_of(home.folder), PortalDatabase(home.folder),
                                      latest_seconds=0))
assert "Sagt under tiden" in shown() and "Kanariefågelns anteckning" in shown()
assert client.post(page + "uppfoljning/", {"note": "Sagt efteråt"}).status_code == 302
assert "Sagt efteråt" in shown()
assert client.get("/skola/99999901/delegeringar/").status_code == 200
print(pupil)
"""


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
