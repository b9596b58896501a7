"""Sessions in the database, where an answer is not lost because the database is busy.

Every request makes a session last half an hour more. When that can't be written, the answer, which
has what somebody typed, goes out all the same, and the session lasts as long as it did before.
"""

from __future__ import annotations

import logging

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as InDatabase
from django.db import OperationalError

_LOGGER = logging.getLogger(__name__)


class SessionStore(InDatabase):
    """Django's own, but for a session that only lasts longer."""

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
