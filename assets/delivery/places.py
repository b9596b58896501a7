"""A place that copies go to: what lies there, a file put there or taken away, with patience.

A file is written beside and then put in its place, so that a reader sees the old one or the new
one. A passing fault is tried again with longer and longer waits, over a new connection. What a
server says is not repeated: it can hold names and paths. Not here: which files (`deliver.py`), the
kinds of place (`filesystems.py`).
"""

from __future__ import annotations

import errno
import posixpath
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from assets.delivery.settings import DeliveryError, TargetSettings
from assets.delivery.shares import is_ours
from rules.errors import TrappanError

if TYPE_CHECKING:
    from assets.delivery.filesystems import Mounted

Result = TypeVar("Result")
_LONGEST_WAIT = 60.0
#: After so many files in a row of which the place did not hear, the rest is left to the next night.
MOST_FAULTS_IN_A_ROW = 3


class PlaceFaultError(TrappanError):
    """A place can't be reached, or doesn't take a file; says what and what to do.

    Attributes:
        is_lasting: another try would fare no better.
        is_of_place: nor would another file, because the place is out of reach.
    """

    def __init__(
        self, message: str, *, is_lasting: bool = False, is_of_place: bool = False
    ) -> None:
        super().__init__(message)
        self.is_lasting = is_lasting
        self.is_of_place = is_of_place


class DeliveryPlace:
    """A target's root. Nothing is connected before the first question.

    Args:
        settings: how it is spoken with.
        url: where it is, without a password.
    """

    def __init__(self, settings: TargetSettings, url: str) -> None:
        self.url = url
        self._settings = settings
        self._mounted: Mounted | None = None

    def files(self) -> dict[str, int]:
        """Return everything below the root that a delivery would call so, with sizes in bytes.

        Raises:
            PlaceFaultError: the place can't be reached or looked through.
        """

        def look(mounted: Mounted) -> dict[str, int]:
            found = mounted.files.find(mounted.root, detail=True, withdirs=False)
            below = {path[len(mounted.root) :].lstrip("/"): one for path, one in found.items()}
            return {path: int(one["size"] or 0) for path, one in below.items() if is_ours(path)}

        return self._patiently(look)

    def put(self, path: str, content: bytes) -> None:
        """Put a file in its place, whole.

        Raises:
            PlaceFaultError: it is not there; what lay there before still does.
        """

        def write(mounted: Mounted) -> None:
            place = f"{mounted.root}/{path}"
            folder, name = posixpath.split(place)
            mounted.files.makedirs(folder, exist_ok=True)
            if mounted.is_whole_at_once:
                mounted.files.pipe_file(place, content)
                return
            # Always the same name: what a killed process left is written over, or taken away.
            beside = f"{folder}/.{name}.part"
            mounted.files.pipe_file(beside, content)
            mounted.files.mv(beside, place)

        self._patiently(write)

    def remove(self, path: str) -> None:
        """Take a file away; one that is not there is away.

        Raises:
            PlaceFaultError: it may still be there.
        """

        def take(mounted: Mounted) -> None:
            with suppress(FileNotFoundError):
                mounted.files.rm_file(f"{mounted.root}/{path}")

        self._patiently(take)

    def close(self) -> None:
        """End the connection, if there is one."""
        mounted, self._mounted = self._mounted, None
        end = getattr(mounted.files, "close", None) if mounted else None
        if callable(end):
            with suppress(Exception):
                end()

    def _patiently(self, act: Callable[[Mounted], Result]) -> Result:
        def once() -> Result:
            try:
                return act(self._mount())
            except DeliveryError:
                raise
            except Exception as error:
                # The connection may be in the middle of something.
                self.close()
                raise _fault(error) from None

        patience = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, PlaceFaultError) and not error.is_lasting
            ),
            stop=stop_after_attempt(self._settings.tries),
            wait=wait_random_exponential(self._settings.wait_seconds, _LONGEST_WAIT),
            reraise=True,
        )
        return patience(once)

    def _mount(self) -> Mounted:
        if self._mounted is None:
            # Here, not at the top: what speaks SFTP and S3 takes a second to load.
            from assets.delivery.filesystems import mount  # noqa: PLC0415

            self._mounted = mount(self._settings, self.url)
        return self._mounted


_OF_ERRNO = {
    errno.ENOSPC: "it is full. Make room there",
    errno.EDQUOT: "our quota there is used up. Ask its owner for more",
    errno.EROFS: "nothing can be written there. Look at how it is mounted",
    errno.EBUSY: "somebody has the file open",
    errno.ETXTBSY: "somebody has the file open",
}
_NO_KEY = (
    "the server's key is not the one in TRAPPAN_DELIVERY_KNOWN_HOSTS, so it may be another server. "
    "Ask its owner for the key, by another way, and write it there"
)
_NOT_US = "it does not accept who we are. Look at user, password and key file"
_NO_RIGHT = "our account may not do that there. Look at the rights (docs/delivery.md)"
_NO_ROOT = "the target's root is not there. Is the share mounted? It is never made by us"
# Kinds of paramiko's and words of its and of S3's client, which has no kinds. The first that fits.
_LASTING: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("BadHostKeyException", "not found in known_hosts"), _NO_KEY, True),
    (("AuthenticationException", "PasswordRequiredException"), _NOT_US, True),
    (("INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "InvalidAccessKeyId"), _NOT_US, True),
    (("NO_SUCH_BUCKET", "NoSuchBucket"), _NO_ROOT, True),
    (("FileNotFoundError", "NotADirectoryError"), _NO_ROOT, True),
    (("PermissionError", "ACCESS_DENIED"), _NO_RIGHT, False),
)


def _fault(error: Exception) -> PlaceFaultError:
    """Return the fault behind an error of a filesystem; its own words are not repeated."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = str(error)
    for signs, words, is_of_place in _LASTING:
        if any(sign in kinds or sign in said for sign in signs):
            return PlaceFaultError(words, is_lasting=True, is_of_place=is_of_place)
    if isinstance(error, socket.gaierror):
        words = "there is no server of this name. Look at the target's address"
    elif isinstance(error, TimeoutError):
        words = "no answer in time. Look at the address and the firewall"
    elif isinstance(error, OSError) and error.errno in _OF_ERRNO:
        return PlaceFaultError(_OF_ERRNO[error.errno], is_lasting=True)
    elif isinstance(error, OSError | EOFError) or "SSHException" in kinds:
        words = "it can't be reached, or the connection broke off"
    else:
        words = f"it failed ({type(error).__name__})"
    return PlaceFaultError(words, is_of_place=True)
