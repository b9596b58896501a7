"""How a lake is reported of its servers, and what is said when one of them fails."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from assets.lake.server_errors import words_of_server
from assets.lake.settings import LakeError, LakeSettings, S3Settings
from pipelines.settings import Settings

LENT = {"session_token": "t"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXEMPEL", "AWS_SECRET_ACCESS_KEY": "hemlig'nyckel"}


def server(**words: str) -> S3Settings:
    """An S3 server with keys and what a test adds."""
    return S3Settings(**{"key_id": "k", "secret": "it's", **words})


def secret_of(s3: S3Settings) -> str:
    return next(s3.statements())


def test_amazon_needs_keys_and_a_region_only() -> None:
    statement = secret_of(server(region="eu-north-1"))
    assert statement == (
        "CREATE SECRET lake_data (TYPE s3, key_id 'k', secret 'it''s', region 'eu-north-1', "
        "url_style 'vhost')"
    )


@pytest.mark.parametrize(
    ("address", "endpoint", "use_ssl"),
    [
        ("https://s3.kommunen.example", "s3.kommunen.example", "true"),
        ("https://s3.kommunen.example:9021/", "s3.kommunen.example:9021", "true"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000", "false"),
        ("http://[::1]:9000", "[::1]:9000", "false"),
    ],
)
def test_a_server_of_ones_own_is_asked_by_path(address: str, endpoint: str, use_ssl: str) -> None:
    statement = secret_of(server(endpoint=address))
    assert f"endpoint '{endpoint}', use_ssl '{use_ssl}', url_style 'path'" in statement
    by_name = secret_of(server(endpoint=address, url_style="vhost"))
    assert "url_style 'vhost'" in by_name


@pytest.mark.parametrize(
    "address",
    ["s3.example:9000", "ftp://s3.example", "https://", "https://s3.example/bucket",
     "https://me:word@s3.example", "https://s3.example:port", "https://s3.example?x=1"],
)  # fmt: skip
def test_an_endpoint_that_is_no_address_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(LakeError, match="AWS_ENDPOINT_URL") as refused:
        secret_of(server(endpoint=address))
    assert "word" not in str(refused.value)


@pytest.mark.parametrize("missing", [{"key_id": "k"}, {"secret": "s"}, {}])
def test_without_keys_the_names_of_the_variables_are_reported(missing: dict[str, str]) -> None:
    with pytest.raises(LakeError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        secret_of(S3Settings(**missing))


def test_lent_keys_and_an_authority_of_ones_own_are_passed_on() -> None:
    s3 = server(**LENT, ca_bundle="/etc/ca.pem")
    assert "session_token 't'" in secret_of(s3)
    assert "SET ca_cert_file = '/etc/ca.pem'" in list(s3.statements())


def test_the_environment_has_the_names_that_s3_clients_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        **KEYS,
        "AWS_ENDPOINT_URL": "https://everything.example",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_SESSION_TOKEN": "t",
        "AWS_CA_BUNDLE": "/etc/ca.pem",
        "TRAPPAN_S3_URL_STYLE": "vhost",
    }.items():
        monkeypatch.setenv(name, value)
    found = Settings(home=tmp_path).lake.s3
    assert found == S3Settings(
        "https://everything.example", "eu-west-1", "AKIAEXEMPEL", "hemlig'nyckel", "t", "vhost",
        "/etc/ca.pem",
    )  # fmt: skip
    # The narrower name counts.
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    found = Settings(home=tmp_path).lake.s3
    assert (found.endpoint, found.region) == ("https://s3.example", "eu-north-1")


def test_no_secret_is_shown_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "lent")
    settings = Settings(home=tmp_path)
    lake = LakeSettings(tmp_path, "postgres:password=ordet", s3=settings.lake.s3)
    for secret in ("hemlig", "lent", "ordet"):
        assert secret not in repr(settings)
        assert secret not in repr(lake)


def test_only_a_lake_on_postgres_needs_its_extension(tmp_path: Path) -> None:
    assert "postgres_scanner" in LakeSettings(tmp_path, "postgres:dbname=lake").extensions
    assert "postgres_scanner" not in LakeSettings(tmp_path).extensions


AT = 'connection to server at "10.0.0.5", port 5432 failed: '
LOGIN = f'IO Error: Unable to connect to Postgres at "dbname=lake password=ordet": {AT}'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f'{LOGIN}FATAL:  password authentication failed for user "t"', "refused the login"),
        (f"{LOGIN}fe_sendauth: no password supplied", "refused the login"),
        (f'{LOGIN}FATAL:  database "borta" does not exist', 'database "borta" does not exist'),
        (f'{LOGIN}FATAL:  no pg_hba.conf entry for host "1"', "takes no login from this machine"),
        (f"{LOGIN}FATAL:  sorry, too many clients already", "no free connection"),
        (f"{LOGIN}FATAL:  the database system is starting up", "is starting up"),
        (f"{LOGIN}Connection refused", "Postgres server does not answer"),
        (f"{LOGIN}server does not support SSL, but SSL was required", "no safe connection"),
        (f"{LOGIN}SSL error: certificate verify failed", "no safe connection"),
        ('Unable to connect to Postgres at "x password=ordet": missing "="', "can't be read by"),
        ("server closed the connection unexpectedly", "went away in the middle"),
        ('Failed to commit: Failed to execute query "ROLLBACK": ', "went away in the middle"),
        ("ERROR:  permission denied for schema public", "must own the database"),
        ("ERROR:  cannot execute INSERT in a read-only transaction", "only lets us read"),
        ('could not extend file "base/5/16384": No space left on device', "disk is full"),
        ("s3://x/y: Not Found (HTTP code 404)\n\nNoSuchBucket: …", "has no bucket of the name"),
        ("HTTP GET error reading 's3://x' (HTTP 403 Forbidden)", "S3 server refused us"),
        ("Forbidden (HTTP code 403)\n\nSignatureDoesNotMatch: …", "does not know our keys"),
        ("HTTP GET error reading 's3://x' (HTTP 404 Not Found)", "A data file of the lake"),
        ("Internal Server Error (HTTP code 503)", "could not do what it was asked"),
        ("SSL peer certificate or SSH remote key was not OK error for HTTP PUT to", "certificate"),
        ("Could not connect to server error for HTTP PUT to 'http://h/x'", "S3 server does not"),
        ("Could not resolve hostname error for HTTP GET to 'http://h/x'", "S3 server does not"),
        ("Timeout was reached error for HTTP GET to 'http://h/x'", "S3 server does not answer"),
    ],
)
def test_every_trouble_that_was_seen_is_reported_in_our_words(said: str, told: str) -> None:
    found = words_of_server(duckdb.IOException(said))
    assert found is not None
    assert told in found
    assert "ordet" not in found
    assert "10.0.0.5" not in found


def test_what_is_no_trouble_of_a_server_is_not_told_as_one() -> None:
    assert words_of_server(duckdb.ConversionException("Could not convert string")) is None
    assert words_of_server(OSError("Connection refused")) is None
