"""What the portal keeps: people who log in, what was said of pupils, who may, and who looked.

Of a pupil only the key that the lake has; texts and addresses are sealed with the home's key, each
for the row it stands in. Events are only ever added. Not here: what they mean (`follow_up/`).
"""

from __future__ import annotations

import re
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

#: What such a name looks like.
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def new_public_id() -> str:
    """Return a name for a row in addresses that nobody guesses: 128 bits."""
    return secrets.token_urlsafe(16)


class PersonManager(BaseUserManager["Person"]):
    """People are found by their key."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Return the person with a key."""
        return self.get(key=username)


class Person(AbstractBaseUser):
    """Somebody who has logged in.

    `key` is the home's HMAC of the address, by which the lake knows mentors too. `issuer` and
    `subject` are whom the login says it is: the first who comes with an address has it.
    """

    key = models.CharField(max_length=36, unique=True)
    sealed_address = models.BinaryField()
    issuer = models.CharField(max_length=255, default="", blank=True)
    subject = models.CharField(max_length=255, default="", blank=True)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[PersonManager] = PersonManager()
    USERNAME_FIELD = "key"

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                condition=~models.Q(subject=""),
                name="one_person_a_subject",
            )
        ]

    def __str__(self) -> str:
        return str(self.key)


class PupilReference(models.Model):
    """The name of a pupil in addresses; random, and of this portal only."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id)
    pupil_key = models.CharField(max_length=36, unique=True)

    def __str__(self) -> str:
        return str(self.public_id)


class Event(models.Model):
    """Something that was said of a pupil. The newest of a kind counts; none is ever changed."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id)
    pupil_key = models.CharField(max_length=36, db_index=True)
    school_unit_code = models.CharField(max_length=8)
    kind = models.CharField(max_length=40)
    value = models.CharField(max_length=80, default="", blank=True)
    on_date = models.DateField(null=True, blank=True)
    sealed_text = models.BinaryField(null=True, blank=True)
    author_key = models.CharField(max_length=36)
    role = models.CharField(max_length=20)
    recorded_at = models.DateTimeField(db_index=True)
    withdraws = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawn_by"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["school_unit_code", "pupil_key"], name="event_of_school")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Delegation(models.Model):
    """A principal lets somebody act: for a whole school, or for single pupils."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id)
    school_unit_code = models.CharField(max_length=8, db_index=True)
    giver_key = models.CharField(max_length=36)
    receiver_key = models.CharField(max_length=36, db_index=True)
    sealed_receiver = models.BinaryField()
    sealed_purpose = models.BinaryField()
    is_whole_school = models.BooleanField(default=False)
    until = models.DateField()
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.public_id)


class HandedPupil(models.Model):
    """A pupil whom a delegation is about."""

    delegation = models.ForeignKey(Delegation, on_delete=models.PROTECT, related_name="pupils")
    pupil_key = models.CharField(max_length=36, db_index=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["delegation", "pupil_key"], name="handed_once")
        ]

    def __str__(self) -> str:
        return f"{self.delegation_id} {self.pk}"


class AccessEntry(models.Model):
    """Who opened or changed what, and when; written before the answer is given."""

    at = models.DateTimeField(db_index=True)
    person_key = models.CharField(max_length=36)
    role = models.CharField(max_length=20)
    kind = models.CharField(max_length=40)
    school_unit_code = models.CharField(max_length=8, default="", blank=True, db_index=True)
    pupil_key = models.CharField(max_length=36, default="", blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
