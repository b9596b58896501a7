"""A portal whose database is a Postgres server's is read as the home's own file is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from assets.follow_up.portal_database import PortalAwayError, PortalDatabase
from assets.upkeep.backup.copies import dump_postgres
from assets.upkeep.backup.manifest import BackupError
from tests.integration.scale_out_servers import PASSWORD, ROLE, Postgres, postgres_server

PUPIL = "c789e912-623b-c8c9-3766-21041574cf76"
#: As the portal's migrations make it on Postgres.
TABLE = """
CREATE TABLE portal_event (
  id bigint PRIMARY KEY, public_id varchar(22), pupil_key varchar(36) NOT NULL,
  school_unit_code varchar(8) NOT NULL, kind varchar(40) NOT NULL, value varchar(80) NOT NULL,
  on_date date, sealed_text bytea, author_key varchar(36), role varchar(20) NOT NULL,
  recorded_at timestamptz NOT NULL, withdraws_id bigint
)"""


@pytest.fixture(scope="module")
def portal_server() -> Iterator[Postgres]:
    with postgres_server() as server:
        server.database("portal")
        server.sql(TABLE, "portal")
        server.sql(f"GRANT SELECT ON portal_event TO {ROLE}", "portal")
        yield server


def address(server: Postgres, name: str) -> str:
    return f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{server.port}/{name}"


def test_events_of_a_server_come_with_day_and_moment(
    portal_server: Postgres, tmp_path: Path
) -> None:
    rows = (
        (
            f"(1, 'a', '{PUPIL}', '99999901', 'next_date', '', '2026-11-30', NULL, 'b', "
            "'principal', '2026-11-23 00:30:00+01', NULL)"
        ),
        (
            f"(2, 'c', '{PUPIL}', '99999901', 'note', '', NULL, 'text', 'b', 'mentor', "
            "'2026-11-23 09:00:00+01', NULL)"
        ),
    )
    portal_server.sql(f"INSERT INTO portal_event VALUES {', '.join(rows)}", "portal")
    found = PortalDatabase(tmp_path, address(portal_server, "portal")).recorded()
    assert found.rows_read == len(found.events) == 2
    first, second = found.events
    assert (first.pupil_key, first.kind, str(first.on_date)) == (
        UUID(PUPIL),
        "next_date",
        "2026-11-30",
    )
    assert str(first.recorded_at) == "2026-11-22 23:30:00"
    assert (second.kind, second.role) == ("act", "")


def test_a_server_that_is_away_is_said_without_its_password(
    portal_server: Postgres, tmp_path: Path
) -> None:
    for place in (
        address(portal_server, "no_such_database"),
        "postgresql://u:secret-word@127.0.0.1:1/x",
    ):
        with pytest.raises(PortalAwayError) as raised:
            PortalDatabase(tmp_path, place).recorded()
        assert "does not answer" in str(raised.value)
        assert "secret-word" not in str(raised.value)
        assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "wrong",
    ["mysql://u:secret-word@db/portal", "postgresql://u:secret-word@db:port/x", "secret-word"],
)
def test_an_address_that_is_none_is_said_without_it(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(PortalAwayError) as raised:
        PortalDatabase(tmp_path, wrong).recorded()
    assert "is not the address of a Postgres database" in str(raised.value)
    assert "secret-word" not in str(raised.value)


@pytest.mark.parametrize("form", ["address", "words"])
def test_a_backup_has_a_dump_of_a_server_without_its_password(
    portal_server: Postgres, tmp_path: Path, form: str
) -> None:
    row = f"1, 'a', '{PUPIL}', '99999901', 'act', 'kanarie', NULL, NULL, 'b', 'mentor', now(), NULL"
    portal_server.sql(
        f"DELETE FROM portal_event; INSERT INTO portal_event VALUES ({row})", "portal"
    )
    words = f"dbname=portal host=127.0.0.1 port={portal_server.port} user={ROLE}"
    of = {
        "address": address(portal_server, "portal"),
        "words": f"{words} password={PASSWORD}",
    }[form]
    target = tmp_path / "portal.pgdump"
    dump_postgres(of, target, "TRAPPAN_PORTAL_DATABASE")
    assert [path.name for path in tmp_path.iterdir()] == [target.name], "no password is left"
    assert target.stat().st_mode & 0o077 == 0
    said = subprocess.run(
        ["pg_restore", "--file=-", target], capture_output=True, text=True, check=True
    )
    assert f"{PUPIL}\t99999901\tact\tkanarie" in said.stdout
    with pytest.raises(BackupError, match="pg_dump could not copy") as caught:
        dump_postgres(of.replace(PASSWORD, "secret-word"), target, "TRAPPAN_PORTAL_DATABASE")
    assert "secret-word" not in str(caught.value)


def test_a_server_without_the_tool_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not installed here"):
        dump_postgres("postgresql://u:p@127.0.0.1:1/x", tmp_path / "x", "TRAPPAN_CATALOG")
