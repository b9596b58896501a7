"""How often a login may fail, and who is counted as one.

No password is typed here: guesses at one are counted by the municipality's login. What can be sent
here is the end of a login (`state` and `code`); both are of 128 bits or more, the state counts in
the browser that began alone, and the code is bound to that login by PKCE. So what is held back is
how often somebody makes the portal ask the login in vain:

- a browser in which somebody has logged in before is counted by itself, by a cookie that says
  nothing of anybody;
- all other browsers of an address are counted together, and may fail more often: a whole school
  can sit behind one address. When one person there uses that up, those who were here before still
  log in, and whoever is logged in goes on.

Counted is by quarters of the clock, so that a mistake now and then never adds up. Not here: the
counting itself (django-axes).
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

import requests
from axes.models import AccessBase
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

#: Failures in a quarter of an hour after which a browser waits, or all unknown ones of an address.
OF_A_BROWSER, OF_AN_ADDRESS = 10, 100
_QUARTER = 15 * 60
_KNOWN_FOR = 180 * 24 * 3600
_SALT = "a browser in which somebody has logged in"
_BROWSER = "browser "


def who_fails(request: HttpRequest, credentials: object = None) -> str:  # noqa: ARG001 - axes' form
    """Return who is counted as one: a known browser, or what is unknown; by quarter of the clock.

    Args:
        request: what is asked.
        credentials: as django-axes gives them; nobody types any here.
    """
    known = _known_browser(request)
    one = f"{_BROWSER}{known}" if known else "unknown browsers"
    return f"{one} {int(timezone.now().timestamp()) // _QUARTER}"


def counted_by(asked: HttpRequest | AccessBase, credentials: object = None) -> list[Any]:
    """Return by what failures are counted: a known browser wherever it is, all others by address.

    Args:
        asked: what is asked, or a failure of before.
        credentials: as django-axes gives them.
    """
    one = asked.username if isinstance(asked, AccessBase) else who_fails(asked, credentials)
    return ["username"] if (one or "").startswith(_BROWSER) else [["ip_address", "username"]]


def most_failures(request: HttpRequest, credentials: object = None) -> int:
    """Return how often that one may fail in a quarter of an hour."""
    is_known = who_fails(request, credentials).startswith(_BROWSER)
    return OF_A_BROWSER if is_known else OF_AN_ADDRESS


def know_browser(request: HttpRequest, answer: HttpResponse) -> None:
    """Let a browser in which somebody logged in be known again: by a random name, signed."""
    answer.set_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        _known_browser(request) or secrets.token_urlsafe(16),
        salt=_SALT,
        max_age=_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: HttpRequest) -> str:
    found = request.get_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME, "", salt=_SALT, max_age=_KNOWN_FOR
    )
    return str(found)


def is_an_outage(error: requests.RequestException) -> bool:
    """Whether the login did not answer, or is broken: not whether it refused what was sent."""
    answer = error.response
    return answer is None or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
