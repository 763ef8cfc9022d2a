"""Forms of an integration, and what each makes of what was known before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final, TypeVar, cast, get_args

from evergrant.errors import BadInput
from evergrant.keeper import Edit
from evergrant.model import Integration, Secret
from evergrant.store.expectations import Access, Expectations, Kind, Requirement, Step
from evergrant.web.forms import Form

T = TypeVar("T")
FIELDS: Final = (
    "name", "app_label", "app_owner", "consumer_key", "redirect_uri", "scopes", "flow",
    "login_host", "subject", "support_contact",
)  # fmt: skip
"""What is shown again; secrets are not among them."""
MOST: Final = 60
LONGEST: Final = 500
_MINUTES_A_YEAR: Final = 527_040


def shown_of(known: Integration) -> dict[str, str]:
    """What the form of an integration shows at first."""
    return {
        "name": known.name,
        "app_label": known.app_label,
        "app_owner": known.app_owner,
        "consumer_key": known.app.consumer_key,
        "redirect_uri": known.app.redirect_uri,
        "scopes": " ".join(known.app.scopes),
        "flow": known.flow,
        "login_host": known.login_host,
        "subject": known.subject,
        "support_contact": known.support_contact,
    }


def edit_of(form: Form) -> Edit:
    """What a form says of an integration; a secret that was left empty stays as it is."""
    told = {name: form.get(name).strip() for name in FIELDS}
    scopes = tuple(dict.fromkeys(told.pop("scopes").replace(",", " ").split()))
    return Edit(
        **told,
        scopes=scopes,
        consumer_secret=_secret(form, "consumer_secret"),
        next_secret=_secret(form, "next_secret"),
        private_key=_secret(form, "private_key"),
    )


def _secret(form: Form, name: str) -> Secret | None:
    text = form.get(name).strip()
    return Secret(text) if text else None


def with_work(before: Expectations, form: Form) -> Expectations:
    """What it does once it is connected, and what its customers are told.  Raises `BadInput`."""
    return replace(
        before,
        sync_every_min=_count(form, "sync_every_min"),
        proved_by_sync=form.get("proved_by_sync") == "yes",
        backfill_days=_count(form, "backfill_days"),
        certificate_ends=_day(form, "certificate_ends"),
        label_note=_text(form, "label_note"),
        support_hours=_text(form, "support_hours"),
    )


def requirement_of(before: Expectations, form: Form) -> Expectations:
    """With one requirement more, or one less.  Raises `BadInput`."""
    if drop := form.get("drop"):
        kept = tuple(each for each in before.requires if f"{each.kind} {each.name}" != drop)
        return replace(before, requires=kept)
    kind, access = form.get("kind"), form.get("access")
    if kind not in get_args(Kind) or access not in get_args(Access):
        raise _wrong("that kind of requirement is not known", "choose one of the list")
    takes_access = kind in ("object", "field")
    new = Requirement(
        cast("Kind", kind),
        _text(form, "requirement", needed="the API name"),
        cast("Access", (access or "read") if takes_access else ""),
        _text(form, "why"),
        form.get("optional") == "yes",
    )
    kept = tuple(each for each in before.requires if (each.kind, each.name) != (kind, new.name))
    return replace(before, requires=_bounded((*kept, new)))


def step_of(before: Expectations, form: Form) -> Expectations:
    """With one step more, or one less.  Raises `BadInput`."""
    if drop := form.get("drop"):
        return replace(before, steps=tuple(each for each in before.steps if each.name != drop))
    new = Step(
        _text(form, "step", needed="a short name"),
        _text(form, "do", needed="what somebody does"),
        _text(form, "where"),
        _link(form),
        _text(form, "who") or "Salesforce admin",
        _text(form, "evidence"),
    )
    kept = tuple(each for each in before.steps if each.name != new.name)
    return replace(before, steps=_bounded((*kept, new)))


def _link(form: Form) -> str:
    """A suffix under the org's address; never an address of its own."""
    link = _text(form, "link")
    if link and (not link.startswith("/") or link.startswith("//") or "\\" in link):
        raise _wrong("the link is no suffix of the org’s address", "begin it with one /")
    return link


def _bounded(rows: tuple[T, ...]) -> tuple[T, ...]:
    if len(rows) > MOST:
        raise _wrong(f"there are {MOST} already", "take one away first")
    return rows


def _text(form: Form, name: str, *, needed: str = "") -> str:
    text = form.get(name).strip()
    if needed and not text:
        raise _wrong(f"{needed} is missing", f"give {needed}")
    if len(text) > LONGEST:
        raise _wrong(f"that is longer than {LONGEST} characters", "shorten it")
    return text


def _count(form: Form, name: str) -> int:
    text = form.get(name).strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= _MINUTES_A_YEAR):
        raise _wrong(f"{text[:40]!r} is no count", "give a whole number, or nothing")
    return int(text)


def _day(form: Form, name: str) -> str:
    text = form.get(name).strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise _wrong(f"{text[:40]!r} is no day", "write it as 2027-01-31") from None


def _wrong(what: str, next_step: str) -> BadInput:
    return BadInput(what, next_step=next_step, whose="you")
