"""The pages: every link leads somewhere, and a page of questions is short."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.architecture.sources import ROOT

MOST_WORDS = 2500
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)")
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")


@cache
def pages() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(ROOT / line for line in sorted(set(listed.stdout.splitlines())))


def prose(page: Path) -> str:
    """A page without its blocks of code, where brackets are no links."""
    return re.sub(r"`[^`\n]*`", "``", _FENCE.sub("", page.read_text(encoding="utf-8")))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The places of a page that a link can name, as hosts of Git write them."""
    found: list[str] = []
    for heading in re.findall(
        r"^#{1,6} (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE
    ):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def links() -> Iterator[tuple[Path, str]]:
    for page in pages():
        for target in _LINK.findall(prose(page)):
            if not _OUTSIDE.match(target):
                yield page, target


def fault(page: Path, target: str) -> str | None:
    """What is wrong with a link inside the repository; None: nothing."""
    path, _, anchor = target.partition("#")
    place = (page.parent / unquote(path)).resolve() if path else page
    if path.startswith("/") or not place.is_relative_to(ROOT):
        return "leaves the repository"
    if not place.exists():
        return "nothing is there"
    if anchor and place.suffix == ".md" and unquote(anchor) not in anchors(place):
        return "the page has no such heading"
    return None


def test_every_link_leads_somewhere() -> None:
    checked = list(links())
    assert len(checked) > 200
    faults = {
        f"{page.relative_to(ROOT)}: {target}": found
        for page, target in checked
        if (found := fault(page, target))
    }
    assert faults == {}


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("faq.md", None),
        ("#no-such-heading", "the page has no such heading"),
        ("rules.md#no-such-heading", "the page has no such heading"),
        ("gone.md", "nothing is there"),
        ("../../elsewhere.md", "leaves the repository"),
        ("/docs/faq.md", "leaves the repository"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target: str, found: str | None) -> None:
    assert fault(ROOT / "docs" / "architecture.md", target) == found


def test_pages_that_code_names_are_there() -> None:
    """A message that says where to read on is followed by somebody in trouble."""
    named = {
        (path.relative_to(ROOT), name)
        for folder in ("pipelines", "assets", "portal", "rules", "sql", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".yaml"}
        for name in re.findall(r"docs/[\w/-]+\.md\b", path.read_text("utf-8", "replace"))
    }
    assert len(named) > 30
    assert {(path, name) for path, name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_a_page_answers_its_question_in_2500_words(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").split()) <= MOST_WORDS


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached:
            continue
        reached.add(page)
        ahead += [
            (page.parent / target.partition("#")[0]).resolve()
            for target in _LINK.findall(prose(page))
            if target.partition("#")[0].endswith(".md") and not _OUTSIDE.match(target)
        ]
    lost = {page.name for page in (ROOT / "docs").glob("*.md")} - {page.name for page in reached}
    assert lost == set()
