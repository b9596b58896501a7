"""On one's own machine: everybody chooses who to be. Never together with a real login."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from portal.home import the_home
from portal.login.people import person_with
from portal.models import Person
from portal.settings import IS_DEMO


class ChosenPerson(BaseBackend):
    """Lets in whom somebody chose."""

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django gives it
        **credentials: Any,
    ) -> Person | None:
        """Return the chosen person; None where this is no demo."""
        address = credentials.get("chosen_address")
        if not IS_DEMO or not isinstance(address, str):
            return None
        return person_with(the_home(), address)

    def get_user(self, user_id: int) -> Person | None:
        """Return a person by number; nobody where this is no demo, whatever a session says."""
        return Person.objects.filter(pk=user_id).first() if IS_DEMO else None
