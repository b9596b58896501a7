"""Why a Dagster run did not end well, in our words, and what it said until then.

Of an error Dagster keeps its class and its message; only messages of our own are repeated, because
they have no personal data in them. Not here: how a job runs (`running.py`), what an asset hands
back (`run_results.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import dagster as dg

from assets.upkeep.reporting.report import NightFailure, RunFacts
from rules.errors import TrappanError

#: The stage of all checks together, in the seconds of a run.
CHECKS = "checks"
_CHECK_FAILED = "DagsterAssetCheckFailedError"


def failure_of(job: str, events: Iterable[dg.DagsterEvent]) -> NightFailure:
    """Return why a run did not end well.

    Args:
        job: its job.
        events: of the run.
    """
    spoken = set(_names(TrappanError))
    for event in events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is None:
            continue
        step = event.step_key or ""
        if error.cls_name == _CHECK_FAILED:
            failed = ", ".join(
                line.strip() for line in error.message.splitlines()[1:] if line.strip()
            )
            return NightFailure(
                step=step,
                check=failed,
                kind="CheckFailed",
                words=f"{job} stopped at a check that failed: {failed}. Nothing after it was made, "
                "and the lists that are out still stand. docs/operators-lists.md says what each "
                "check means and how to resolve it.",
            )
        while error is not None:
            name = (error.cls_name or "").rpartition(".")[2]
            if name in spoken:
                words = error.message.partition(": ")[2].strip() or error.message.strip()
                return NightFailure(step=step, kind=name, words=words)
            error = error.cause
        return NightFailure(
            step=step, kind="StepFailed", words=f"{job} stopped in {step}. Run `trappan doctor`."
        )
    return NightFailure(kind="NotEnded", words=f"{job} did not end well. Run `trappan doctor`.")


def _names(kind: type[TrappanError]) -> Iterator[str]:
    """The names of a class and of all that come from it: Dagster keeps no more of an error."""
    yield kind.__name__
    for narrower in kind.__subclasses__():
        yield from _names(narrower)


def facts_of(job: str, events: Sequence[dg.DagsterEvent]) -> RunFacts:
    """Return what a run said of itself: seconds by step, and what its assets count.

    Args:
        job: its job.
        events: of the run.
    """
    checks = {
        event.step_key for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    seconds: dict[str, float] = {}
    counted: dict[str, dict[str, object]] = {}
    for event in events:
        if event.is_step_success and event.step_key:
            stage = CHECKS if event.step_key in checks else event.step_key
            taken = event.step_success_data.duration_ms / 1000
            seconds[stage] = seconds.get(stage, 0.0) + taken
        elif event.is_step_materialization and event.asset_key:
            materialization = event.step_materialization_data.materialization
            counted.setdefault(event.asset_key.to_user_string(), {}).update(
                (name, value.value)
                for name, value in materialization.metadata.items()
                if isinstance(
                    value, dg.IntMetadataValue | dg.BoolMetadataValue | dg.TextMetadataValue
                )
            )
    return RunFacts(job, seconds, counted)
