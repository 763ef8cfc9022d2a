"""Profiles: the list, and one profile's permissions, login IP ranges, hours and session timeout."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import ids, state
from evergrant.emulator.setup.desk import BadForm, Deed, Page
from evergrant.emulator.setup.lookup import profiles_of, record_of
from evergrant.emulator.setup.permissions import held, offered, turned
from evergrant.emulator.setup.policies import TIMEOUTS, minutes
from evergrant.emulator.setup.rights import EDIT_RANGES, EDIT_SETS, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.policies import Hours, ProfilePolicy, Range
    from evergrant.emulator.setup.desk import Act, Desk, Form

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
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
    return {
        "profile": row, "policy": policy, "offered": offered(desk), "held": held(row),
        "days": DAYS, "hours": HOURS, "timeouts": TIMEOUTS,
        "windows": {day: (start, end) for day, start, end in reversed(policy.login_hours)},
    }  # fmt: skip


def _change(profile: Row, **words: Any) -> Iterable[Act]:
    return [("set_profile", {"profile": profile["Name"], **words})]


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    if changed := turned(desk, form, row):
        yield from _change(row, permissions=changed)
    if (timeout := minutes(form, "session_minutes")) != policy.session_minutes:
        yield from _change(row, session_minutes=timeout)


def _add_range(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    return _change(row, login_ranges=(*policy.login_ranges, _range(form)))


def _remove_range(desk: Desk, form: Form) -> Iterable[Act]:
    row, policy = _profile(desk)
    gone = (form.get("start", ""), form.get("end", ""))
    left = tuple(one for one in policy.login_ranges if one != gone)
    return [] if left == policy.login_ranges else _change(row, login_ranges=left)


def _range(form: Form) -> Range:
    """A range of addresses of one kind, first not after last; raises BadForm."""
    start, end = form.get("start", "").strip(), form.get("end", "").strip()
    try:
        first, last = ip_address(start), ip_address(end)
    except ValueError as error:
        raise BadForm("give two IP addresses") from error
    if first.version != last.version or int(first) > int(last):
        raise BadForm("the end address must not come before the start address")
    return start, end


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
        },
    ),
)  # fmt: skip
