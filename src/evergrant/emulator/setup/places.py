"""Where calls may come from: Network Access for people, CORS for web pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.setup.desk import BadForm, Deed, Page
from evergrant.emulator.setup.ranges import with_range, without_range
from evergrant.emulator.setup.rights import EDIT_NETWORK, EDIT_ORG, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?", re.I)
"""A scheme, a host whose first label may be a star, perhaps a port (inferred)."""


def _network(desk: Desk) -> Mapping[str, object]:
    return {"ranges": state.load_org(desk.db).trusted_ranges}


def _add_range(desk: Desk, form: Form) -> Iterable[Act]:
    return _set(trusted_ranges=with_range(state.load_org(desk.db).trusted_ranges, form))


def _remove_range(desk: Desk, form: Form) -> Iterable[Act]:
    before = state.load_org(desk.db).trusted_ranges
    left = without_range(before, form)
    return [] if left == before else _set(trusted_ranges=left)


def _set(**knobs: Any) -> Iterable[Act]:
    return [("set_org", knobs)]


def _cors(desk: Desk) -> Mapping[str, object]:
    org = state.load_org(desk.db)
    return {"origins": org.cors_allowlist, "for_oauth": org.cors_oauth}


def _add_origin(desk: Desk, form: Form) -> Iterable[Act]:
    origin, before = form.get("origin", "").strip(), state.load_org(desk.db).cors_allowlist
    if not _ORIGIN.fullmatch(origin):
        raise BadForm("an origin is a scheme and a host, such as https://*.example.com")
    if origin in before:
        raise BadForm(f"{origin} is on the list already")
    return _set(cors_allowlist=(*before, origin))


def _remove_origin(desk: Desk, form: Form) -> Iterable[Act]:
    before = state.load_org(desk.db).cors_allowlist
    left = tuple(each for each in before if each != form.get("origin"))
    return [] if left == before else _set(cors_allowlist=left)


def _for_oauth(desk: Desk, form: Form) -> Iterable[Act]:
    wanted = "for_oauth" in form
    return [] if wanted == state.load_org(desk.db).cors_oauth else _set(cors_oauth=wanted)


PAGES: Final = (
    Page(
        "/lightning/setup/NetworkAccess/home", "Network Access", "network.html", VIEW, _network,
        {
            "add_range": Deed(EDIT_NETWORK, _add_range),
            "remove_range": Deed(EDIT_NETWORK, _remove_range),
        },
    ),
    Page(
        "/lightning/setup/CorsWhitelistEntries/home", "CORS", "cors.html", VIEW, _cors,
        {
            "add_origin": Deed(EDIT_ORG, _add_origin),
            "remove_origin": Deed(EDIT_ORG, _remove_origin),
            "save": Deed(EDIT_ORG, _for_oauth),
        },
    ),
)  # fmt: skip
