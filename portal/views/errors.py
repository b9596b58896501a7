"""What is said when something is not as it should be: words, and never what was asked for.

Only what somebody typed into a form is said again, to who typed it: it would be lost otherwise.
"""

from __future__ import annotations

import sys

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from assets.lake.encryption import KeyFileError

#: Fields into which people write words of their own, and what they are called.
_WRITTEN = {
    "note": "Anteckning",
    "reason": "Varför",
    "goal": "Mål",
    "done": "Vad skolan har gjort",
    "question": "Frågan",
    "purpose": "Vad det gäller",
    "receiver": "Personens e-postadress",
}


def _said(
    request: HttpRequest, status: int, heading: str, words: str, *, is_again: bool = False
) -> HttpResponse:
    context = {
        "heading": heading,
        "words": words,
        "written": written(request) if is_again else [],
    }
    return render(request, "portal/error.html", context, status=status)


def written(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what somebody wrote into a form, and what each field is called."""
    given = request.POST if request.method == "POST" else {}
    return [
        (name, given[field]) for field, name in _WRITTEN.items() if given.get(field, "").strip()
    ]


def logged_out(request: HttpRequest) -> HttpResponse:
    """A form of who is logged in no more: nothing is kept, and what was written is there."""
    return _said(
        request,
        401,
        "Du är utloggad",
        "Inget har sparats. Kopiera det du skrev, logga in igen och spara på nytt.",
        is_again=True,
    )


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
    trouble = sys.exc_info()[1]
    if isinstance(trouble, KeyFileError):
        return _said(
            request,
            503,
            "Portalen är stängd en stund",
            "Driften byter nycklar. Inget har sparats. Försök igen om en stund; säg till driften "
            "om det fortsätter.",
            is_again=True,
        )
    if isinstance(trouble, DatabaseTrouble):
        return _said(
            request,
            503,
            "Databasen är upptagen eller borta",
            "Inget har sparats. Försök igen om en stund; säg till driften om det fortsätter.",
            is_again=True,
        )
    return _said(
        request,
        500,
        "Något gick fel hos oss",
        "Inget har sparats. Försök igen om en stund; säg till driften om det fortsätter.",
        is_again=True,
    )


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the session's token: sent from elsewhere, or after the session ended."""
    return _said(
        request,
        403,
        "Formuläret är för gammalt",
        "Inget har sparats. Gå tillbaka, kopiera det du skrev, läs om sidan och spara igen.",
    )
