"""The pages as a site that needs no network: `make site`, then build/site/index.html.

Sphinx with MyST reads the same files that are read where the repository lies. All of them are
copied beside each other first, so that a link between the README, the pages and the samples leads
to the same place; one that leads nowhere ends the build. Pictures that are text in a page (Mermaid,
which hosts of Git draw) are drawn when the site is made: whoever reads it runs and fetches nothing.
Not here: what a page says.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mermaidx
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "site"
#: What the site's side column has, in this order: a heading, and pages by pattern.
SECTIONS = (
    (
        "Use",
        (
            "docs/tutorial",
            "docs/set-up",
            "docs/faq",
            "docs/lists",
            "docs/command-line*",
            "docs/layouts",
            "docs/inputs*",
        ),
    ),
    (
        "Run",
        (
            "docs/operators*",
            "docs/runbook*",
            "docs/delivery",
            "docs/scale",
            "docs/trust*",
            "docs/privacy",
            "docs/threats",
            "docs/personal-data",
        ),
    ),
    ("Understand", ("docs/rules*", "docs/patterns*", "docs/forecast", "docs/glossary")),
    ("Change", ("CONTRIBUTING", "docs/architecture", "docs/testing", "docs/mutants", "docs/*")),
    ("Decisions", ("docs/adr/*",)),
    (
        "Test data",
        ("data_samples/README", "data_samples/*/README", "tests/*/README", "CHANGELOG"),
    ),
)
_PICTURE = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Words as SVG's own text, which every program that shows an image can show.
_PLAIN_TEXT = {"htmlLabels": False, "flowchart": {"htmlLabels": False}}
CONF = """
project = "Frånvarotrappan"
extensions = ["myst_parser"]
root_doc = "README"
html_theme = "furo"
html_title = project
language = "en"
myst_heading_anchors = 6
myst_links_external_new_tab = False
suppress_warnings = ["misc.highlighting_failure", "myst.header", "toc.excluded"]
"""


def build(target: Path) -> int:
    """Write the site to a folder, which is made again.

    Returns:
        0, or another number when a page is wrong or a link leads nowhere.
    """
    shutil.rmtree(target, ignore_errors=True)
    with TemporaryDirectory() as folder:
        source = Path(folder)
        for name in _tracked():
            place = source / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place)
            if place.suffix == ".md":
                _draw_pictures(place)
        (source / "conf.py").write_text(CONF, encoding="utf-8")
        with (source / "README.md").open("a", encoding="utf-8") as readme:
            readme.write(_contents())
        status = build_main(["-q", "-W", "--keep-going", "-b", "html", folder, str(target)])
    if status == 0:
        shutil.copyfile(target / "README.html", target / "index.html")
    return status


def _draw_pictures(page: Path) -> None:
    """Put an image in place of each picture that is text, and the text folded below it."""
    text = page.read_text(encoding="utf-8")
    for number, found in enumerate(_PICTURE.finditer(text), start=1):
        image = page.with_name(f"{page.stem}-picture-{number}.svg")
        drawn: str = mermaidx.render(found[1], config=_PLAIN_TEXT).svg()
        # On a dark page too, its lines are dark.
        image.write_text(
            drawn.replace("background-color: transparent", "background-color: white"),
            encoding="utf-8",
        )
        shown = (
            f"![The picture that is told below in words]({image.name})\n\n"
            "<details><summary>The picture in words</summary>\n\n"
            f"```text\n{found[1]}```\n\n</details>"
        )
        text = text.replace(found[0], shown)
    page.write_text(text, encoding="utf-8")


def _tracked() -> list[str]:
    """The files of the repository that are no programs' own: links lead to code too."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607 - whichever git is there
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def _contents() -> str:
    lines = [""]
    for heading, patterns in SECTIONS:
        lines += ["", "```{toctree}", ":hidden:", ":glob:", f":caption: {heading}", ""]
        lines += [*patterns, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(build(TARGET))
