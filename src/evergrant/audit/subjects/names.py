"""Names of apps: how they are compared, and which look like another's."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NOISE = re.compile(r"[\W_]+")
_ALIKE = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "|": "l"})
KNOWN = (
    "Data Loader",
    "Dataloader Bulk",
    "Dataloader Partner",
    "Salesforce CLI",
    "Salesforce Files",
    "Salesforce Chatter",
    "Salesforce for Android",
    "Salesforce for iOS",
    "Workbench",
)
"""Apps of Salesforce's own and of its community, which thieves of tokens imitate (UNC6040 used a
false Data Loader); the list is ours."""
_LEAST = 7
"""Shorter names are too often near each other."""


def plain(name: str) -> str:
    """A name as it sounds: without case, blanks and signs."""
    return _NOISE.sub("", name.casefold())


def heard(name: str) -> str:
    """A name as somebody hears it: plain, with signs that look like letters read as these."""
    return plain(name).translate(_ALIKE)


def look_alike(label: str, others: Mapping[str, str]) -> str:
    """The name that a label can be taken for; empty where there is none.

    `others` are the labels of the same project, by how they are heard.  A well-known name is
    imitated with one sign changed, too; among one's own apps only what is heard alike counts.
    """
    sound = heard(label)
    for known, name in _KNOWN.items():
        # An app of the very name may be the real one: nothing tells them apart.
        if label != name and _near(sound, known):
            return name
    twin = others.get(sound, label)
    return twin if twin != label and len(sound) >= _LEAST else ""


_KNOWN = {heard(each): each for each in KNOWN}


def _near(one: str, other: str) -> bool:
    """Whether they are the same but for one sign at most."""
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _LEAST:
        return False
    short, long = sorted((one, other), key=len)
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def grant_name(user: str, app: str) -> str:
    """The name of one user's approval of one app."""
    return f"{user}{_OF}{app}"


def user_of_grant(name: str, app: str) -> str:
    """The user in the name of an approval."""
    return name.removesuffix(f"{_OF}{app}")


_OF = " of "
