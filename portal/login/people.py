"""People as the portal knows them: by the key of their address."""

from __future__ import annotations

from assets.lake.sealed_places import PERSON_ADDRESS
from portal.home import Home
from portal.models import Person


def person_with(home: Home, address: str, issuer: str = "", subject: str = "") -> Person | None:
    """Return the person with an address, made when new; None when another has the address.

    Args:
        home: whose key seals it.
        address: as the login has verified it.
        issuer: the login; "" where somebody is chosen.
        subject: whom the login says it is. The first who comes with an address keeps it: a second
            account with the same address is refused until an operator has looked at it.
    """
    key = home.key_of_address(address)
    taken = Person.objects.filter(issuer=issuer, subject=subject).exclude(key=key).first()
    if subject and taken is not None:
        # The account has another address than before: the old one's rights are not taken along.
        taken.issuer = taken.subject = ""
        # Whoever is logged in under the old address is so no more.
        taken.set_unusable_password()
        taken.save(update_fields=["issuer", "subject", "password"])
    person, is_new = Person.objects.get_or_create(
        key=key,
        defaults={
            "sealed_address": home.sealer.seal_text(PERSON_ADDRESS, (key,), address),
            "issuer": issuer,
            "subject": subject,
        },
    )
    if is_new:
        person.set_unusable_password()
        person.save(update_fields=["password"])
        return person
    if not subject:
        return person
    if (person.issuer, person.subject) == ("", ""):
        person.issuer, person.subject = issuer, subject
        person.save(update_fields=["issuer", "subject"])
    return person if (person.issuer, person.subject) == (issuer, subject) else None
