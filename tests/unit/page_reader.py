"""Reads a page back for the tests, the way a browser parses it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from assets.watchlists.model import Watchlist
from assets.watchlists.page.page import write_page

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Element:
    """One element: tag, attributes, and the text inside it."""

    def __init__(self, tag: str, attributes: dict[str, str], parents: tuple[Element, ...]) -> None:
        self.tag, self.attributes, self.parents = tag, attributes, parents
        self.text = ""


class Page(HTMLParser):
    """All elements of a page in order; fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.stack: list[Element] = []
        self.feed(html)
        self.close()
        assert self.stack == [], "a tag is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, tuple(self.stack))
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data

    def all(self, tag: str, inside: str = "") -> list[Element]:
        """The elements with this tag, all or those inside the element with an id."""
        found = [element for element in self.elements if element.tag == tag]
        if not inside:
            return found
        return [e for e in found if any(p.attributes.get("id") == inside for p in e.parents)]

    def by_id(self, identifier: str) -> Element:
        return next(e for e in self.elements if e.attributes.get("id") == identifier)

    def names(self, inside: str = "") -> list[str]:
        """The people of a section or page: the headings of the rows that are not evidence."""
        return [
            element.text
            for element in self.all("th", inside)
            if element.attributes.get("scope") == "row"
            and not any(p.attributes.get("class") == "behind" for p in element.parents)
        ]

    def pupils(self, inside: str = "") -> list[str]:
        """The names of the rows that open, of a section or of the whole page."""
        return [
            element.text.split("\n")[0]
            for element in self.all("bdi", inside)
            if any(parent.tag == "summary" for parent in element.parents)
        ]

    def cells(self, anchor: str) -> dict[str, str]:
        """What a pupil's line says: the text of each cell by the cell's first class that counts."""
        line = [e for e in self.all("td", anchor) if len(e.attributes.get("class", "")) > 0]
        kept = [
            e for e in line if not any(p.attributes.get("class") == "behind" for p in e.parents)
        ]
        return {
            e.attributes["class"].removeprefix("q ").split()[0]: " ".join(e.text.split())
            for e in kept
        }


def rendered(watchlist: Watchlist, tmp_path: Path, mentor: str | None = None) -> Page:
    path = tmp_path / "list.html"
    write_page(watchlist, path, mentor)
    assert list(tmp_path.glob("*.html")) == [path]
    return Page(path.read_text(encoding="utf-8"))
