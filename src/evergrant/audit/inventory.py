"""The register of apps drawn up from an org: who authorized each app, its last use, its scopes.

What the org does not show is left open, and standing and owner are people's to say: an app that no
register knows is *unreviewed*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evergrant.audit.model import OrgRows, Subject
from evergrant.audit.subjects.every import every_subject
from evergrant.audit.subjects.names import plain
from evergrant.audit.subjects.rows import Row, Table, moment, text

UNREVIEWED = "unreviewed"
NOBODY = "nobody yet"
"""Owner of an app that somebody has still to answer for."""
_MOST_USERS = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """One app of an org."""

    app: str
    """Its label in Setup."""
    kind: str = ""
    """`connected app`, `external client app`, or empty where only its use shows it."""
    standing: str = UNREVIEWED
    owner: str = NOBODY
    reason: str = ""
    is_registered: bool = False
    """Whether a register knows it."""
    users: tuple[str, ...] | None = None
    """Who authorized it, by username; None where the org does not show everybody's approvals."""
    approvals: int | None = None
    last_used: datetime | None = None
    """By its approvals and by Login History; None where neither shows a use."""
    scopes: tuple[str, ...] | None = None
    """None where the org does not tell them."""


def inventory(org: OrgRows, register: Sequence[Row], now: datetime) -> list[Listed]:
    """Every app that an org's metadata, rows, approvals or logins tell of, and that a register
    names, by label."""
    table, found = Table(org), dict[str, Listed]()
    for subject in every_subject((), org, now):
        if subject.kind in ("app", "client"):
            key = plain(subject.app or subject.name)
            found[key] = _known(found.get(key), subject)
    for row in register:
        label = text(row, "app")
        found.setdefault(plain(label), Listed(label))
    entered = {plain(text(row, "app")): row for row in register}
    whole = (_used(each, table) for each in found.values())
    listed = (_standing(each, entered.get(plain(each.app))) for each in whole)
    return sorted(listed, key=lambda each: plain(each.app))


def _known(before: Listed | None, subject: Subject) -> Listed:
    """NOTE: an app is a subject of its own and of its use; what the first told stays."""
    listed = before or Listed(subject.app or subject.name)
    scopes = subject.value("app.scopes")
    known = tuple(map(str, scopes)) if isinstance(scopes, tuple) else listed.scopes
    return replace(listed, kind=listed.kind or subject.app_kind, scopes=known)


def _used(listed: Listed, table: Table) -> Listed:
    key = plain(listed.app)
    held = [row for row in table.of("OauthToken") if plain(text(row, "AppName")) == key]
    logins = [row for row in table.of("LoginHistory") if plain(text(row, "Application")) == key]
    times = [moment(row, "LastUsedDate") for row in held]
    times += [moment(row, "LoginTime") for row in logins if text(row, "Status") == "Success"]
    last = max((at for at in times if at), default=None)
    if not table.has("OauthToken"):
        return replace(listed, last_used=last)
    users = dict.fromkeys(text(row, "User.Username") or text(row, "UserId") for row in held)
    return replace(listed, users=tuple(users), approvals=len(held), last_used=last)


def _standing(listed: Listed, row: Row | None) -> Listed:
    if row is None:
        return listed
    return replace(
        listed, standing=text(row, "standing"), owner=text(row, "owner"),
        reason=text(row, "reason"), is_registered=True,
    )  # fmt: skip


def register_text(found: Iterable[Listed], before: str = "") -> str:
    """A register file with every app; what stood there before is kept to the byte, and what is new
    follows as unreviewed."""
    new = [each for each in found if not each.is_registered]
    gap = "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
    blocks = ("\n".join(_entry(each)) for each in new)
    return before + (gap if new else "") + "\n".join(f"{each}\n" for each in blocks)


def _entry(each: Listed) -> Iterator[str]:
    yield from (f"# {_printable(line)}" for line in seen(each))
    yield "[[app]]"
    told: Mapping[str, str] = {"name": each.app, "standing": each.standing, "owner": each.owner}
    yield from (f"{name} = {_toml(value)}" for name, value in told.items())


def seen(each: Listed) -> Iterator[str]:
    """What the org shows of an app, in lines."""
    yield each.kind or "known by its use alone"
    if each.users is not None:
        shown = ", ".join(each.users[:_MOST_USERS]) or "nobody"
        more = len(each.users) - _MOST_USERS
        yield f"authorized by {shown}{f' and {more} more' if more > 0 else ''}"
    yield f"last used {each.last_used:%Y-%m-%d}" if each.last_used else "no use is seen"
    if each.scopes is not None:
        yield f"scopes {', '.join(each.scopes) or 'none'}"


def _printable(text: str) -> str:
    """NOTE: a sign that ends a line would end the comment, too."""
    return "".join(each if each.isprintable() else " " for each in text)


def _toml(value: str) -> str:
    """A basic string of TOML, whose escapes are JSON's; DEL is the one that JSON leaves alone."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
