"""What is kept of pages and requests by others: nothing, in no cache and in no log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class KeptNowhere:
    """No browser and no proxy keeps a page: the next person at the same desk would read it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with what forbids to keep it."""
        response = self._get_response(request)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response


class WithoutData(logging.Filter):
    """A line of the log says what kind of trouble, never with what data."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out requests, exceptions' texts and arguments."""
        if record.exc_info:
            kind = record.exc_info[0]
            record.msg = f"{record.name}: {kind.__name__ if kind else 'an error'}"
            record.args = None
            record.exc_info = None
            record.exc_text = None
        elif record.name.startswith("django"):
            status = getattr(record, "status_code", "")
            record.msg = f"{record.name}: a request was answered with {status or 'an error'}"
            record.args = None
        elif record.name.startswith("axes"):
            # It would name the address that somebody sits at.
            record.msg = f"{record.name}: logins failed, or are refused for a while"
            record.args = None
        return True
