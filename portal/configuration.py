"""What an operator sets for the portal, and what the login then says of itself.

Settings are `TRAPPAN_PORTAL_<NAME>`, read once; the login is asked when the portal starts (OpenID
Connect Discovery 1.0).

Not here: what the lake is opened with (`pipelines/settings.py`), Django's own settings
(`settings.py`), which are made of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from assets.follow_up.portal_database import database_file
from rules.errors import TrappanError

LOOPBACK = "127.0.0.1"
_DISCOVERY_SECONDS = 10
_MOST_SESSION_HOURS = 24
_DISCOVERED = {
    "authorization_endpoint": "TRAPPAN_PORTAL_FOUND_AUTHORIZATION",
    "token_endpoint": "TRAPPAN_PORTAL_FOUND_TOKEN",
    "userinfo_endpoint": "TRAPPAN_PORTAL_FOUND_USERINFO",
    "jwks_uri": "TRAPPAN_PORTAL_FOUND_JWKS",
}


class PortalError(TrappanError):
    """The portal can't be started as it is set; the message says what to do."""


class PortalConfiguration(BaseSettings):
    """What an operator can set; see docs/portal.md.

    Attributes:
        url: the address that people open, `https://host`; empty on one's own machine.
        database: `postgresql://user:password@host/name`; empty means a SQLite file in the home.
        oidc_issuer: the address of the login, as its tokens name it.
        oidc_client_id: what the login calls the portal.
        oidc_client_secret: what the portal shows it.
        oidc_client_secret_file: a file with it.
        oidc_trusts_email: the login gives no `email_verified`, but vouches for every address.
        demo: everybody chooses who to be; only on 127.0.0.1, and only where no login is set.
        session_hours: so long after its login a session ends, whatever its person does.
        demo_day: which day it is in the demo, whose files are of one autumn; None for today.
    """

    model_config = SettingsConfigDict(env_prefix="TRAPPAN_PORTAL_", extra="ignore")

    url: str = ""
    database: SecretStr = SecretStr("")
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_client_secret_file: Path | None = None
    oidc_trusts_email: bool = False
    demo: bool = False
    demo_day: date | None = None
    # A working day with its evening, and no night: the next morning the login is asked again.
    session_hours: int = 10

    def checked(self) -> PortalConfiguration:
        """Return these settings when they fit together.

        Raises:
            PortalError: a demo that others could reach, an address without TLS, half a login.
        """
        if self.demo and (self.url or self.oidc_issuer):
            raise PortalError(
                "TRAPPAN_PORTAL_DEMO lets everybody be anybody. Expected it alone: without "
                "TRAPPAN_PORTAL_URL and TRAPPAN_PORTAL_OIDC_ISSUER. Unset one of them."
            )
        if not 1 <= self.session_hours <= _MOST_SESSION_HOURS:
            raise PortalError(
                f"TRAPPAN_PORTAL_SESSION_HOURS is {self.session_hours}. Expected 1 to "
                f"{_MOST_SESSION_HOURS}: the municipality's login is asked at least once a day."
            )
        if self.demo_day is not None and not self.demo:
            raise PortalError("TRAPPAN_PORTAL_DEMO_DAY is the demo's only. Unset it.")
        if self.url:
            parts = urlsplit(self.url)
            if parts.scheme != "https" or not parts.hostname or parts.path not in {"", "/"}:
                raise PortalError(
                    f"TRAPPAN_PORTAL_URL is '{self.url}'. Expected https://HOST or "
                    "https://HOST:PORT: sessions go over TLS only."
                )
        if not self.demo and not (self.oidc_issuer and self.oidc_client_id):
            raise PortalError(
                "Nobody could log in: expected TRAPPAN_PORTAL_OIDC_ISSUER and "
                "TRAPPAN_PORTAL_OIDC_CLIENT_ID (docs/portal.md). To try it on this machine: "
                "make portal."
            )
        issuer = urlsplit(self.oidc_issuer)
        is_own = issuer.hostname in {LOOPBACK, "localhost"} and not self.url
        if self.oidc_issuer and issuer.scheme != "https" and not is_own:
            raise PortalError(
                "TRAPPAN_PORTAL_OIDC_ISSUER has no TLS. Expected an address with https://."
            )
        return self

    @property
    def client_secret(self) -> str:
        """The secret that is shown to the login."""
        if self.oidc_client_secret_file is not None:
            return self.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        return self.oidc_client_secret.get_secret_value()

    def django_database(self, home: Path) -> dict[str, Any]:
        """Return Django's words for the database.

        Raises:
            PortalError: the address is no Postgres'.
        """
        address = self.database.get_secret_value()
        if not address:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database_file(home)),
                # A writer waits for another; each begins by asking for the turn to write.
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
            }
        parts = urlsplit(address)
        if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
            raise PortalError(
                "TRAPPAN_PORTAL_DATABASE is not the address of a Postgres database. Expected "
                "postgresql://USER:PASSWORD@HOST:PORT/NAME."
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }


def discover(issuer: str) -> Mapping[str, str]:
    """Return the login's addresses, by the names under which the settings look for them.

    Raises:
        PortalError: it does not answer, is another issuer, or speaks without TLS.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = requests.get(address, timeout=_DISCOVERY_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise PortalError(
            f"The login does not answer at {address}: {type(error).__name__}. Expected its "
            "configuration as JSON; look at TRAPPAN_PORTAL_OIDC_ISSUER."
        ) from None
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        raise PortalError(
            f"The login at {address} calls itself by another name than "
            "TRAPPAN_PORTAL_OIDC_ISSUER. Expected the same, letter by letter."
        )
    found: dict[str, str] = {}
    for name, variable in _DISCOVERED.items():
        place = said.get(name)
        if not isinstance(place, str) or urlsplit(place).scheme not in _schemes(issuer):
            raise PortalError(f"The login at {address} gives no usable {name}.")
        found[variable] = place
    return found


def _schemes(issuer: str) -> frozenset[str]:
    """Plain HTTP only where the issuer itself is on this machine."""
    return frozenset({"https", urlsplit(issuer).scheme})
