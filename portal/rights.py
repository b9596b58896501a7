"""What somebody may see and do, worked out at every request.

From who leads and who is mentor today, from delegations that have not ended, from `roles.yaml`, and
for a team from consent. Nobody has a right by an address, a form or a session. Not here: which
page asks for which right (`views/rules.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assets.lake.sealed_places import PERSON_ADDRESS
from portal.home import Home
from portal.models import Delegation, HandedPupil, Person
from portal.roles import load_roles
from portal.today import Today
from rules.follow_up_words import RoleName

Role = Literal["principal", "delegate", "mentor", "health", "team", "analyst", "operator"]


@dataclass(frozen=True)
class Rights:
    """What one person may.

    Attributes:
        key: the person.
        address: verified by the login.
        today: who belongs where.
        led: school units that the person leads.
        delegated: school units whose principal lets the person act for the whole school.
        mentees: pupils whose mentor the person is.
        handed: pupils who were handed to the person, elevhälsa.
        districts: of whose team the person is.
        is_analyst: reads group figures.
        is_operator: reads counts.
    """

    key: str
    address: str
    today: Today
    led: frozenset[str]
    delegated: frozenset[str]
    mentees: frozenset[str]
    handed: frozenset[str]
    districts: frozenset[str]
    is_analyst: bool
    is_operator: bool

    @property
    def has_any(self) -> bool:
        """Whether there is anything for the person here."""
        return bool(
            self.led
            or self.delegated
            or self.mentees
            or self.handed
            or self.districts
            or self.is_analyst
            or self.is_operator
        )

    @property
    def schools(self) -> frozenset[str]:
        """School units whose whole list the person may read."""
        return self.led | self.delegated

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.today.names.get(self.key, self.address)

    @property
    def own_pupils(self) -> frozenset[str]:
        """Pupils whom the person meets as mentor or elevhälsa."""
        return self.mentees | self.handed

    def teams_schools(self) -> frozenset[str]:
        """Return the school units of the person's districts."""
        return frozenset(
            code for code, school in self.today.schools.items() if school.district in self.districts
        )

    def roles_for(self, pupil_key: str, has_consent: bool) -> tuple[Role, ...]:
        """Return as what the person meets a pupil today; nothing means: not at all.

        Args:
            pupil_key: the key that stands for the pupil.
            has_consent: whether guardian and pupil let the team see the case, which was raised.
        """
        placed = self.today.pupils.get(pupil_key)
        if placed is None:
            return ()
        code = placed.school_unit_code
        is_of_team = has_consent and code in self.teams_schools()
        found: list[tuple[Role, bool]] = [
            ("principal", code in self.led),
            ("delegate", code in self.delegated),
            ("mentor", pupil_key in self.mentees),
            ("health", pupil_key in self.handed),
            ("team", is_of_team),
        ]
        return tuple(role for role, has_it in found if has_it)


#: Whose words each role may use.
WORDS_OF: dict[Role, tuple[RoleName, ...]] = {
    "principal": ("principal", "mentor"),
    "delegate": ("principal", "mentor"),
    "mentor": ("mentor",),
    "health": ("mentor",),
    "team": ("team",),
    "analyst": (),
    "operator": (),
}


def rights_of(home: Home, person: Person) -> Rights:
    """Return what a person may at this moment.

    Raises:
        SealError: the address was changed.
        PortalError: `roles.yaml` is not as expected.
        LakeError: the lake can't be read.
    """
    today = home.today()
    sealed = bytes(person.sealed_address)
    address = home.sealer.unseal_text(PERSON_ADDRESS, (person.key,), sealed)
    roles = load_roles(home.folder)
    # Who gave it must lead the school still: a right that was lent ends with the lender's.
    delegations = [
        one
        for one in Delegation.objects.filter(
            receiver_key=person.key, ended_at=None, until__gte=today.day
        )
        if one.giver_key in today.principals_at(one.school_unit_code)
    ]
    places = {one.pk: one.school_unit_code for one in delegations}
    handed = {
        (today.standing_key(one.pupil_key), places[one.delegation_id])
        for one in HandedPupil.objects.filter(delegation__in=list(places))
    }
    return Rights(
        key=str(person.key),
        address=address,
        today=today,
        led=today.principal_of(str(person.key)),
        delegated=frozenset(d.school_unit_code for d in delegations if d.is_whole_school),
        mentees=today.mentees.get(str(person.key), frozenset()),
        # A pupil who moved is not the old school's to hand.
        handed=frozenset(
            key
            for key, code in handed
            if key in today.pupils and today.pupils[key].school_unit_code == code
        ),
        districts=roles.districts_of(address, today.day),
        is_analyst=roles.is_analyst(address),
        is_operator=roles.is_operator(address),
    )
