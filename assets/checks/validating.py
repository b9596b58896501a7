"""Asking Great Expectations about a compact frame: the one place that imports and runs it.

A validator that crashes is neither a passed nor a failed expectation; here it is an error, so that
nothing is published. Not here: which expectations there are (`contracts.py`,
`school_contract.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rules.errors import TrappanError

if TYPE_CHECKING:
    import pandas as pd

#: Given the library's expectations, returns those of a contract.
Expectations = Callable[[Any], Sequence[Any]]


class ContractCrashError(TrappanError):
    """A validator raised instead of answering: neither passed nor failed, so publication stops."""


def answers(
    name: str, frame: pd.DataFrame, expectations: Expectations, result_format: Mapping[str, Any]
) -> list[Any]:
    """Return the library's answer to every expectation, each with its `expectation_config`.

    Args:
        name: of the contract, for messages.
        frame: a compact frame: counts and shares, never a pupil.
        expectations: what is expected of it.
        result_format: what an answer holds beside yes and no. No values: an answer can be stored.

    Raises:
        ContractCrashError: the validator crashed.
    """
    # Importing the library takes many seconds, so only a run that checks pays for it.
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


def _has_crashed(exception_info: dict[str, Any]) -> bool:
    """Look for an exception: at the top, or, for a metric that crashed, under the metric's name."""
    nested = (entry for entry in exception_info.values() if isinstance(entry, dict))
    return bool(exception_info.get("raised_exception")) or any(map(_has_crashed, nested))


def _crash(name: str, what: str) -> str:
    return (
        f"The contract '{name}' could not be checked: its validator crashed ({what}). Nothing is "
        "published until it answers. Run the job again; if it crashes again, report it."
    )
