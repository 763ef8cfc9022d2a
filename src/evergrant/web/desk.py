"""What every page needs at hand: the keeper, the templates, and a rehearsal where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_eval_context
from jinja2.filters import do_xmlattr
from jinja2.nodes import EvalContext
from markupsafe import Markup

from evergrant.keeper import Keeper
from evergrant.store.scope import FIRST
from evergrant.web.access import Operator, Who
from evergrant.web.uploads import readable

FOLDER = Path(__file__).parent
NAV: Final = (
    ("/", "Home"),
    ("/connections", "Connections"),
    ("/fleet", "Fleet"),
    ("/integrations", "Integrations"),
    ("/connections/new", "Connect an org"),
    ("/log", "Log"),
)
"""The main entries: address and label."""


class Break(Protocol):
    """One way to break the emulated org, as a menu shows it."""

    @property
    def id(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def text(self) -> str: ...


class Person(Protocol):
    """A user of the emulated org, who may be signed in as."""

    @property
    def username(self) -> str: ...

    @property
    def password(self) -> str: ...


class Rehearsal(Protocol):
    """An emulated org that may be broken from the console."""

    @property
    def url(self) -> str: ...

    def breaks(self) -> Sequence[Break]:
        """What can be broken, in the order of the menu."""

    def people(self) -> Sequence[tuple[str, Person]]:
        """Who may sign in to the emulated org, with what each is good for."""

    def do(self, break_id: str) -> None:
        """Break it, or put everything right.  Raises `NotFound`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes are given."""

    keeper: Keeper
    rehearsal: Rehearsal | None
    templates: Environment

    def of(self, tenant: str) -> Desk:
        """The desk of one tenant; the emulated org is the first one's."""
        rehearsal = self.rehearsal if tenant == FIRST else None
        return replace(self, keeper=self.keeper.of(tenant), rehearsal=rehearsal)

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the console by https."""
        return self.keeper.settings.public_url.startswith("https://")

    def page(
        self, template: str, who: Who | None, /, *, here: str = "", status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page for somebody; `here` is the address of its entry in the navigation."""
        return HTMLResponse(self.render(template, who, here=here, **values), status)

    def render(self, template: str, who: Who | None, /, *, here: str = "", **values: Any) -> str:
        """The text of a page, or of a part of one."""
        signed_in = isinstance(who, Operator)
        frame = {
            "operator": who.name if isinstance(who, Operator) else "",
            "tenant": "" if self.keeper.tenant == FIRST else self.keeper.tenant,
            "csrf": who.csrf if who else "",
            "nav": self._nav() if signed_in else (),
            "here": here,
            "who": who,
            "breaks": self.rehearsal.breaks() if self.rehearsal and signed_in else (),
            "breaks_from": self._breaks_from,
        }
        return self.templates.get_template(template).render(frame | values)

    def _breaks_from(self, back: str) -> list[dict[str, str]]:
        """The entries of the rehearsal's menu, on the page that they lead back to."""
        known = self.rehearsal.breaks() if self.rehearsal else ()
        return [{"label": each.label, "action": f"/demo/{each.id}?back={back}"} for each in known]

    def _nav(self) -> tuple[tuple[str, str], ...]:
        return (*NAV, ("/demo", "Break it")) if self.rehearsal else NAV


def open_desk(keeper: Keeper, rehearsal: Rehearsal | None) -> Desk:
    """The desk with its templates."""
    return Desk(keeper, rehearsal, _environment())


@cache
def _environment() -> Environment:
    """The templates, read once a process: escaping, and strict about what is not there."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"sentence": _sentence, "xmlattr": _attributes}
    return environment


def _sentence(text: str) -> str:
    """The text with a capital first letter; the rest stays, for it holds names."""
    return text[:1].upper() + text[1:]


@pass_eval_context
def _attributes(context: EvalContext, values: Mapping[str, Any]) -> str:
    """The attributes of an element; their values are cleaned as all that is put into a page."""
    return do_xmlattr(context, {name: _finalized(value) for name, value in values.items()})


def _finalized(value: object) -> object:
    """Whatever is put into a page carries no control characters; markup of ours has none."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return readable(value)
    return value
