"""Sessions in the database: how long they last, and that no answer is lost because it is busy.

A session ends after half an hour without a request, and in any case some hours after its login
(`TRAPPAN_PORTAL_SESSION_HOURS`): the municipality's login is asked at that moment only, so whoever
was shut out there is in here until then, and so is whoever has the cookie of somebody who never
logs out. Every request makes a session last half an hour more. When that can't be written, the
answer, which has what somebody typed, goes out all the same, and the session lasts as long as it
did before.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, user_logged_in
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as InDatabase
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone

#: In a session: when its person logged in, as seconds since 1970.
BEGAN = "began"
_LOGGER = logging.getLogger(__name__)


class SessionStore(InDatabase):
    """Django's own, but for how long one lasts."""

    def load(self) -> dict[str, Any]:
        """Return what is in it: nothing where its login is too long ago."""
        found: dict[str, Any] = super().load()
        if SESSION_KEY in found and _end_of(found) <= timezone.now():
            # Its row goes with the others that have ended, when the portal starts.
            self._session_key = None
            return {}
        return found

    def get_expiry_date(self, **given: Any) -> datetime:
        """Return when it ends: after half an hour without a request, or as its login does."""
        idle: datetime = super().get_expiry_date(**given)
        return min(idle, _end_of(dict(self.items()))) if SESSION_KEY in self else idle

    def save(self, must_create: bool = False) -> None:
        """Write it; a session in which nothing else is new may stay as it is.

        Raises:
            UpdateError: it was ended meanwhile, or there is something new in it that can't be kept.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if self.modified or not isinstance(error.__context__, OperationalError):
                raise
            _LOGGER.warning("A session was not made to last longer: the database is busy.")


def _end_of(session: dict[str, Any]) -> datetime:
    """When a login ends. One that nobody dated, of before there was an end, is over."""
    began = datetime.fromtimestamp(session.get(BEGAN, 0), UTC)
    return began + timedelta(seconds=settings.SESSION_LONGEST_SECONDS)


def _begin(sender: object, request: HttpRequest, **_: object) -> None:  # noqa: ARG001 - Django's
    request.session[BEGAN] = timezone.now().timestamp()


user_logged_in.connect(_begin, dispatch_uid="a session's login is dated")
