"""Faults that are planted: another operator or constant, one at a time.

Of Python as Cosmic Ray plants them, of SQL by the tokens that sqlglot reads. What no test can ask
for is not planted: whether a class may be written to, which mypy holds, whether `zip` counts again,
and what is imported for types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from sqlglot import Token, TokenType
from sqlglot.dialects.duckdb import DuckDB

_SWAPS = {
    ">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "<>", "<>": "=", "+": "-", "-": "+",
    "AND": "OR", "OR": "AND", "TRUE": "FALSE", "FALSE": "TRUE", "MIN": "max", "MAX": "min",
    "BOOL_OR": "bool_and", "BOOL_AND": "bool_or", "LEFT": "INNER", "ANTI": "SEMI", "SEMI": "ANTI",
    "DESC": "ASC", "ASC": "DESC", "NOT": "",
}  # fmt: skip
# Of Cosmic Ray's operators those that change what is decided; the others rarely say more.
_OPERATORS = (
    "core/ReplaceComparisonOperator",
    "core/ReplaceBinaryOperator_Add_Sub",
    "core/ReplaceBinaryOperator_Sub_Add",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/AddNot",
    "core/NumberReplacer",
    "core/ZeroIterationForLoop",
)


# Changes of Python that no test can ask for, see above: what stands before, what after.
_NOT_ASKED = re.compile(r"`if TYPE_CHECKING:|(frozen|strict|slots)=True.* -> .*\1=False")


@dataclass(frozen=True)
class Mutant:
    """A file with one fault.

    Attributes:
        path: of the file, from the root.
        line: where the fault is, from 1.
        change: what stands there, and what stands there now.
        text: the whole file with the fault.
    """

    path: Path
    line: int
    change: str
    text: str

    @property
    def name(self) -> str:
        """As `docs/mutants.md` names it: the line's text, because its number changes."""
        return f"{self.path.as_posix()}: {self.change}"


def mutants_of(path: Path, text: str) -> Iterator[Mutant]:
    """Yield a file's mutants, each with one fault."""
    return _of_sql(path, text) if path.suffix == ".sql" else _of_python(path, text)


def _of_sql(path: Path, text: str) -> Iterator[Mutant]:
    tokens = DuckDB.Tokenizer().tokenize(text)
    for token in tokens:
        other = _other(token)
        if other is not None:
            yield _replaced(path, text, token, other)


def _other(token: Token) -> str | None:
    if token.token_type == TokenType.NUMBER and token.text.isdigit():
        return str(int(token.text) + 1)
    if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.PARAMETER):
        return None
    return _SWAPS.get(token.text.upper())


def _replaced(path: Path, text: str, token: Token, other: str) -> Mutant:
    changed = f"{text[: token.start]}{other}{text[token.end + 1 :]}"
    line = text.count("\n", 0, token.start) + 1
    before = text.splitlines()[line - 1].strip()
    column = token.start - (text.rfind("\n", 0, token.start) + 1)
    nth = len(re.findall(re.escape(token.text), text.splitlines()[line - 1][:column]))
    which = f" (no. {nth + 1})" if nth else ""
    return Mutant(path, line, f"`{before}`: {token.text}{which} -> {other or 'nothing'}", changed)


def _of_python(path: Path, text: str) -> Iterator[Mutant]:
    seen = {text}
    for name in sorted(operator_names()):
        if not name.startswith(_OPERATORS):
            continue
        for occurrence in range(10_000):
            changed = mutate_code(text, get_operator(name)(), occurrence)
            if changed is None:
                break
            if changed in seen:
                continue
            seen.add(changed)
            mutant = _of_two_texts(path, text, changed)
            if not _NOT_ASKED.search(mutant.change):
                yield mutant


def _of_two_texts(path: Path, text: str, changed: str) -> Mutant:
    pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
    for line, (before, after) in enumerate(pairs, start=1):
        if before != after:
            return Mutant(path, line, f"`{before.strip()}` -> `{after.strip()}`", changed)
    return Mutant(path, 1, "the end", changed)
