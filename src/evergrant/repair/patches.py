"""From a change as the catalog has it to edits of components: names found, placeholders filled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from evergrant.catalog.changes import Patch
from evergrant.repair.edits import Add, Clear, Drop, Edit, Ensure, Set
from evergrant.repair.files import App, Files
from evergrant.repair.kinds import CONNECTED, KINDS
from evergrant.repair.model import Edition, Key

MEANINGS: Final = {
    "app": "the app, by name or label",
    "callback": "the callback URL",
    "certificate": "the certificate, as PEM",
    "consumer_key": "the app's consumer key",
    "days": "days without use after which a refresh token dies",
    "first_address": "the first address of the range",
    "last_address": "the last address of the range",
    "origin": "the origin of the page, such as https://app.example.com",
    "permission_set": "the permission set that admits, by API name",
    "profile": "the profile, by its name in metadata",
    "user": "the user, by username; several with commas between",
}
"""What each placeholder of a patch stands for."""
_LISTS: Final = {
    "commaSeparatedPermissionSet": ", ", "commaSeparatedProfile": ", ",
    "commaSeparatedOauthScopes": ", ", "callbackUrl": "\n",
}  # fmt: skip
"""Elements that list words (org-model 1.2.1, 1.4)."""
_GROUPS: Final = frozenset({"loginIpRanges", "networkAccess/ipRanges"})
"""Elements that repeat and hold others: patches of one change that name the same become one."""
_FILLED: Final = (
    Ensure("oauthPolicy/ipRelaxation", "ENFORCE"),
    Ensure("oauthPolicy/refreshTokenPolicy", "infinite"),
)
"""Both are required where there is a policy, and these are what is without (MD-connectedapp)."""
_BLANK: Final = re.compile(r"\{(\w+)\}")


def filled(text: str, given: Mapping[str, str]) -> str:
    """A text with its placeholders filled in; those that nobody gave stay."""
    return _BLANK.sub(lambda found: given.get(found[1], found[0]), text)


def editions(
    patches: Sequence[Patch], app: App | None, given: Mapping[str, str]
) -> tuple[Edition, ...]:
    """The edits of each component that metadata patches name, in the order of the patches."""
    by_key: dict[Key, list[Edit]] = {}
    for patch in patches:
        key = _key(patch, app, given)
        by_key.setdefault(key, []).extend(_edits(patch, given))
    return tuple(Edition(key, tuple(_joined(edits))) for key, edits in by_key.items())


def _key(patch: Patch, app: App | None, given: Mapping[str, str]) -> Key:
    """NOTE: files of an external client app are named by chance, so they are looked up."""
    if patch.of == "{app}" and app is not None:
        there = app.parts.get(patch.type)
        return patch.type, there.name if there else _default_name(patch.type, app)
    return patch.type, filled(patch.of, given)


def _default_name(type_: str, app: App) -> str:
    """How Salesforce names the policies that it makes by itself (recorded)."""
    is_policy = KINDS[type_].folder.endswith("Policies")
    return f"{app.name}_defaultPolicy" if is_policy else app.name


def _edits(patch: Patch, given: Mapping[str, str]) -> Iterator[Edit]:
    path, value = patch.path.replace(".", "/"), _words(patch.value, given)
    separator = "" if patch.type == CONNECTED and path == "permissionSetName" else _LISTS.get(
        path.rpartition("/")[2], ""
    )  # fmt: skip
    if path == "userPermissions/name":
        yield Add("userPermissions", (("enabled", "true"), ("name", value)))
    elif patch.act == "add":
        yield Add(path, value, separator)
    elif path == "loginHours":
        # An empty element clears them; none at all leaves them as they are (MD-profile).
        yield Clear(path)
    elif patch.act == "remove":
        yield Drop(path, value or None, separator)
    else:
        yield Set(path, value)
    if patch.type == CONNECTED and path.startswith("oauthPolicy/"):
        yield from _FILLED


def _words(value: str | bool | int, given: Mapping[str, str]) -> str:
    return filled(str(value).lower() if isinstance(value, bool) else str(value), given)


def _joined(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Edits with those that make one group together as one."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for edit in edits:
        group, _, name = edit.path.rpartition("/")
        if isinstance(edit, Add) and group in _GROUPS and isinstance(edit.value, str):
            groups.setdefault(group, []).append((name, edit.value))
        else:
            yield edit
    for path, inner in groups.items():
        yield Add(path, tuple(sorted(inner)))


def removals(
    patches: Sequence[Patch], app: App | None, files: Files
) -> tuple[Key, ...]:  # fmt: skip
    """The components that go: an app's entry on the list of blocked ones, by its consumer key."""
    gone = [each.type for each in patches if each.act == "delete"]
    if app is None or not gone:
        return ()
    key = app.head.text("oauthConfig/consumerKey")
    return tuple(
        (type_, each.name)
        for type_ in gone
        for each in files.of(type_)
        if key and each.text("consumerKey") == key
    )
