"""A pupil is erased from databases of a Postgres server too, and one that is killed is ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.erasure import erase as erasing
from assets.upkeep.erasure.journal import unfinished
from assets.upkeep.erasure.search import traces
from pipelines.settings import Settings
from tests.architecture.sources import ROOT
from tests.faults.test_stopped_erasures import _KILLED, run
from tests.integration.conftest import trappan
from tests.integration.erased_home import NUMBER, OTHERS, SCHOOL, erase, key_of, offer_small
from tests.integration.scale_out_servers import PASSWORD, ROLE, Postgres, postgres_server
from tests.integration.test_erasure import words_of

AS_OF = "2026-10-11"
_MIGRATED = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
#: What the portal keeps of a pupil: said and taken back, named, handed on, opened; and a session.
_SAID = """
INSERT INTO portal_event (public_id, pupil_key, school_unit_code, kind, value, sealed_text,
  author_key, role, recorded_at) VALUES ('event-{n}', '{key}', '{school}', 'mentor_status',
  'contacted', 'sealed of {key}', 'a', 'mentor', now());
INSERT INTO portal_event (public_id, pupil_key, school_unit_code, kind, value, sealed_text,
  author_key, role, recorded_at) VALUES ('note-{n}', '{key}', '{school}', 'note',
  '', 'note of {key}', 'a', 'mentor', now());
INSERT INTO portal_event (public_id, pupil_key, school_unit_code, kind, value, author_key, role,
  recorded_at, withdraws_id) SELECT 'back-{n}', '{key}', '{school}', 'withdrawal', '', 'a',
  'mentor', now(), id FROM portal_event WHERE public_id = 'event-{n}';
INSERT INTO portal_pupilreference (public_id, pupil_key) VALUES ('p{n}', '{key}');
INSERT INTO portal_delegation (public_id, school_unit_code, giver_key, receiver_key,
  sealed_receiver, sealed_purpose, is_whole_school, until, given_at)
  VALUES ('d{n}', '{school}', 'g', 'r', 'x', 'about {key}', false, '2026-12-31', now());
INSERT INTO portal_handedpupil (delegation_id, pupil_key)
  SELECT id, '{key}' FROM portal_delegation WHERE public_id = 'd{n}';
INSERT INTO portal_accessentry (at, person_key, role, kind, school_unit_code, pupil_key)
  VALUES (now(), 'a', 'mentor', 'pupil', '{school}', '{key}');
INSERT INTO django_session (session_key, session_data, expire_date)
  VALUES ('s{n}', 'anything', now());
"""
#: The steps that reach a server, before and after.
_LAKE, _PORTAL, _PAST = 1, 5, len(erasing.STEPS)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a night of one pupil and another."""
    home = tmp_path_factory.mktemp("servers") / "home"
    offer_small(home)
    said = trappan("--home", home, "nightly", "--as-of", AS_OF)
    assert said.status in {0, 3}, said.err
    return home


def portal_on(server: Postgres, name: str, home: Path) -> str:
    """Make a portal's database, in which something was said of both pupils; return its address."""
    server.database(name)
    address = f"postgresql://{ROLE}:{quote(PASSWORD)}@127.0.0.1:{server.port}/{name}"
    subprocess.run(
        [sys.executable, "-c", _MIGRATED],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TRAPPAN_HOME": str(home),
            "TRAPPAN_PORTAL_DATABASE": address,
            "TRAPPAN_PORTAL_DEMO": "true",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        },
        check=True,
    )
    sealer = Sealer.of_home(home)
    for number, pupil in enumerate((NUMBER, OTHERS[0]), 1):
        server.sql(_SAID.format(n=number, key=key_of(sealer, pupil), school=SCHOOL), name)
    # What the server's own housekeeping does: it counts which values are common.
    server.sql("ANALYZE", name)
    return address


@pytest.mark.parametrize("killed", ["", "before", "after"])
def test_a_portal_on_a_server_loses_the_pupil_and_keeps_the_others(
    filled: Path,
    tmp_path: Path,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    killed: str,
) -> None:
    home, name = tmp_path / "home", f"portal_{killed or 'whole'}"
    shutil.copytree(filled, home, symlinks=True)
    address = portal_on(server, name, home)
    key, other = (key_of(Sealer.of_home(home), one) for one in (NUMBER, OTHERS[0]))
    monkeypatch.setenv("TRAPPAN_PORTAL_DATABASE", address)
    assert server.found(name, key)
    if killed:
        assert run(_KILLED, home, _PORTAL, killed).returncode == -signal.SIGKILL
        assert unfinished(home, Sealer.of_home(home))
        said = trappan("--home", home, "erase", "--unfinished")
    else:
        planned = erase(home, NUMBER, "--plan")
        assert "6  portal rows" in planned.out
        said = erase(home)
    assert said.status == 0, said.err
    assert PASSWORD not in said.out + said.err
    assert server.found(name, key) == []
    counts = {
        table: server.sql(f"SELECT count(*) FROM {table}", name).strip()
        for table in (
            "portal_event",
            "portal_pupilreference",
            "portal_delegation",
            "portal_handedpupil",
            "portal_accessentry",
            "django_session",
        )
    }
    assert list(counts.values()) == ["3", "1", "1", "1", "2", "0"], counts
    assert other in server.dump(name)


def test_a_portal_whose_server_is_away_leaves_the_erasure_unfinished(
    filled: Path, tmp_path: Path, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home, symlinks=True)
    address = portal_on(server, "portal_away", home)
    monkeypatch.setenv("TRAPPAN_PORTAL_DATABASE", address)
    server.stop()
    try:
        said = erase(home)
    finally:
        server.start()
    assert said.status == 1
    assert "The portal's database does not answer" in said.err
    assert PASSWORD not in said.err
    night = trappan("--home", home, "ingest", home / "inbox")
    assert night.status == 1
    assert "trappan erase --unfinished" in night.err
    assert trappan("--home", home, "erase", "--unfinished").status == 0
    assert server.found("portal_away", key_of(Sealer.of_home(home), NUMBER)) == []


@pytest.mark.parametrize(
    ("step", "when"),
    [(None, ""), (_LAKE, "before"), (_LAKE, "after"), (_PAST, "before"), (_PAST, "after")],
)
def test_a_lake_whose_catalog_is_a_servers_loses_the_pupil(
    tmp_path: Path,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    step: int | None,
    when: str,
) -> None:
    home, name = tmp_path / "home", f"lake_{step}_{when or 'whole'}".lower()
    monkeypatch.setenv("TRAPPAN_CATALOG", server.database(name))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    offer_small(home)
    said = trappan("--home", home, "nightly", "--as-of", AS_OF)
    assert said.status in {0, 3}, said.err
    server.sql("ANALYZE", name)
    if step is not None:
        assert run(_KILLED, home, step, when).returncode == -signal.SIGKILL
        assert trappan("--home", home, "ingest", home / "inbox").status == 1
        said = trappan("--home", home, "erase", "--unfinished")
    else:
        said = erase(home)
    assert said.status == 0, said.err
    sealer = Sealer.of_home(home)
    with Lake.open(Settings(home=home).lake) as lake:
        assert traces(lake, words_of(sealer)) == []
        assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(1,)]
    assert server.found(name, key_of(sealer, NUMBER), NUMBER, NUMBER.replace("-", "")) == []
    assert trappan("--home", home, "nightly", "--as-of", AS_OF).status in {0, 3}
    assert trappan("--home", home, "verify").status == 0
