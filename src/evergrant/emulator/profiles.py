"""Profiles and permission sets: how one comes into the org."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import licenses, objects, state
from evergrant.emulator.permissions import COLUMN
from evergrant.emulator.policies import ProfilePolicy

if TYPE_CHECKING:
    from evergrant.emulator.org import Org


def add_profile(
    org: Org, name: str, permissions: frozenset[str], license_: str = licenses.SALESFORCE
) -> str:
    """Make a profile with these permissions, and the permission set that it owns; gives its id.

    Raises KeyError for a user licence that the org has not.
    """
    profile, now = org.ids.new("00e"), org.clock.now()
    held = {f"{COLUMN}{permission}": True for permission in permissions}
    objects.insert(
        org.db, "Profile", Id=profile, Name=name, UserType="Standard", CreatedDate=now,
        UserLicenseId=licenses.of(org, license_), **held,
    )  # fmt: skip
    # A permission set owned by a profile bears an X00e name (observed in public exports).
    objects.insert(
        org.db, "PermissionSet", Id=org.ids.new("0PS"), Name=f"X{profile}", Label=profile,
        ProfileId=profile, IsOwnedByProfile=True, Type="Profile", CreatedDate=now, **held,
    )  # fmt: skip
    state.save_policy(org.db, profile, ProfilePolicy())
    return profile


def add_permission_set(org: Org, name: str, label: str) -> None:
    """Make a permission set that permits nothing yet."""
    objects.insert(
        org.db, "PermissionSet", Id=org.ids.new("0PS"), Name=name, Label=label, IsCustom=True,
        Type="Regular", CreatedDate=org.clock.now(),
    )  # fmt: skip
