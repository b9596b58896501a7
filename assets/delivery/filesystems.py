"""The kinds of place that copies go to, as fsspec filesystems that put a file there whole.

A folder (also one that is mounted: SMB, a synchronised SharePoint library), an SFTP server, an S3
bucket; others that fsspec knows, where their package is installed. fsspec's own defaults are not
safe enough for two of them: its SFTP takes any server's key, and its files are their owner's only
under our umask. Loaded when a place is opened. Not here: trying again, and words (`places.py`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec
import paramiko
from fsspec.implementations.arrow import ArrowFSWrapper
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.sftp import SFTPFileSystem

from assets.delivery.settings import DeliveryError, TargetSettings


@dataclass(frozen=True)
class Mounted:
    """A filesystem and the place's root in it."""

    files: Any
    root: str
    #: Whether an object is there whole or not at all, so that nothing is written beside it.
    is_whole_at_once: bool = False


class ShareFolder(LocalFileSystem):  # type: ignore[misc]
    """A folder of this machine whose files get the rights of the folder that they lie in."""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: object) -> None:
        """Write a file to the disk, not only to the cache of the system."""
        del mode  # there is one way only
        folder = Path(path).parent
        # The root is a path without links: somebody may have laid one below it, to another place.
        if folder.resolve() != folder:
            raise PermissionError(1, "a link below the target's root")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(value)
            # A share that knows no rights of its own keeps what its mount says.
            with suppress(PermissionError):
                os.fchmod(file.fileno(), folder.stat().st_mode & 0o666)
            file.flush()
            os.fsync(file.fileno())

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make folders with the rights of the one that they are made in."""
        place = Path(path)
        if place.is_dir() and exist_ok:
            return
        self.makedirs(str(place.parent), exist_ok=True)
        place.mkdir(exist_ok=exist_ok)
        with suppress(PermissionError):
            place.chmod(place.parent.stat().st_mode & 0o7777)

    def mv(self, path1: str, path2: str, **_: object) -> None:
        """Put a file in the place of another, in one step."""
        Path(path1).replace(path2)


class KnownServer(SFTPFileSystem):  # type: ignore[misc]
    """An SFTP server whose key is known, and that is not waited for without end."""

    # Two homes of one process would share a connection.
    cachable = False

    def _connect(self) -> None:
        given = dict(self.ssh_kwargs)
        known_hosts, seconds = given.pop("known_hosts"), given.pop("seconds")
        client = paramiko.SSHClient()
        if known_hosts is not None:
            client.load_host_keys(str(known_hosts))
        else:
            client.load_system_host_keys()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(
                self.host,
                timeout=seconds,
                banner_timeout=seconds,
                auth_timeout=seconds,
                channel_timeout=seconds,
                # Only what the operator named: no agent, no keys that lie about.
                allow_agent=False,
                look_for_keys=False,
                **given,
            )
            ftp = client.open_sftp()
        except BaseException:
            client.close()
            raise
        channel = ftp.get_channel()
        if channel is not None:
            channel.settimeout(seconds)
        self.client, self.ftp = client, ftp

    def mv(self, old: str, new: str, **_: object) -> None:
        """Put a file in the place of another: in one step where the server knows how to."""
        try:
            self.ftp.posix_rename(old, new)
        except OSError as error:
            if "unsupported" not in str(error).lower():
                raise
            # A server without OpenSSH's extension: for a moment there is neither.
            with suppress(FileNotFoundError):
                self.ftp.remove(new)
            self.ftp.rename(old, new)

    def close(self) -> None:
        """End the connection."""
        self.client.close()


class Bucket(ArrowFSWrapper):  # type: ignore[misc]
    """A bucket of an S3 server; an object is there whole, or not at all."""

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """A bucket has no folders."""

    def find(self, path: str, **_: object) -> dict[str, dict[str, Any]]:
        """Return everything below a prefix, in a few questions."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - for this kind only

        selector = FileSelector(path, recursive=True, allow_not_found=True)
        found = self.fs.get_file_info(selector)
        return {one.path: {"size": one.size} for one in found if one.type == FileType.File}


def mount(settings: TargetSettings, url: str) -> Mounted:
    """Return the filesystem of a place; its root has to be there already.

    Raises:
        DeliveryError: the address is of no kind that is known here.
        OSError, paramiko.SSHException: it can't be reached, or doesn't take us.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme == "file":
        folder = Path(path).resolve()
        # An unmounted share is an empty folder, or none: never a place to put lists in.
        if not folder.is_dir():
            raise FileNotFoundError(2, "no such folder")
        return Mounted(ShareFolder(skip_instance_cache=True), str(folder))
    if parts.scheme == "sftp":
        server = _server(settings, url)
        root = server.ftp.normalize(path or ".")
        server.ftp.stat(root)
        return Mounted(server, root.rstrip("/"))
    if parts.scheme == "s3":
        return Mounted(_bucket(settings), f"{parts.netloc}{path}".rstrip("/"), True)
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError):
        raise DeliveryError(
            f"TRAPPAN_DELIVERY_TARGET: {parts.scheme}:// is no kind of place that is known here. "
            "Expected file://, sftp://, s3://, or one that fsspec knows with its package installed."
        ) from None
    if not files.exists(root):
        raise FileNotFoundError(2, "no such place")
    return Mounted(files, root.rstrip("/"))


def _server(settings: TargetSettings, url: str) -> KnownServer:
    parts = urlsplit(url)
    given: dict[str, Any] = {}
    if settings.key_file is not None:
        given["key_filename"] = str(settings.key_file)
    if settings.password.is_given:
        given["password"] = settings.password.read()
    return KnownServer(
        parts.hostname or "",
        port=parts.port or 22,
        username=unquote(parts.username) if parts.username else None,
        known_hosts=settings.known_hosts,
        seconds=settings.timeout_seconds,
        skip_instance_cache=True,
        **given,
    )


def _bucket(settings: TargetSettings) -> Bucket:
    from pyarrow.fs import S3FileSystem  # noqa: PLC0415 - for this kind only

    s3 = settings.s3
    if not (s3.key_id and s3.secret):
        raise DeliveryError(
            "TRAPPAN_DELIVERY_TARGET is at an S3 server, but there are no keys for it. Expected "
            "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    given: dict[str, Any] = {}
    if s3.endpoint:
        end = urlsplit(s3.endpoint)
        given |= {"endpoint_override": end.netloc, "scheme": end.scheme}
        given["force_virtual_addressing"] = s3.url_style == "vhost"
    if s3.ca_bundle:
        given["tls_ca_file_path"] = s3.ca_bundle
    bucket = S3FileSystem(
        access_key=s3.key_id,
        secret_key=s3.secret,
        session_token=s3.session_token or None,
        region=s3.region,
        connect_timeout=settings.timeout_seconds,
        request_timeout=settings.timeout_seconds,
        background_writes=False,
        **given,
    )
    return Bucket(bucket, skip_instance_cache=True)
