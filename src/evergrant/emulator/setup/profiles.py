"""Profiles: the list, and one profile's permissions, login IP ranges, hours and session timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import ids, state
from evergrant.emulator.setup.apps import grant
from evergrant.emulator.setup.desk import BadForm, Deed, Page
from evergrant.emulator.setup.lookup import (
    app_of,
    apps_granted_to,
    apps_of,
    profiles_of,
    record_of,
)
from evergrant.emulator.setup.permissions import held, offered, turned
from evergrant.emulator.setup.policies import TIMEOUTS, choice, differing, minutes
from evergrant.emulator.setup.ranges import with_range, without_range
from evergrant.emulator.setup.rights import EDIT_RANGES, EDIT_SETS, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.policies import Hours, ProfilePolicy
    from evergrant.emulator.setup.desk import Act, Desk, Form

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEVELS: Final = {
    "": "None", "LOW": "Low", "STANDARD": "Standard", "HIGH_ASSURANCE": "High Assurance",
}  # fmt: skip
_HOUR: Final = 60
HOURS: Final = {hour * _HOUR: f"{hour:02}:00" for hour in range(25)}
"""Login hours are multiples of an hour (Metadata API, Profile.loginHours); 24:00 ends the day."""
_HOUR_WORDS: Final = frozenset(map(str, HOURS))


def _list(desk: Desk) -> Mapping[str, object]:
    return {"profiles": profiles_of(desk)}


def _profile(desk: Desk) -> tuple[Row, ProfilePolicy]:
    row = record_of(desk, desk.record)
    return row, state.load_profile(desk.db, ids.to18(desk.record))


def _one(desk: Desk) -> Mapping[str, object]:
    row, policy = _profile(desk)
    listed = apps_granted_to(desk, _own_set(desk, row["Id"]))
    return {
        "profile": row, "policy": policy, "offered": offered(desk), "held": held(row),
        "apps": listed, "other_apps": [app for app in apps_of(desk) if app not in listed],
        "levels": LEVELS, "days": DAYS, "hours": HOURS, "timeouts": TIMEOUTS,
        "windows": {day: (start, end) for day, start, end in reversed(policy.login_hours)},
    }  # fmt: skip


def _change(profile: Row, **words: Any) -> Iterable[Act]:
    return [("set_profile", {"profile": profile["Name"], **words})]


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    if changed := turned(desk, form, row):
        yield from _change(row, permissions=changed)
    read = {
        "session_minutes": minutes(form, "session_minutes"),
        "session_level": choice(form, "session_level", LEVELS),
    }
    if turned_knobs := differing(policy, read):
        yield from _change(row, **turned_knobs)


def _add_range(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    return _change(row, login_ranges=with_range(policy.login_ranges, form))


def _remove_range(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    left = without_range(policy.login_ranges, form)
    return [] if left == policy.login_ranges else _change(row, login_ranges=left)


def _own_set(desk: Desk, profile_id: str) -> str:
    """The permission set that stands for a profile on lists of apps."""
    row = state.one(
        desk.db, 'SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = ? AND "IsOwnedByProfile"',
        profile_id,
    )  # fmt: skip
    return str(row["Id"]) if row is not None else ""


def _app(*, is_given: bool) -> Deed:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        row, _ = _profile(desk)
        return grant(desk, app_of(desk, form.get("app", "")), row, is_given=is_given)

    return Deed(EDIT_SETS, plan)


def _save_hours(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    # Hours that were set otherwise, to the minute, may stay as they are.
    known = _HOUR_WORDS | {str(end) for window in policy.login_hours for end in window[1:]}
    windows = tuple(one for day in range(len(DAYS)) if (one := _window(form, day, known)))
    return [] if windows == policy.login_hours else _change(row, login_hours=windows)


def _window(form: Form, day: int, known: frozenset[str]) -> Hours | None:
    """The hours of a day; None where both ends are left open. Raises BadForm."""
    start, end = form.get(f"start.{day}", ""), form.get(f"end.{day}", "")
    if not start and not end:
        return None
    if not {start, end} <= known or int(start) >= int(end):
        raise BadForm(f"{DAYS[day]} must begin before it ends")
    return day, int(start), int(end)


def _clear_hours(desk: Desk, _form: Form) -> Iterable[Act]:
    return _change(_profile(desk)[0], login_hours=())


_ONE_LIST: Final = tuple(
    Page(f"/lightning/setup/{name}/home", "Profiles", "profiles.html", VIEW, _list)
    for name in ("Profiles", "EnhancedProfiles")
)
PAGES: Final = (
    *_ONE_LIST,
    Page(
        "/00e", "Profile", "profile.html", VIEW, _one,
        {
            "save": Deed(EDIT_SETS, _save),
            "add_range": Deed(EDIT_RANGES, _add_range),
            "remove_range": Deed(EDIT_RANGES, _remove_range),
            "save_hours": Deed(EDIT_SETS, _save_hours),
            "clear_hours": Deed(EDIT_SETS, _clear_hours),
            "add_app": _app(is_given=True), "remove_app": _app(is_given=False),
        },
        "inferred",
    ),
)  # fmt: skip
