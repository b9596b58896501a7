"""A revoked file has never come: whatever it superseded is back, in whatever order files came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.ledger.entries import taken_files
from assets.exports.revoke import revoke_file
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.complete_files import WITH_COLUMN
from tests.property.test_any_order_of_files import EXPORTS, Export, FilesInAnyOrder


@st.composite
def competing(draw: st.DrawFn) -> list[Export]:
    """Draw files of which each has something of the first one's, said otherwise."""
    first = draw(EXPORTS)
    others = draw(st.lists(EXPORTS, min_size=1, max_size=3))
    minutes = draw(st.lists(st.sampled_from((0, 5, 10)), min_size=3, max_size=3))
    shared = [
        replace(
            other,
            kind=first.kind,
            fault="",
            words=tuple(replace(word, minutes=number) for word in first.words),
        )
        for other, number in zip(others, minutes, strict=False)
    ]
    return draw(st.permutations([replace(first, fault=""), *shared, *others[:1]]))


def test_a_revoked_file_leaves_the_lake_as_if_it_had_never_come(tmp_path: Path) -> None:
    came_back: set[str] = set()

    @settings(max_examples=examples(12), deadline=None)
    @given(files=competing(), number=st.integers(0, 4), together=st.booleans())
    def revoked_one_is_gone(files: list[Export], number: int, together: bool) -> None:
        machine = FilesInAnyOrder()
        machine.start()
        for some in [files] if together else [[file] for file in files]:
            machine.offer(some)
        taken = [file for file, _ in taken_files(lake, machine.sealer)]
        if not taken:
            return
        chosen = taken[number % len(taken)]
        said = len(machine.model.lessons()) + len(machine.model.enrolments())
        revoke_file(lake, chosen, layouts=WITH_COLUMN)
        machine.model.revoked.add(chosen.file_id)
        machine.compare()
        if said == len(machine.model.lessons()) + len(machine.model.enrolments()):
            came_back.add(chosen.layout or "")
        # The same bytes again change nothing.
        machine.offer(files)
        machine.teardown()

    with Lake.open(settings_of(tmp_path / "home")) as lake:
        FilesInAnyOrder.lake = lake
        revoked_one_is_gone()
    assert came_back >= {"elever", "lektionsfranvaro", "hel_period"}, "each kind is looked at"
