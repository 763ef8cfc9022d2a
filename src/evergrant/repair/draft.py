"""What a plan makes of files: each component before and after, as a diff, and what is dangerous."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evergrant.model import MASK
from evergrant.repair.edits import edited
from evergrant.repair.files import Component, Files
from evergrant.repair.kinds import KINDS, PARENT, root_of
from evergrant.repair.model import Deployment, Edition, Key, Mending, Plan

SPACE = "http://soap.sforce.com/2006/04/metadata"
_ROTATIONS = ("shouldRotateConsumerKey", "shouldRotateConsumerSecret")
_SECRET = re.compile(r"(<(?:\w+:)?consumerSecret[^>]*>)[^<]+")
_RANGES = "networkAccess/ipRanges"


@dataclass(frozen=True, slots=True)
class Draft:
    """One component before and after."""

    before: Component
    after: Component
    is_new: bool = False

    @property
    def changes(self) -> bool:
        """Whether anything of it is to be done."""
        return self.before.data != self.after.data


def drafts(step: Deployment | Mending, files: Files, app: str = "") -> list[Draft]:
    """The components of a step before and after; those that are not there are begun.

    Raises `BadInput` for a file that cannot be read.
    """
    found = []
    for edition in step.editions:
        there = files.find(*edition.key)
        before = there or _begun(edition, app)
        after = before.with_data(edited(before.data, edition.edits))
        found.append(Draft(before, after, there is None))
    return found


def together(plans: Sequence[Plan], files: Files) -> list[Draft]:
    """Every component that some of the plans edit, before and after all of them.

    Raises `BadInput` for a file that cannot be read.
    """
    found: dict[Key, Draft] = {}
    for plan in plans:
        name = plan.app.name if plan.app else ""
        for edition in plan.editions:
            there = files.find(*edition.key)
            first = found.get(edition.key)
            before = first.before if first else there or _begun(edition, name)
            data = first.after.data if first else before.data
            after = before.with_data(edited(data, edition.edits))
            found[edition.key] = Draft(before, after, there is None)
    return list(found.values())


def _begun(edition: Edition, app: str) -> Component:
    """A component of which the org holds nothing but defaults: settings, or a satellite."""
    kind, name = KINDS[edition.key[0]], edition.key[1]
    root = root_of(kind, name)
    inner = f"    <{PARENT}>{app}</{PARENT}>\n" if kind.has_parent else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{SPACE}">\n{inner}</{root}>\n'
    return Component(kind, name, f"{kind.path(name)}-meta.xml", text.encode())


def diff(draft: Draft) -> str:
    """The draft as a unified diff that `git apply` takes; empty where nothing changes.

    Secrets are masked: a patch of lines that hold one shows the change and does not apply.
    """
    old = _shown(draft.before).splitlines(keepends=True)
    new = _shown(draft.after).splitlines(keepends=True)
    path = draft.before.path.replace("\\", "/").lstrip("/")
    source = "/dev/null" if draft.is_new else f"a/{path}"
    lines = difflib.unified_diff([] if draft.is_new else old, new, source, f"b/{path}")
    return "".join(each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n"
                   for each in lines)  # fmt: skip


def _shown(component: Component) -> str:
    return _SECRET.sub(rf"\1{MASK}", component.markup.text.decode())


def dangers(plan: Plan, files: Files) -> list[str]:
    """Why a plan is not carried out, though somebody asked for it; empty where it may be."""
    name = plan.app.name if plan.app else ""
    return [
        why
        for step in plan.deployments
        for draft in drafts(step, files, name)
        for why in _dangers(draft)
    ]


def _dangers(draft: Draft) -> Iterator[str]:
    before, after = draft.before, draft.after
    for name in _ROTATIONS:
        if after.text(name) == "true":
            yield (
                f"{name} is an order to Salesforce: the deployment would give the app other"
                " credentials, and every client would stop. Rotate with staged credentials."
            )
    if lost := _ranges(before) - _ranges(after):
        shown = ", ".join("–".join(each) for each in sorted(lost))
        yield f"a deployment replaces the org's whole list of trusted ranges; it would lose {shown}"
    if _is_closed(after) and not (_is_closed(before) or _granted(after)):
        yield (
            "only users in whom an admin approved would be let in, and nobody is on the list:"
            " grant first, flip second, reauthorize third"
        )
    if _firsts(before, after):
        yield (
            "the profile has no login ranges so far: the first one shuts out every user of the"
            " profile who comes from elsewhere. Add all addresses in Setup at once."
        )
    keys = [each.text("oauthConfig/consumerKey") or each.text("consumerKey")
            for each in (before, after)]  # fmt: skip
    if keys[0] and keys[0] != keys[1]:
        yield "the deployment would change the app's consumer key, which every client knows"


def _ranges(component: Component) -> set[tuple[str, ...]]:
    markup = component.markup
    return {
        tuple(markup.value(each) for name in ("start", "end") for each in group.all(name))
        for group in markup.root.all(_RANGES)
    }


def _is_closed(component: Component) -> bool:
    """Whether the app lets only users in whom an admin approved."""
    return (
        component.text("oauthConfig/isAdminApproved") == "true"
        or component.text("permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
    )


_LISTS = ("permissionSetName", "profileName", "commaSeparatedPermissionSet",
          "commaSeparatedProfile")  # fmt: skip


def _granted(component: Component) -> bool:
    return any(word for name in _LISTS for word in component.markup.values(name))


def _firsts(before: Component, after: Component) -> bool:
    counts = [len(each.markup.root.all("loginIpRanges")) for each in (before, after)]
    return counts[0] == 0 < counts[1]
