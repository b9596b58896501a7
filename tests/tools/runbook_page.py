"""Write docs/runbook-*.md: every message that the program has words for, what it means, what to do.

The messages are found in the source: whatever an error of ours is made with, whatever is printed
or logged, and the sentences that a module hands on to be printed. What they mean is said by people,
in docs/runbook.yaml, for each class of error and each module that speaks.

`python -m tests.tools.runbook_page` writes the pages; `tests/architecture/test_runbook.py` holds
that they are whole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.architecture.sources import ROOT, Module, modules

REGISTRY = ROOT / "docs" / "runbook.yaml"
BASE = "TrappanError"
#: What says its first argument to a person at once.
PRINTERS = {"say", "say_out"}
LOGGERS = {"warning", "error", "exception", "critical", "info"}
SKIPS = {"SkipReason"}
#: Modules whose sentences are printed by others, or told as the reason of an error.
SPEAKING = {
    "assets/checks/silence.py",
    "assets/delivery/results.py",
    "assets/delivery/telling.py",
    "assets/lake/data_files.py",
    "assets/lake/server_errors.py",
    "assets/pull/faults.py",
    "pipelines/cli/printing.py",
    "pipelines/cli/trust/waiting.py",
    "pipelines/dead_runs.py",
    "pipelines/run_results.py",
    "pipelines/running.py",
    "pipelines/schedules.py",
    "pipelines/sensors.py",
}
#: A function of such a name makes sentences for people, wherever it stands.
SPEAKING_FUNCTION = re.compile(r"^_?(sentences?|said|words_of_\w+|lost_lake)$")
_MOST_WORDS = 11
_GAP = "…"
#: How far a name is followed to where its words are.
_MOST_STEPS = 4


@dataclass(frozen=True, order=True)
class Message:
    """A message: by whom it is said, and how it is worded, `…` for what differs."""

    source: str
    words: str

    @property
    def opening(self) -> str:
        """The first words, by which somebody finds it."""
        words = self.words.replace("|", "¦").split()
        cut = " ".join(words[:_MOST_WORDS])
        return f"{cut} {_GAP}" if len(words) > _MOST_WORDS and not cut.endswith(_GAP) else cut


def wording(node: ast.AST | None) -> str | None:
    """Return a text as it is worded in the source; None: it is none, or comes from elsewhere."""
    text = _raw(node)
    return None if text is None else " ".join(re.sub(r"%[sd]|\{[a-z_]*\}", _GAP, text).split())


def _raw(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _GAP for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_raw(node.left) or _GAP) + (_raw(node.right) or _GAP)
    return None


def is_sentence(text: str) -> bool:
    """Whether a text is words for a person, and no name, pattern or statement."""
    return (
        len(text.split()) >= 4
        and not text.startswith((",", ";"))
        and re.search(r"[a-z]{2,} [a-z]{2,}", text) is not None
        and not re.search(r"\b(SELECT|FROM|WHERE|UPDATE)\b|\\|\(\?|[åäö]", text)
    )


def error_classes(found: Iterable[Module]) -> set[str]:
    """Return the names of all errors that come from the one base."""
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    names = {BASE}
    while more := {name for name, of in bases.items() if of & names} - names:
        names |= more
    return names - {BASE}


class Words:
    """Where the words of some modules come from: constants, and functions that return them."""

    def __init__(self, found: Iterable[Module]) -> None:
        self._made: dict[str, list[ast.expr]] = {}
        for module in found:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id
                    if name.isupper():
                        self._made.setdefault(name, []).append(node.value)
                elif isinstance(node, ast.FunctionDef):
                    returned = [
                        one.value
                        for one in ast.walk(node)
                        if isinstance(one, ast.Return) and one.value is not None
                    ]
                    self._made.setdefault(f"{node.name}()", []).extend(returned)

    def of(self, node: ast.expr, local: dict[str, list[ast.expr]], depth: int = 0) -> set[str]:
        """Return how a value may be worded; nothing where its words come from outside.

        Args:
            node: the value.
            local: what the names of its function stand for.
            depth: how many names were followed.
        """
        text = wording(node)
        if text is not None:
            return {text} if " " in text else set()
        made: list[ast.expr] = []
        if isinstance(node, ast.IfExp):
            made = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp | ast.Dict):
            made = node.values
        elif isinstance(node, ast.Subscript):
            made = [node.value]
        elif isinstance(node, ast.Name):
            made = local.get(node.id) or self._made.get(node.id, [])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            made, local = self._made.get(f"{node.func.id}()", []), {}
        if depth > _MOST_STEPS:
            return set()
        return {words for one in made for words in self.of(one, local, depth + 1)}


def messages(found: Iterable[Module] | None = None) -> set[Message]:
    """Return every message of some modules, or of the program."""
    every = list(modules() if found is None else found)
    errors, words = error_classes(every), Words(every)
    return {message for module in every for message in _of_module(module, errors, words)}


def sources(found: Iterable[Module] | None = None) -> set[str]:
    """Return who says anything: modules, and classes of errors, also those without own words."""
    every = list(modules() if found is None else found)
    return error_classes(every) | {message.source for message in messages(every)}


def _of_module(module: Module, errors: set[str], words: Words) -> Iterator[Message]:
    for node, local in _with_names(module.tree, {}):
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "attr", getattr(called, "id", ""))
            first = words.of(node.args[0], local) if node.args else set()
            if name in errors:
                yield from (Message(name, text) for text in first)
            elif (
                (name in PRINTERS and isinstance(called, ast.Name))
                or (name in LOGGERS and isinstance(called, ast.Attribute))
                or name in SKIPS
            ):
                yield from (Message(module.name, text) for text in first if is_sentence(text))
        elif isinstance(node, ast.FunctionDef) and SPEAKING_FUNCTION.match(node.name):
            yield from _sentences(module.name, node.body)
    if module.name in SPEAKING:
        yield from _sentences(module.name, module.tree.body)


def _with_names(
    tree: ast.AST, local: dict[str, list[ast.expr]]
) -> Iterator[tuple[ast.AST, dict[str, list[ast.expr]]]]:
    """Yield every node with what the names of its function stand for."""
    for node in ast.iter_child_nodes(tree):
        inside = local
        if isinstance(node, ast.FunctionDef):
            inside = {}
            for one in ast.walk(node):
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                    inside.setdefault(one.targets[0].id, []).append(one.value)
        yield node, inside
        yield from _with_names(node, inside)


def _sentences(source: str, body: list[ast.stmt]) -> Iterator[Message]:
    """Every sentence in statements, but for docstrings, helps, and parts of longer ones."""
    skipped: set[int] = set()
    for outer in body:
        for node in ast.walk(outer):
            if isinstance(node, ast.JoinedStr | ast.BinOp) and wording(node):
                skipped |= {id(part) for part in ast.walk(node) if part is not node}
            elif isinstance(node, ast.keyword) and node.arg == "help":
                skipped |= {id(part) for part in ast.walk(node)}
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                skipped.add(id(node.value))
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_Trouble":
                skipped.add(id(node.args[0]))
    for outer in body:
        for node in ast.walk(outer):
            text = None if id(node) in skipped else wording(node)
            if text and is_sentence(text):
                yield Message(source, text)


# --- the pages -----------------------------------------------------------------------------------


def registry() -> list[dict[str, Any]]:
    """Return what people say of the messages: pages, each with groups."""
    pages: list[dict[str, Any]] = yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))["pages"]
    return pages


def named(pages: Iterable[dict[str, Any]]) -> list[str]:
    """Return every source that the registry names, as often as it does."""
    return [one for page in pages for group in page["groups"] for one in group["of"]]


def missing_lines(unnamed: Iterable[str]) -> str:
    """Return what is to be added to the registry for sources that it lacks."""
    lines = [
        "",
        "docs/runbook.yaml has no line for what may be printed. Add under the page that fits:",
        "",
    ]
    for source in sorted(unnamed):
        lines += [
            f"      - name: (in a few words) # of {source}",
            f"        of: [{source}]",
            "        means: (what has happened, and whether lists are out)",
            "        do: (what the operator does, and when)",
            "",
        ]
    return "\n".join([*lines, "Then run: python -m tests.tools.runbook_page"])


def as_markdown(page: dict[str, Any], every: set[Message]) -> str:
    """Return one page."""
    made = (
        "What to do first: [runbook.md](runbook.md). Made by `make docs` from the source and from "
        "`docs/runbook.yaml`; `…` stands for what differs."
    )
    lines = [f"# {page['title']}", "", f"{page['about'].strip()} {made}", ""]
    for group in page["groups"]:
        said = sorted({m.opening for m in every if m.source in group["of"]}, key=str.casefold)
        lines += [
            f"## {group['name']}",
            "",
            f"**Means**: {group['means'].strip()}",
            "",
            f"**Do**: {group['do'].strip()}",
            "",
            *(f"- `{opening}`" for opening in said if "`" not in opening),
            *(f"- ``{opening}``" for opening in said if "`" in opening),
            *([] if said else ["Its words come with it, from what it met."]),
            "",
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    """Write the pages."""
    every = messages()
    for page in registry():
        (ROOT / "docs" / f"{page['page']}.md").write_text(as_markdown(page, every), "utf-8")


if __name__ == "__main__":
    main()
