"""The list of connections: search, filters, pages, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from evergrant import keeper as verbs
from evergrant.catalog import Catalog
from evergrant.health import State
from evergrant.store.listing import UNKNOWN, Listed
from evergrant.web.access import AsOperator, DeskOf
from evergrant.web.desk import Desk
from evergrant.web.explained import cause_title
from evergrant.web.filters import AGES, BROKEN_ONES, Filters
from evergrant.web.spreadsheet import lines

routes = APIRouter(include_in_schema=False)
HERE: Final = "/connections"
SHOWN: Final = 50
COLUMNS: Final = (
    "id", "name", "state", "since", "integration", "org id", "username", "instance",
    "last good call", "cause", "error",
)  # fmt: skip
TheFilters = Annotated[Filters, Query()]


@routes.get(HERE)
def show(who: AsOperator, desk: DeskOf, filters: TheFilters) -> Response:
    """One page of those that fit."""
    now = desk.keeper.clock.now()
    page = verbs.listed(desk.keeper, filters.wanted(now), after=filters.after, limit=SHOWN)
    causes, integrations = verbs.choices(desk.keeper)
    return desk.page(
        "list.html",
        who,
        here=HERE,
        filters=filters,
        page=page,
        titles={each.connection.id: why(desk, each) for each in page.rows},
        states=[("", "All states"), (BROKEN_ONES, "All that are broken"), *_states()],
        causes=[("", "Any cause, or none"), *_causes(causes, desk.keeper.catalog, filters.cause)],
        integrations=[("", "All integrations"), *integrations],
        ages=[("", "However long"), *((key, each.label) for key, each in AGES.items())],
        next=filters.address(HERE, after=page.next) if page.next else "",
        first=filters.address(HERE, after="") if filters.after else "",
        file=filters.address(f"{HERE}.csv", after=""),
    )


@routes.get(f"{HERE}.csv")
def file(_who: AsOperator, desk: DeskOf, filters: TheFilters) -> Response:
    """All that fit, as a file that a spreadsheet opens and does not carry out."""
    found = verbs.all_listed(desk.keeper, filters.wanted(desk.keeper.clock.now()))
    headers = {"Content-Disposition": 'attachment; filename="connections.csv"'}
    rows = lines((COLUMNS, *_rows(desk, found)))
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


def why(desk: Desk, each: Listed) -> str:
    """The likely cause of what is broken, in one line."""
    if each.connection.state is State.ON_HOLD:
        return "Another org or user came back from the last reauthorization"
    if each.incident is None:
        return ""
    return cause_title(each.incident.cause, desk.keeper.catalog) or each.incident.error


def _states() -> Iterator[tuple[str, str]]:
    return ((each.value, each.value.capitalize()) for each in State)


def _causes(known: Iterable[str], catalog: Catalog, chosen: str) -> Iterator[tuple[str, str]]:
    """Those that some connection is broken by, and the one that was asked for."""
    for cause in dict.fromkeys(
        [*(each or UNKNOWN for each in known), *([chosen] if chosen else [])]
    ):
        title = "Cause not known" if cause == UNKNOWN else cause_title(cause, catalog) or cause
        yield cause, title


def _rows(desk: Desk, found: Iterable[Listed]) -> Iterator[tuple[str, ...]]:
    for each in found:
        known, who = each.connection, each.connection.identity
        yield (
            known.id, known.name, known.state.value,
            known.since.isoformat() if known.since else "",
            each.integration,
            who.org_id if who else "", who.username if who else "", known.instance_url,
            known.last_success.isoformat() if known.last_success else "",
            each.incident.cause if each.incident else "", why(desk, each),
        )  # fmt: skip
