"""Dagster assets of the watchlists stage: flags become published lists."""

import dagster as dg

from assets.lake.access import SCHOOL_TAG, VALUE_TO_CALLER, LakeAccess, StepError
from assets.watchlists.release.released import (
    note_one_more,
    note_release,
    refuse_early_freeze,
    refuse_wrong_night,
)
from assets.watchlists.release.releases import Release, release_lists
from assets.watchlists.release.week_states import iso_week

GROUP = "watchlists"
_INPUTS = [
    "files",
    "flags",
    "follow_up",
    "forecasts",
    "absence_rolling",
    "lessons",
    "monthly_sums",
    "school_contracts",
    "school_silences",
    "school_units",
    "identities",
    "staff",
]


# What says which lists wait. A run of a part of a job would know of none.
_LOOKED = ("school_contracts", "school_silences")
_LATEST = 20


def _refuse_unlooked(context: dg.AssetExecutionContext, as_of: str) -> None:
    """Refuse to make lists before it was looked which of them wait.

    By this run, or by one that this one goes on with after it had stopped.

    Raises:
        StepError: nothing says which lists wait at as_of.
    """
    runs = {context.run.run_id, context.run.parent_run_id, context.run.root_run_id}
    for name in _LOOKED:
        found = context.instance.fetch_materializations(dg.AssetKey(name), limit=_LATEST).records
        days = {
            one.asset_materialization.metadata["as_of"].value
            for one in found
            if one.run_id in runs and one.asset_materialization
        }
        if as_of not in days:
            raise StepError(
                f"Lists are made only after it was looked which of them wait, and this run has no "
                f"{name} of {as_of}. Run the whole job: nightly_job or weekly_job."
            )


def _release(
    lake: LakeAccess, context: dg.AssetExecutionContext, *, is_frozen: bool
) -> dg.MaterializeResult[Release]:
    as_of = lake.as_of(context.run.tags)
    school = context.run.tags.get(SCHOOL_TAG)
    with lake.open() as opened:
        if not lake.override.is_forced:
            if is_frozen:
                refuse_early_freeze(opened, as_of)
            else:
                refuse_wrong_night(opened, as_of, lake.today())
        _refuse_unlooked(context, as_of.isoformat())
        release = release_lists(
            opened,
            as_of,
            lake.rules_on,
            period=iso_week(as_of) if is_frozen else "current",
            school=school,
            even_if_held=lake.override.even_if_held,
            has_mentor_files=lake.has_mentor_files,
            on_progress=lake.on_progress,
        )
        if school is None:
            note_release(opened, release, as_of)
        else:
            note_one_more(opened, release)
    return dg.MaterializeResult(metadata=_metadata(release, as_of.isoformat()), value=release)


def _metadata(release: Release, as_of: str) -> dict[str, dg.MetadataValue]:
    return {
        "as_of": dg.MetadataValue.text(as_of),
        "lists_published": dg.MetadataValue.int(len(release.folders)),
        "lists_kept_frozen": dg.MetadataValue.int(len(release.kept)),
        "lists_held": dg.MetadataValue.int(len(release.held)),
        "school_units_held": dg.MetadataValue.text(", ".join(release.held) or "none"),
        "school_units_in_no_register": dg.MetadataValue.int(len(release.unregistered)),
        "pupils_on_lists": dg.MetadataValue.int(release.pupils),
        "unreported_lessons_14_days": dg.MetadataValue.int(release.unreported_lessons),
        "pupils_overdue": dg.MetadataValue.int(sum(one.pupils for one in release.overdue)),
        "schools_with_unreported_lessons": dg.MetadataValue.int(release.schools_with_unreported),
    }


@dg.asset(
    deps=_INPUTS,
    group_name=GROUP,
    kinds={"excel", "html"},
    io_manager_key=VALUE_TO_CALLER,
    description="Tonight's list of each school, replaced every night.",
)
def current_watchlists(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[Release]:
    """Publish the current lists at as_of."""
    return _release(lake, context, is_frozen=False)


@dg.asset(
    deps=_INPUTS,
    group_name=GROUP,
    kinds={"excel", "html"},
    io_manager_key=VALUE_TO_CALLER,
    description="The week's list of each school, frozen once it is published.",
)
def weekly_watchlists(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeAccess]
) -> dg.MaterializeResult[Release]:
    """Publish the frozen lists of the ISO week of as_of."""
    return _release(lake, context, is_frozen=True)
