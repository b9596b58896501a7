"""The municipality's login by OpenID Connect (OpenID Connect Core 1.0).

The library asks, checks the state and finds the key; the ID token is checked here as 3.1.3.7 asks
for, because the library leaves out issuer, audience and authorised party, and allows clocks no
difference. An address counts only when the login has verified it. Not here: what the person may
(`portal/rights.py`).
"""

from __future__ import annotations

import logging
from typing import Any

import jwt
import requests
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from assets.delivery.recipients import is_address
from portal.home import the_home
from portal.login.guessing import is_an_outage, know_browser
from portal.login.people import person_with
from portal.models import Person
from portal.settings import CONFIGURATION
from rules.errors import TrappanError

_LEEWAY_SECONDS = 60
#: What the library meets in keys that are not of the form they should have.
_UNLIKE_A_KEY = (KeyError, TypeError, ValueError, AttributeError)
_LOGGER = logging.getLogger(__name__)


class RefusedLoginError(TrappanError, SuspiciousOperation):
    """The login's answer is not to be believed; says which part, and no value."""


class MunicipalLogin(OIDCAuthenticationBackend):  # type: ignore[misc]
    """People as the municipality's login vouches for them."""

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of an ID token.

        Raises:
            RefusedLoginError: it is unsigned, of another issuer, for another client, too old, or
                an answer to another question.
        """
        nonce = kwargs.get("nonce")
        if not nonce:
            raise RefusedLoginError("no nonce")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.retrieve_matching_jwk(token),
                algorithms=[self.OIDC_RP_SIGN_ALGO],
                audience=self.OIDC_RP_CLIENT_ID,
                issuer=CONFIGURATION.oidc_issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except (jwt.PyJWTError, SuspiciousOperation, *_UNLIKE_A_KEY) as error:
            raise RefusedLoginError(f"the ID token: {type(error).__name__}") from None
        if claims["nonce"] != nonce:
            raise RefusedLoginError("the ID token answers another question")
        audience = claims["aud"]
        is_for_several = isinstance(audience, list) and len(audience) > 1
        if is_for_several and claims.get("azp") != self.OIDC_RP_CLIENT_ID:
            raise RefusedLoginError("the ID token is for several, and not by us")
        return claims

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """Return the key that a token names; the login's only one where it names none (10.1).

        Raises:
            RefusedLoginError: it names none, and the login has several.
        """
        if "kid" in jwt.get_unverified_header(token):
            named: jwt.PyJWK = super().retrieve_matching_jwk(token)
            return named
        answer = requests.get(
            self.OIDC_OP_JWKS_ENDPOINT, timeout=self.get_settings("OIDC_TIMEOUT", None)
        )
        answer.raise_for_status()
        keys = [one for one in answer.json()["keys"] if one.get("use", "sig") == "sig"]
        if len(keys) != 1:
            raise RefusedLoginError("the ID token names none of several keys")
        return jwt.PyJWK(keys[0], algorithm=self.OIDC_RP_SIGN_ALGO)

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what the login gives for a code.

        Raises:
            RefusedLoginError: it gives no ID token.
        """
        found = super().get_token(payload)
        if not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
            raise RefusedLoginError("no ID token")
        return found

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> Person | None:
        """Return the person whom the login vouches for; None for nobody whom we let in.

        Raises:
            RefusedLoginError: userinfo is about somebody else, or the address is not verified.
        """
        info = self.get_userinfo(access_token, id_token, payload)
        if not isinstance(info, dict):
            raise RefusedLoginError("userinfo is no object")
        if info.get("sub") != payload["sub"]:
            raise RefusedLoginError("userinfo is about another subject")
        # An address and whether it is verified are of one answer, never of two.
        claims = info if "email" in info else payload
        address = claims.get("email")
        is_vouched = claims.get("email_verified") is True or CONFIGURATION.oidc_trusts_email
        if not isinstance(address, str) or not is_address(address) or not is_vouched:
            raise RefusedLoginError("the address is not verified")
        person = person_with(the_home(), address, payload["iss"], payload["sub"])
        if person is None:
            raise RefusedLoginError("another account has this address")
        return person

    def get_user(self, user_id: Any) -> Person | None:
        """Return a person by number."""
        return Person.objects.filter(pk=user_id).first()


class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Where the login sends people back to: what it can't be believed in is a failed login."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Let somebody in, or send them back to the login page."""
        try:
            answer: HttpResponse = super().get(request)
        except SuspiciousOperation as error:
            _LOGGER.warning("A login was refused: %s", type(error).__name__)
            return self.failed(request)
        except requests.RequestException as error:
            _LOGGER.warning("The login did not answer: %s", type(error).__name__)
            if is_an_outage(error):
                # Nobody's guess: a whole school would be counted out while the login is down.
                down: HttpResponse = self.login_failure()
                return down
            return self.failed(request)
        return answer

    def login_success(self) -> HttpResponse:
        """Let the person in, and know the browser again: its mistakes are its own from now on."""
        answer: HttpResponse = super().login_success()
        know_browser(self.request, answer)
        return answer

    def failed(self, request: HttpRequest) -> HttpResponse:
        """Count a failed login, and answer as the library does."""
        from django.contrib.auth.signals import user_login_failed  # noqa: PLC0415

        user_login_failed.send(sender=type(self), credentials={"username": ""}, request=request)
        failure: HttpResponse = self.login_failure()
        return failure
