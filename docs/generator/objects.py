"""The parts of the emulator's page that say what can be queried, logged and audited."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.emulator.audit_trail import LINES, NO_ADMINS_ACT
from evergrant.emulator.events.kinds import KINDS
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.objects.not_built import NOT_BUILT
from evergrant.emulator.permissions import PERMISSIONS
from evergrant.emulator.schema import Everyone, Needs, OwnRows, SObject
from generator.markdown import bullets, code, table


def parts() -> tuple[str, ...]:
    """Headings and tables, to stand in a page."""
    return (
        "## Objects",
        "What SOQL can ask for.\nThe marks say how well the key prefix, the list of fields and "
        "the visibility of rows are known; a field or an object that came later than a version of "
        "the API is not there for it.\nScopes, callbacks, consumer keys and secrets, PKCE, "
        "rotation and the four values of a connected app's IP relaxation are no columns, as in "
        "Salesforce.",
        table(
            ["object", "prefix", "fields", "APIs", "who sees rows", "rows"],
            map(_object, OBJECTS.values()),
        ),
        "## Objects that answer 501",
        bullets(f"{code(name)}: {reason}" for name, reason in NOT_BUILT.items()),
        "## Event log files",
        "Daily files appear 27 hours after the beginning of their day, hourly ones (with "
        "`org.event_monitoring`) after four hours.\nThey are kept for one day, or for 30 with "
        "Event Monitoring; the one day and the 27 hours are inferred.",
        table(
            ["EventType", "columns", "filled"],
            ((code(k.name), len(k.header), ", ".join(sorted(k.values))) for k in KINDS),
        ),
        "## Setup Audit Trail",
        "Every act of an admin leaves a row.\nAn Action that begins with `inferred:` is our word: "
        "no source has Salesforce's.",
        table(
            ["Action", "Section", "what was done", "mark"],
            ((code(e.action), e.section, e.meaning, e.mark) for e in LINES.values()),
        ),
        "These acts leave none: "
        + "; ".join(f"{code(act)} ({why})" for act, why in NO_ADMINS_ACT.items())
        + ".",
    )


def _object(each: SObject) -> tuple[object, ...]:
    return (
        code(each.name),
        f"`{each.prefix}` {each.prefix_mark}",
        f"{len(each.fields)}, {each.fields_mark}",
        ", ".join(_apis(each)),
        f"{_visible(each)}, {each.visible.mark}",
        each.rows,
    )


def _apis(each: SObject) -> Iterator[str]:
    if each.in_data:
        yield f"data v{each.since}" if each.since else "data"
    if each.in_tooling:
        yield "Tooling"
    if each.feature:
        yield f"orgs with {each.feature}"


def _visible(each: SObject) -> str:
    match each.visible:
        case Everyone():
            return "everyone"
        case Needs(permissions):
            return _any(permissions)
        case OwnRows(_, permissions):
            return f"own rows; all with {_any(permissions)}"


def _any(permissions: frozenset[str]) -> str:
    return " or ".join(sorted(PERMISSIONS[each] for each in permissions))
