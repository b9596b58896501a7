"""What the login says of itself (OpenID Connect Discovery 1.0), asked when the portal starts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from portal.configuration import PortalError

_SECONDS = 10
_WANTED = {
    "authorization_endpoint": "TRAPPAN_PORTAL_FOUND_AUTHORIZATION",
    "token_endpoint": "TRAPPAN_PORTAL_FOUND_TOKEN",
    "userinfo_endpoint": "TRAPPAN_PORTAL_FOUND_USERINFO",
    "jwks_uri": "TRAPPAN_PORTAL_FOUND_JWKS",
}


def discover(issuer: str) -> Mapping[str, str]:
    """Return the login's addresses, by the names under which the settings look for them.

    Raises:
        PortalError: it does not answer, is another issuer, or speaks without TLS.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = requests.get(address, timeout=_SECONDS, allow_redirects=False)
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
    for name, variable in _WANTED.items():
        place = said.get(name)
        if not isinstance(place, str) or urlsplit(place).scheme not in _schemes(issuer):
            raise PortalError(f"The login at {address} gives no usable {name}.")
        found[variable] = place
    return found


def _schemes(issuer: str) -> frozenset[str]:
    """Plain HTTP only where the issuer itself is on this machine."""
    return frozenset({"https", urlsplit(issuer).scheme})
