"""The portal as it is set for real: in processes of their own, with the settings of an operator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.configuration import PortalConfiguration, PortalError

URL, ISSUER = "https://portal.stad.example", "https://login.stad.example"
REAL = {
    "TRAPPAN_PORTAL_URL": URL,
    "TRAPPAN_PORTAL_OIDC_ISSUER": ISSUER,
    "TRAPPAN_PORTAL_OIDC_CLIENT_ID": "portal",
    "TRAPPAN_PORTAL_OIDC_CLIENT_SECRET": "kanariefågelns-hemlighet",
}
ROOT = Path(__file__).resolve().parents[2]


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a home with such settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        env={
            **kept,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "TRAPPAN_HOME": str(home),
            **settings,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_djangos_own_look_at_a_deployment_finds_nothing(tmp_path: Path) -> None:
    looked = run(
        tmp_path / "home", "-m", "django", "check", "--deploy", "--fail-level", "WARNING", **REAL
    )
    assert looked.returncode == 0, looked.stderr
    assert "no issues" in looked.stdout
    assert "hemlighet" not in looked.stdout + looked.stderr


_ASKED = """
import json, django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.conf import settings
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
def ask(path, **given):
    answer = Client(HTTP_HOST="portal.stad.example").get(path, **given)
    cookies = {name: dict(one.items()) for name, one in answer.cookies.items()}
    return {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies}
tls = {"HTTP_X_FORWARDED_PROTO": "https"}
print(json.dumps({
    "plain": ask("/logga-in/"),
    "tls": ask("/logga-in/", **tls),
    "login": ask("/inloggning/authenticate/", **tls),
    "other": Client(HTTP_HOST="ond.example").get("/logga-in/", **tls).status_code,
    "choose": Client(HTTP_HOST="portal.stad.example").post("/valj-person/", {}, **tls).status_code,
    "csrf": settings.CSRF_COOKIE_NAME,
    "mode": oct((settings.HOME / "portal" / "portal.sqlite").stat().st_mode & 0o777),
}))
"""


def test_over_tls_cookies_and_addresses_are_for_tls_alone(tmp_path: Path) -> None:
    done = run(
        tmp_path / "home",
        "-c",
        _ASKED,
        TRAPPAN_PORTAL_FOUND_AUTHORIZATION=f"{ISSUER}/authorize",
        **REAL,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["plain"]["status"] == 301
    assert said["plain"]["headers"]["Location"] == f"{URL}/logga-in/"
    assert said["tls"]["status"] == 200
    assert "max-age=31536000" in said["tls"]["headers"]["Strict-Transport-Security"]
    assert said["login"]["headers"]["Location"].startswith(f"{ISSUER}/authorize?")
    assert (
        "redirect_uri=https%3A%2F%2Fportal.stad.example%2F"
        in (said["login"]["headers"]["Location"])
    )
    cookie = said["login"]["cookies"]["__Host-trappan"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")
    assert said["csrf"] == "__Host-trappan-csrf"
    assert (said["other"], said["choose"], said["mode"]) == (400, 404, "0o600")


DEMO = {"demo": True, "demo_day": date(2026, 11, 23)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (DEMO | {"url": URL}, "lets everybody be anybody"),
        (DEMO | {"oidc_issuer": ISSUER}, "lets everybody be anybody"),
        ({"demo_day": date(2026, 11, 23)}, "the demo's only"),
        ({}, "Nobody could log in"),
        ({"oidc_issuer": ISSUER}, "Nobody could log in"),
        ({"oidc_client_id": "portal"}, "Nobody could log in"),
        ({"oidc_issuer": "http://login.example", "oidc_client_id": "p"}, "no TLS"),
        (
            {"oidc_issuer": "http://127.0.0.1:1", "oidc_client_id": "p", "url": URL},
            "no TLS",
        ),
        ({"oidc_issuer": ISSUER, "oidc_client_id": "p", "url": "http://a.example"}, "https://"),
        ({"oidc_issuer": ISSUER, "oidc_client_id": "p", "url": f"{URL}/portal"}, "https://"),
        ({"oidc_issuer": ISSUER, "oidc_client_id": "p", "url": "portal"}, "https://"),
    ],
)
def test_settings_that_do_not_fit_together_are_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(PortalError, match=words):
        PortalConfiguration(**settings).checked()


@pytest.mark.parametrize(
    "settings",
    [
        DEMO,
        {"oidc_issuer": ISSUER, "oidc_client_id": "p", "url": URL},
        {"oidc_issuer": ISSUER, "oidc_client_id": "p", "url": f"{URL}:8443/"},
        {"oidc_issuer": "http://127.0.0.1:1", "oidc_client_id": "p"},
    ],
)
def test_settings_that_fit_together_are_taken(settings: dict[str, Any]) -> None:
    configuration = PortalConfiguration(**settings)
    assert configuration.checked() is configuration


def test_no_server_of_wsgi_is_given_a_demo_that_others_could_reach(tmp_path: Path) -> None:
    done = run(
        tmp_path / "home",
        "-c",
        "import portal.wsgi",
        TRAPPAN_PORTAL_DEMO="true",
        TRAPPAN_PORTAL_URL=URL,
    )
    assert done.returncode == 1
    assert "lets everybody be anybody" in done.stderr


def test_the_command_refuses_an_address_of_others_without_tls(tmp_path: Path) -> None:
    done = run(
        tmp_path / "home",
        "-c",
        "from pipelines.command import main; main()",
        "portal",
        "--address",
        "0.0.0.0",  # noqa: S104 - what is to be refused
        TRAPPAN_PORTAL_DEMO="true",
    )
    assert done.returncode != 0
    assert "without TLS" in done.stderr


@pytest.mark.parametrize(
    "address",
    ["mysql://a:b@c/d", "postgresql://a:b@c/", "sqlite:///x", "host=a dbname=b"],
)
def test_a_database_that_is_none_of_ours_is_told_without_its_password(address: str) -> None:
    configuration = PortalConfiguration(database=address)
    with pytest.raises(PortalError, match="not the address of a Postgres") as told:
        configuration.django_database(Path("/nowhere"))
    assert address not in str(told.value)
    assert address not in repr(configuration)


def test_a_servers_address_is_taken_apart_letter_by_letter() -> None:
    address = "postgresql://us%40er:p%3Ass@db.example:5433/portal?sslmode=require"
    found = PortalConfiguration(database=address).django_database(Path("/nowhere"))
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("us@er", "p:ss", "db.example")
    assert (found["PORT"], found["NAME"]) == ("5433", "portal")
    assert found["OPTIONS"] == {"sslmode": "require"}


_PREPARED = """
from pathlib import Path
import os
left = Path(os.environ["TRAPPAN_HOME"]) / "portal" / "read-abc"
left.mkdir(parents=True)
(left / "deltagare.xlsx").write_bytes(b"PK")
from portal.serve import prepare
prepare()
from datetime import UTC, datetime, timedelta
from django.contrib.sessions.models import Session
now = datetime.now(UTC)
for name, days in (("gammal", -1), ("ny", 1)):
    Session.objects.create(
        session_key=name, session_data="", expire_date=now + timedelta(days)
    )
prepare()
print(left.exists(), *Session.objects.values_list("session_key", flat=True))
"""


def test_a_start_clears_what_a_killed_portal_left_and_ended_sessions(tmp_path: Path) -> None:
    said = run(tmp_path / "home", "-c", _PREPARED, TRAPPAN_PORTAL_DEMO="true")
    assert said.stdout.split() == ["False", "ny"], said.stderr
