"""Every message that the program has words for stands in the runbook, with what to do.

The messages are found in the source (`tests/tools/runbook_page.py`), so a new one is seen here.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Module, modules
from tests.tools.runbook_page import (
    SPEAKING,
    as_markdown,
    error_classes,
    messages,
    missing_lines,
    named,
    registry,
    sources,
)

ALL = modules()
EVERY = messages(ALL)
SOURCES = error_classes(ALL) | {message.source for message in EVERY}
PAGES = registry()


def module(text: str, name: str = "pipelines/made_up.py") -> Module:
    return Module(ROOT / name, ast.parse(text), len(text.splitlines()))


def test_whoever_speaks_has_a_line_in_the_runbook() -> None:
    unnamed = SOURCES - set(named(PAGES))
    assert not unnamed, missing_lines(unnamed)


def test_the_runbook_names_nobody_who_is_gone_and_nobody_twice() -> None:
    count = Counter(named(PAGES))
    assert {one for one, times in count.items() if times > 1} == set()
    silent = {
        one
        for one in set(count) - SOURCES
        # A module whose words are said by others may have none that are found.
        if not (one in SPEAKING and (ROOT / one).exists())
    }
    assert silent == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page["page"])
def test_a_page_has_every_message_of_its_groups(page: dict[str, object]) -> None:
    path = ROOT / "docs" / f"{page['page']}.md"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == as_markdown(page, EVERY), (
        "the messages or what is said of them changed; run: python -m tests.tools.runbook_page"
    )


def test_every_message_stands_on_a_page() -> None:
    """Whatever the groups are: each opening is looked for in the pages themselves."""
    text = "\n".join(
        (ROOT / "docs" / f"{page['page']}.md").read_text(encoding="utf-8") for page in PAGES
    )
    assert len(EVERY) > 350
    assert {message for message in EVERY if message.opening not in text} == set()


def test_every_group_says_what_it_means_and_what_to_do() -> None:
    for page in PAGES:
        for group in page["groups"]:
            assert len(group["means"].split()) >= 4, group["name"]
            assert group["do"].strip().endswith((".", "?")), group["name"]


def test_the_first_page_leads_to_every_other() -> None:
    first = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert [page["page"] for page in PAGES if f"]({page['page']}.md" not in first] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("class NewError(TrappanError): ...", {"NewError"}),
        ("class A(TrappanError): ...\nclass B(A): ...", {"A", "B"}),
        ("say(f'The list of {code} waits for you.')", {"pipelines/made_up.py"}),
        ("_LOGGER.warning('The lake of %s is old.', home)", {"pipelines/made_up.py"}),
        ("def f(): yield SkipReason('Nothing new was found today.')", {"pipelines/made_up.py"}),
        ("def sentences(self):\n return ['The disk is nearly full.']", {"pipelines/made_up.py"}),
        ("def f():\n return ['The disk is nearly full.']", set()),
        ("say(text)", set()),
        ("class Fine(Exception): ...", set()),
    ],
)
def test_a_new_message_is_found(text: str, found: set[str]) -> None:
    new = {"sources": sources([module(text)])}
    assert new["sources"] == found
    if found:
        said = missing_lines(found)
        assert all(f"of: [{one}]" in said for one in found)
        assert "python -m tests.tools.runbook_page" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("say(f'{n} files in {home}; run it again.')", "… files in …; run it again."),
        ("say('one of these here' if x else 'and another of them')", "one of these here"),
        ("class NewError(TrappanError): ...\nraise NewError('no such ' 'thing here')",
         "no such thing here"),
        ("class NewError(TrappanError): ...\nraise NewError(f'{a}: ' + 'is not there')",
         "…: is not there"),
        ("GONE = 'it is gone'\nclass NewError(TrappanError): ...\nraise NewError(GONE)",
         "it is gone"),
        ("class NewError(TrappanError): ...\ndef f():\n return 'gone it is'\nraise NewError(f())",
         "gone it is"),
        ("class NewError(TrappanError): ...\ndef g():\n w = 'it went'\n raise NewError(w)",
         "it went"),
        ("class NewError(TrappanError): ...\nraise NewError(others(e) or 'no words for it')",
         "no words for it"),
    ],
)  # fmt: skip
def test_a_message_is_worded_as_in_the_source(text: str, words: str) -> None:
    assert words in {message.words for message in messages([module(text)])}


def test_a_page_of_another_message_is_not_taken_for_whole(tmp_path: Path) -> None:
    more = EVERY | messages([module("say('A made up message that no page has.')")])
    page = {**PAGES[0], "groups": [{**PAGES[0]["groups"][0], "of": ["pipelines/made_up.py"]}]}
    assert "A made up message" in as_markdown(page, more)
    assert as_markdown(page, more) != as_markdown(page, EVERY)
