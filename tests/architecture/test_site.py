"""The pages as a site: every page is in it, links lead somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT


def built(target: Path, source: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = "import sys; from build_site import build; from pathlib import Path; "
    return subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(build(Path(sys.argv[1])))", target],
        cwd=source / "docs",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "site"
    said = built(target)
    # A link that leads nowhere is a warning of Sphinx, and ends the build.
    assert said.returncode == 0, said.stderr
    return target


def test_every_page_is_in_the_site_and_the_first_leads_to_it(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("**/*.md"):
        name = f"{page.relative_to(ROOT).with_suffix('')}.html"
        assert (site / name).is_file()
        assert f'href="{name}"' in start, name


def test_a_page_of_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    """A reader of the pages is told to nobody, and they can be read without a network."""
    fetching = r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"'
    fetched = {
        page.name: found
        for page in site.glob("**/*.html")
        if (found := re.findall(fetching, page.read_text(encoding="utf-8")))
    }
    assert fetched == {}


@pytest.mark.parametrize("page", ["architecture", "trust"])
def test_a_picture_that_is_text_is_drawn_before_anybody_looks(site: Path, page: str) -> None:
    """An image in which nothing runs and which loads nothing; its words stand below it."""
    text = (site / "docs" / f"{page}.html").read_text(encoding="utf-8")
    (name,) = re.findall(rf'<img[^>]* src="\.\./_images/({page}-picture-1\.svg)"', text)
    drawn = (site / "_images" / name).read_text(encoding="utf-8")
    told = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w{4,}", re.search(r"```mermaid\n(.*?)```", told, re.DOTALL)[1]))  # type: ignore[index]
    seen = re.sub(r"<style>.*?</style>|<[^>]*>", " ", drawn, flags=re.DOTALL)
    assert len(words & set(re.findall(r"\w{4,}", seen))) > 15
    assert not re.findall(r"<script|<foreignObject|\bon\w+=|@import|url\(\s*['\"]?http", drawn)
    assert set(re.findall(r"https?://[^/\"]+", drawn)) <= {"http://www.w3.org"}
    assert "flowchart TB" in text
    assert 'class="mermaid"' not in text


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "build_site.py").write_text(
        (ROOT / "docs" / "build_site.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "README.md").write_text("# A\n\n[gone](gone.md)\n", encoding="utf-8")
    (tmp_path / "docs" / "one.md").write_text("# One\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    said = built(tmp_path / "site", tmp_path)
    assert said.returncode != 0
    assert "gone.md" in said.stderr
