"""The places of the portal's database that hold something sealed, and the rows they are bound to.

Known without Django, so that a command can open them.
"""

from __future__ import annotations

from assets.lake.sealed_places import SealedPlace

PERSON_ADDRESS = SealedPlace("portal_person", "sealed_address", ("key",))
EVENT_TEXT = SealedPlace("portal_event", "sealed_text", ("public_id", "pupil_key", "kind"))
RECEIVER_ADDRESS = SealedPlace("portal_delegation", "sealed_receiver", ("public_id",))
DELEGATION_PURPOSE = SealedPlace("portal_delegation", "sealed_purpose", ("public_id",))
#: Every place of the portal's database that holds something sealed.
SEALED_IN_PORTAL = (PERSON_ADDRESS, EVENT_TEXT, RECEIVER_ADDRESS, DELEGATION_PURPOSE)
