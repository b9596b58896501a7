"""What is said when something is not as it should be: words, and never what was asked for."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_LOGGER = logging.getLogger(__name__)


def _said(request: HttpRequest, status: int, heading: str, words: str) -> HttpResponse:
    context = {"heading": heading, "words": words}
    return render(request, "portal/error.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page that does not exist, or is not the reader's: it is not told which."""
    return _said(
        request, 404, "Sidan finns inte", "Den finns inte, eller så är den inte din att läsa."
    )


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that is refused."""
    return _said(request, 403, "Det går inte", "Du får inte göra det.")


def not_understood(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no page of ours makes."""
    return _said(request, 400, "Det gick inte att förstå", "Gå tillbaka och försök igen.")


def broken(request: HttpRequest) -> HttpResponse:
    """Something of ours is wrong; the log has its kind."""
    return _said(
        request,
        500,
        "Något gick fel hos oss",
        "Inget har sparats. Försök igen om en stund; säg till driften om det fortsätter.",
    )


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the session's token: sent from elsewhere, or after the session ended."""
    return _said(
        request,
        403,
        "Formuläret är för gammalt",
        "Inget har sparats. Gå tillbaka, kopiera det du skrev, läs om sidan och spara igen.",
    )
