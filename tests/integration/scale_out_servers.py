"""A Postgres server and an S3 server on this machine's loopback, for tests of a lake on them.

Postgres is the machine's own (Debian's package `postgresql`), S3 is moto's server in a process of
its own. Both keep nothing that outlives a test run, and listen on free ports of 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

ADMIN, ROLE, PASSWORD = "chefen", "trappan", "lösen-ord-77"
BUCKET, NO_BUCKET = "narvaro", "finns-inte"
# What docs/operators-scale-out.md says that the keys need, and no more.
RIGHTS = (
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
)
_REGION = "eu-north-1"
_START_SECONDS = 30.0


def binaries() -> Path | None:
    """The folder of Postgres' programs: Debian keeps them off the PATH."""
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4])
    )
    return versions[-1].parent if versions else None


def needed_binaries() -> Path:
    """Return the folder, or skip: a developer's laptop may have no server, CI must have one."""
    folder = binaries()
    if folder is None and os.environ.get("CI") == "true":
        pytest.fail("No Postgres server is installed; .ci/run installs Debian's `postgresql`")
    if folder is None:
        pytest.skip("no Postgres server is installed (Debian: apt-get install postgresql)")
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _wait(is_ready: Any, what: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while not is_ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not start in {_START_SECONDS:.0f} seconds")
        time.sleep(0.05)


@dataclass(frozen=True)
class Postgres:
    """A running server; `stop` and `start` may be called in turn."""

    programs: Path
    folder: Path
    port: int
    as_user: dict[str, Any]

    def run(self, program: str, *arguments: str) -> str:
        """Run one of Postgres' programs as the server's owner and return what it printed."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env={"PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.as_user,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the owner of everything."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", ADMIN, "-d", database)
        return self.run("psql", *where, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def dump(self, database: str) -> str:
        """Return everything that a database holds, as `pg_dump` writes it."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", ADMIN, "-d", database)
        return self.run("pg_dump", *where)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it as a power cut does."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def found(self, database: str, *words: str | bytes) -> list[str]:
        """Return where texts or bytes are in a database: in its dump, and in its files."""
        self.sql("CHECKPOINT")
        dump = self.dump(database)
        dumped = [word if isinstance(word, str) else word.hex() for word in words]
        found = ["dump" for word in dumped if word in dump]
        wanted = [word.encode() if isinstance(word, str) else word for word in words]
        oid = self.sql(f"SELECT oid FROM pg_database WHERE datname = '{database}'").strip()
        for path in sorted((self.folder / "data" / "base" / oid).iterdir()):
            content = path.read_bytes()
            if any(word in content for word in wanted):
                relation = self.sql(
                    "SELECT relname FROM pg_class WHERE pg_relation_filenode(oid) = "
                    f"{path.name.split('.')[0].split('_')[0]}",
                    database,
                )
                found.append(f"{path.name} {relation.strip()}")
        return found

    def database(self, name: str) -> str:
        """Make a database that the role owns, and return its catalog string."""
        self.sql(f"CREATE DATABASE {name} OWNER {ROLE}")
        return self.catalog(name)

    def catalog(self, name: str, role: str = ROLE) -> str:
        """Return the catalog string of a database."""
        return f"postgres:dbname={name} host=127.0.0.1 port={self.port} user={role}"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a new, empty server; Postgres refuses root, so then it runs as another user."""
    programs = needed_binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = next(found for name in ("postgres", "nobody") if (found := _user(name)) is not None)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Postgres(programs, folder, free_port(), as_user)
    try:
        words = folder / "password"
        words.write_text(PASSWORD, encoding="utf-8")
        words.chmod(0o644)
        server.run(
            "initdb", "-D", str(folder / "data"), "-U", ADMIN, "-A", "scram-sha-256",
            "--pwfile", str(words), "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        )  # fmt: skip
        server.start()
        try:
            server.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder)


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


@dataclass(frozen=True)
class S3:
    """A running S3 server with one bucket, and the keys of a user with no more than `RIGHTS`."""

    url: str
    key_id: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets for it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": _REGION,
        }

    def client(self) -> Any:
        return _client("s3", self.url, self.key_id, self.secret)

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return every object below a prefix."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        names = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return {name: client.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names}


def _client(service: str, url: str, key_id: str, secret: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=_REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run a new server with an empty bucket, which refuses keys and signatures that are wrong."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Questions of anybody that make the bucket and the user; after them the server asks for keys.
    first_questions, nobody = 4, ("nobody", "nothing")
    process = subprocess.Popen(
        [sys.executable, "-c", "from moto.server import main; main()", "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(first_questions)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(lambda: _answers(port), "moto's S3 server")
        _client("s3", url, *nobody).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION}
        )
        users = _client("iam", url, *nobody)
        users.create_user(UserName=ROLE)
        statement = [
            {
                "Effect": "Allow",
                "Action": list(RIGHTS),
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            }
            for bucket in (BUCKET, NO_BUCKET)
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        users.put_user_policy(UserName=ROLE, PolicyName=ROLE, PolicyDocument=policy)
        keys = users.create_access_key(UserName=ROLE)["AccessKey"]
        yield S3(url, keys["AccessKeyId"], keys["SecretAccessKey"])
    finally:
        process.terminate()
        process.wait()
