"""The demo answers this machine only, by its own name, and nothing that a proxy sent on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

from portal.settings import CONFIGURATION, IS_DEMO

_OWN = frozenset({"127.0.0.1", "::1"})
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
    "HTTP_VIA",
)


class DemoOnThisMachineOnly:
    """Refuses everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or refuse."""
        if IS_DEMO:
            is_own = request.META.get("REMOTE_ADDR") in _OWN
            if not is_own or any(name in request.META for name in _FORWARDED):
                return HttpResponseForbidden("Demon svarar bara den egna datorn.")
        return self._get_response(request)


def address_of(request: HttpRequest) -> str:
    """Return who asks: the proxy writes the address it saw last into X-Forwarded-For.

    Without a proxy of ours the header is anybody's, and says nothing.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if CONFIGURATION.url else ""
    last = forwarded.rpartition(",")[2].strip()
    return last or str(request.META.get("REMOTE_ADDR", ""))
