"""`sources.yaml`: what is taken, and what is told with file, key and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from assets.pull.credentials import SourcesError
from assets.pull.sources import Source, check_secrets, chosen, load_sources
from tests.architecture.sources import ROOT

SECRET = "hemligt-ord-77"  # noqa: S105 - what no message may hold


def usual(**fields: Any) -> dict[str, Any]:
    return {
        "name": "skolsystemet",
        "base_url": "https://skola.example.se/ss12000/v2.0/",
        "endpoints": ["persons", "attendances"],
    } | fields


def written(folder: Path, *sources: dict[str, Any]) -> Path:
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": list(sources)}), encoding="utf-8")
    return path


def test_a_source_without_more_words_has_the_usual_settings(tmp_path: Path) -> None:
    (source,) = load_sources(written(tmp_path, usual()))
    assert source.base_url == "https://skola.example.se/ss12000/v2.0"
    assert (source.auth.kind, source.paging, source.months_back) == ("none", True, 3)
    check_secrets(source, tmp_path)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/"])
def test_http_is_taken_on_this_machine(tmp_path: Path, url: str) -> None:
    assert load_sources(written(tmp_path, usual(base_url=url)))


def oauth(**fields: Any) -> dict[str, Any]:
    return {
        "kind": "client_credentials",
        "token_url": "https://id.example.se/token",
        "client_id": "trappan",
        "secret": {"env": "SKOLA"},
    } | fields


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base_url": "http://skola.example.se"}, "skolsystemet.base_url': http would send"),
        ({"base_url": "http://127.0.0.1.example.se"}, "base_url': http would send pupils' data"),
        ({"base_url": "ftp://skola.example.se"}, "expected an address such as https://"),
        ({"base_url": f"https://a:{SECRET}@skola.se"}, "without user, password"),
        ({"base_url": f"https://skola.se/?key={SECRET}"}, "without user, password, ? and #"),
        ({"endpoints": []}, "skolsystemet.endpoints'"),
        ({"endpoints": ["person"]}, "skolsystemet.endpoints.no. 1': expected 'organ"),
        ({"endpoints": ["persons", "persons"]}, "an endpoint stands there twice"),
        ({"name": "Skola A"}, "name': String should match pattern"),
        ({"name": "../x"}, "name': String should match pattern"),
        ({"limits": 5}, "line 6: key 'sources.skolsystemet': the unknown key 'limits'"),
        ({"limit": 0}, "skolsystemet.limit': expected greater than or equal to 1"),
        ({"auth": {"kind": "basic"}}, "skolsystemet.auth'"),
        ({"auth": {"kind": "token"}}, "skolsystemet.auth': no key 'secret'"),
        ({"auth": {"kind": "token", "secret": SECRET}}, "skolsystemet.auth.secret'"),
        ({"auth": {"kind": "token", "secret": {}}}, "expected either env: NAME or file: PATH"),
        ({"auth": {"kind": "token", "secret": {"env": "A", "file": "b"}}}, "expected either env"),
        ({"auth": {"kind": "token", "secret": {"env": f"{SECRET} å"}}}, "auth.secret.env'"),
        ({"auth": oauth() | {"token_url": "http://id.se/t"}}, "auth.token_url': http would send"),
        ({"auth": oauth(client_secret=SECRET)}, "auth': the unknown key 'client_secret'"),
        ({"tls": {"key": "a.key"}}, "skolsystemet.tls': key without certificate"),
    ],
)
def test_a_wrong_setting_is_reported_with_its_key_and_without_its_value(
    tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    path = written(tmp_path, usual(**fields))
    with pytest.raises(SourcesError) as caught:
        load_sources(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the whole file"),
        (b"sources: []", "key 'sources'"),
        (b"- a", "the whole file"),
        (b"sources: [\n  {name: a", "line 2: not YAML"),
        (b"sources: \xe5", "is not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_reported(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_bytes(content)
    with pytest.raises(SourcesError, match=words):
        load_sources(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("paging: no", "line 3: key 'sources.a.paging': expected a valid boolean"),
        ("limit: 0100", "line 3: key 'sources.a.limit': expected a valid integer"),
        ("limit: '100'", "line 3: key 'sources.a.limit': expected a valid integer"),
        (f"base_url: {SECRET}", "line 3: key 'sources.a': the key 'base_url' twice"),
        (f"proxy: *{SECRET}", "line 3: not YAML"),
    ],
)
def test_what_people_and_yaml_read_differently_is_refused(
    tmp_path: Path, line: str, words: str
) -> None:
    path = tmp_path / "sources.yaml"
    source = f"- {{name: a, base_url: 'https://s.example.se', endpoints: [persons],\n   {line}}}\n"
    path.write_text(f"sources:\n{source}", encoding="utf-8")
    with pytest.raises(SourcesError) as caught:
        load_sources(path)
    assert words in str(caught.value).replace("no. 1", "a")
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there_is_reported_with_where_to_read_on(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"is not there. Write one \(docs/operators-pull.md"):
        load_sources(tmp_path / "sources.yaml")


def test_two_sources_of_one_name_are_reported(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="the name 'skolsystemet' is taken"):
        load_sources(written(tmp_path, usual(), usual()))


def test_a_source_is_chosen_by_name(tmp_path: Path) -> None:
    sources = load_sources(written(tmp_path, usual(), usual(name="annat")))
    assert [source.name for source in chosen(sources, "annat")] == ["annat"]
    with pytest.raises(SourcesError, match=r"no source 'x'. Expected one of: skolsystemet, annat"):
        chosen(sources, "x")


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (SECRET, 0o644, "mode 0644: others on this machine can read it"),
        (SECRET, 0o640, "Run: chmod 600"),
        ("", 0o600, "is empty or not there"),
        ("\n", 0o600, "is empty or not there"),
        (f"{SECRET}\nX-Head: 1", 0o600, "blanks, line breaks or letters"),
        (f"{SECRET} # kommentar", 0o600, "blanks, line breaks or letters"),
        (None, 0, "can't be read: No such file"),
    ],
)
def test_a_secret_that_cannot_be_used_is_reported_without_it(
    tmp_path: Path, content: str | None, mode: int, words: str
) -> None:
    if content is not None:
        (tmp_path / "jeton").write_text(content)
        (tmp_path / "jeton").chmod(mode)
    auth = {"kind": "token", "secret": {"file": "jeton"}}
    (source,) = load_sources(written(tmp_path, usual(auth=auth)))
    with pytest.raises(SourcesError) as caught:
        check_secrets(source, tmp_path)
    assert "source 'skolsystemet': the file" in str(caught.value)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_key_of_a_client_certificate_is_its_owners_only(tmp_path: Path) -> None:
    for name in ("client.pem", "client.key"):
        (tmp_path / name).write_text("PEM")
        (tmp_path / name).chmod(0o644)
    tls = {"certificate": "client.pem", "key": "client.key"}
    (source,) = load_sources(written(tmp_path, usual(tls=tls)))
    with pytest.raises(SourcesError, match=r"client.key has mode 0644"):
        check_secrets(source, tmp_path)
    (tmp_path / "client.key").chmod(0o600)
    check_secrets(source, tmp_path)


@pytest.mark.parametrize(
    ("endpoints", "is_told"),
    [
        (["persons", "attendances"], True),
        (["calendarEvents"], True),
        (["attendances", "deletedEntities"], False),
        (["persons", "aggregatedAttendance"], False),
    ],
)
def test_a_source_that_would_keep_deleted_lessons_is_known(
    tmp_path: Path, endpoints: list[str], is_told: bool
) -> None:
    (source,) = load_sources(written(tmp_path, usual(endpoints=endpoints)))
    assert source.keeps_deleted is is_told


def test_the_example_of_the_operators_page_is_a_whole_file(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operators-pull.md").read_text(encoding="utf-8")
    path = tmp_path / "sources.yaml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    assert [source.name for source in load_sources(path)] == ["skolsystemet", "narvaro"]


def test_the_operators_page_has_every_key_with_its_default() -> None:
    page = (ROOT / "docs" / "operators-pull.md").read_text(encoding="utf-8")
    table = page.partition("| Key | Default |")[2].partition("\n\n")[0]
    for key, field in Source.model_fields.items():
        assert f"`{key}`" in table
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            (row,) = [row for row in table.splitlines() if f"`{key}`" in row]
            assert f"{field.default:g}" in row
