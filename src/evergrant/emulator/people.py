"""People: how a user comes into the org."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from evergrant.emulator import objects, state

if TYPE_CHECKING:
    from evergrant.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Person:
    """A user to be."""

    name: str
    """What stands before the @ of the username."""
    first: str
    last: str
    profile: str
    """By name."""


def add(org: Org, person: Person, password: str, user_id: str = "") -> str:
    """Make a user whose password is some weeks old; gives the id. Raises KeyError."""
    profile = state.one(org.db, 'SELECT "Id" FROM "Profile" WHERE "Name" = ?', person.profile)
    if profile is None:
        raise KeyError(f"no profile is named {person.profile}")
    now, user, username = org.clock.now(), user_id or org.ids.new("005"), username_of(org, person)
    objects.insert(
        org.db, "User", Id=user, Username=username, FirstName=person.first, LastName=person.last,
        Name=f"{person.first} {person.last}".strip(), IsActive=True, Email=username,
        Alias=person.name[:8], ProfileId=profile["Id"], UserType="Standard",
        TimeZoneSidKey="GMT", LocaleSidKey="en_US", LanguageLocaleKey="en_US", CreatedDate=now,
        LastModifiedDate=now, SystemModstamp=now, LastPasswordChangeDate=now - timedelta(days=40),
    )  # fmt: skip
    objects.insert(org.db, "UserLogin", Id=org.ids.new("0Yw"), UserId=user, LastModifiedDate=now)
    # What must follow the password outside trusted ranges; the same seed gives the same one.
    token = letters(Random(f"security token {org.seed} {user}"), 24)  # noqa: S311  # not a secret
    state.put(org.db, "x_user", id=user, password=password, security_token=token)
    state.put(org.db, "x_issued", secret=password, kind="password")
    state.put(org.db, "x_issued", secret=token, kind="security_token")
    return user


def username_of(org: Org, person: Person) -> str:
    """The username a person gets in this org."""
    return f"{person.name}@{org.home.users}"


def letters(words: Random, length: int) -> str:
    """So many letters and digits."""
    return "".join(words.choices(ascii_letters + digits, k=length))
