"""The kinds of what is recorded of a pupil, and which of them come into the lake.

Of the team's case, of notes, of consent and of collaboration comes only that somebody did
something, and when: as `act`, all alike. A list is a file that nobody can call back, and consent
can be withdrawn. Not here: what is checked before something is recorded (`portal/`), the words
themselves (`rules/follow_up/`).
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.follow_up_words import RoleName

STATUS_OF: Mapping[RoleName, str] = {
    "mentor": "mentor_status",
    "principal": "principal_status",
    "team": "team_step",
}
STATUS_KINDS = frozenset(STATUS_OF.values())
CONSENT, COLLABORATION, FACTOR = "consent", "collaboration", "factor"
RESPONSIBLE, NEXT_DATE, NOTE = "responsible", "next_date", "note"
GOAL, GOAL_MET, MEASURE, WITHDRAWAL = "goal", "goal_met", "measure", "withdrawal"
#: How often a measure is carried out: "the measure's code:the word's".
MEASURE_EXTENT = "measure_extent"
RESULT, PUPIL_SATISFACTION = "result", "pupil_satisfaction"
GUARDIAN_SATISFACTION = "guardian_satisfaction"
#: The value of `responsible` by which nobody is.
NOBODY = "none"
#: In the lake only: somebody did something that stays in the portal.
ACT = "act"
#: Kinds of the team's case: nobody else sees them.
OF_THE_CASE = frozenset(
    {
        *(FACTOR, GOAL, GOAL_MET, MEASURE, MEASURE_EXTENT),
        *(RESULT, PUPIL_SATISFACTION, GUARDIAN_SATISFACTION),
    }
)
#: What somebody did, and so stops the clock. A plan for later, and a note, are acts too.
ACTS = STATUS_KINDS | OF_THE_CASE | {ACT, CONSENT, COLLABORATION, NEXT_DATE, NOTE, RESPONSIBLE}
#: What comes into the lake as it is, with value and date; every other act comes as `act`.
BROUGHT = frozenset({STATUS_OF["mentor"], STATUS_OF["principal"], RESPONSIBLE, NEXT_DATE})
#: What the portal keeps that is no act: it stops no clock, and does not come at all.
NO_ACTS = frozenset({WITHDRAWAL})
