"""Asking Great Expectations about a compact frame: the one place that imports and runs it.

A validator that crashes is neither a passed nor a failed expectation; here it is an error, so that
nothing is published. Its answers depend on nothing but what was expected of which frame, and its
import takes three seconds of the processor: so a home keeps the newest answers of each contract,
and the same question is answered by them. Not here: which expectations there are (`contracts.py`,
`school_contract.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from assets.lake.whole_files import write_whole
from rules.errors import TrappanError

if TYPE_CHECKING:
    import pandas as pd

#: Given the library's expectations, returns those of a contract.
Expectations = Callable[[Any], Sequence[Any]]
# What else an answer depends on.
_LIBRARIES = ("great_expectations", "numpy", "pandas", "pyarrow")


class ContractCrashError(TrappanError):
    """A validator raised instead of answering: neither passed nor failed, so publication stops."""


@dataclass(frozen=True)
class ContractAnswer:
    """What the library says to one expectation; no value of the frame.

    Attributes:
        kind: the library's name of the expectation.
        columns: of the frame, that it is about.
        holds: whether the frame is as expected.
        where: school unit and day of each row that is not, when that was asked for.
    """

    kind: str
    columns: tuple[str, ...]
    holds: bool
    where: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class ContractAnswers:
    """What the library says to a contract.

    Attributes:
        question: hash of the frame, of what was expected of it, and of who answered.
        answered_at: when the library was asked, UTC; None where nobody keeps it.
        found: an answer for each expectation.
    """

    question: str
    answered_at: datetime | None
    found: tuple[ContractAnswer, ...]


_ANSWERS = TypeAdapter(ContractAnswers)


@dataclass(frozen=True)
class Memory:
    """Where a home keeps the newest answers of each contract: a file each.

    Attributes:
        folder: of the files; need not be there.
        now: the moment of asking, UTC.
    """

    folder: Path
    now: datetime

    @classmethod
    def of_home(cls, home: Path, now: float) -> Memory:
        """Return the memory of a home.

        Args:
            home: the home.
            now: seconds since 1970.
        """
        return cls(home / "contracts", datetime.fromtimestamp(now, UTC))

    def recall(self, name: str, question: str) -> ContractAnswers | None:
        """Return the answers to the same question, unless another was asked since."""
        try:
            kept = _ANSWERS.validate_json((self.folder / f"{name}.json").read_bytes())
        except (OSError, ValidationError):
            return None
        return kept if kept.question == question else None

    def keep(self, name: str, answers: ContractAnswers) -> None:
        """Keep answers in place of those before; where that fails, the next run asks again."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.folder / f"{name}.json", _ANSWERS.dump_json(answers, indent=1))


def answers(
    name: str,
    frame: pd.DataFrame,
    expectations: Expectations,
    result_format: Mapping[str, Any],
    memory: Memory | None = None,
) -> ContractAnswers:
    """Return the library's answers to a contract, or those that it gave to the same question.

    Args:
        name: of the contract, for messages and the memory.
        frame: a compact frame: counts and shares, never a pupil.
        expectations: what is expected of it.
        result_format: what an answer holds beside yes and no. No values: an answer can be stored.
        memory: of the home; without one the library is asked always.

    Raises:
        ContractCrashError: the validator crashed. That is never kept.
    """
    question = _question(name, frame, expectations, result_format) if memory else ""
    if memory and (known := memory.recall(name, question)):
        return known
    is_asked_where = "unexpected_index_column_names" in result_format
    found = tuple(
        _plain(answer, is_asked_where=is_asked_where)
        for answer in validated(name, frame, expectations, result_format)
    )
    new = ContractAnswers(question, memory.now if memory else None, found)
    if memory:
        memory.keep(name, new)
    return new


def validated(
    name: str, frame: pd.DataFrame, expectations: Expectations, result_format: Mapping[str, Any]
) -> list[Any]:
    """Ask the library; the arguments are those of `answers`.

    Raises:
        ContractCrashError: the validator crashed.
    """
    # Importing the library takes many seconds, so only a run that asks it pays for it.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415

    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        batch = context.data_sources.pandas_default.read_dataframe(frame)
        suite = gx.ExpectationSuite(name, expectations=list(expectations(gx.expectations)))
        found = list(batch.validate(suite, result_format=dict(result_format)).results)
    except Exception as error:
        raise ContractCrashError(_crash(name, type(error).__name__)) from None
    for answer in found:
        if _has_crashed(answer.exception_info):
            asked = answer.expectation_config
            raise ContractCrashError(_crash(name, asked.type if asked else "an expectation"))
    return found


def _plain(answer: Any, *, is_asked_where: bool) -> ContractAnswer:
    asked = answer.expectation_config
    columns = [
        asked.kwargs[key] for key in ("column", "column_A", "column_B") if key in asked.kwargs
    ]
    return ContractAnswer(
        kind=asked.type,
        columns=tuple(map(str, columns or asked.kwargs.get("column_list", []))),
        holds=bool(answer.success),
        where=tuple(_where(answer.result)) if is_asked_where and not answer.success else (),
    )


def _where(result: Mapping[str, Any]) -> Iterator[tuple[str, date]]:
    # Without values the library answers with one dictionary of lists.
    (named,) = result["unexpected_index_list"]
    for code, day in zip(named["school_unit_code"], named["lesson_date"], strict=True):
        yield code, day.date()


class _Named:
    """Stands for the library's expectations, so that what is expected is known without it."""

    def __getattr__(self, kind: str) -> Callable[..., tuple[str, dict[str, Any]]]:
        return lambda **arguments: (kind, arguments)


def _question(
    name: str, frame: pd.DataFrame, expectations: Expectations, result_format: Mapping[str, Any]
) -> str:
    """Return a hash of all that an answer depends on: the same one is the same question."""
    digest = sha256(Path(__file__).read_bytes())
    versions = [(library, version(library)) for library in _LIBRARIES]
    digest.update(repr((name, list(expectations(_Named())), dict(result_format))).encode())
    digest.update(repr(versions).encode())
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # The rows of a SELECT come in any order, and no answer depends on it.
    table = table.sort_by([(column, "ascending") for column in table.column_names])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _has_crashed(exception_info: dict[str, Any]) -> bool:
    """Look for an exception: at the top, or, for a metric that crashed, under the metric's name."""
    nested = (entry for entry in exception_info.values() if isinstance(entry, dict))
    return bool(exception_info.get("raised_exception")) or any(map(_has_crashed, nested))


def _crash(name: str, what: str) -> str:
    return (
        f"The contract '{name}' could not be checked: its validator crashed ({what}). Nothing is "
        "published until it answers. Run the job again; if it crashes again, report it."
    )
