"""The token endpoint: read the request, ask the gates, give or refuse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from evergrant.emulator import containment, tokens, web
from evergrant.emulator.asked import Asked, TokenRequest
from evergrant.emulator.oauth import device
from evergrant.emulator.oauth.grants import issue
from evergrant.emulator.oauth.token_request import read_request, unbuilt
from evergrant.emulator.records import record_attempt
from evergrant.emulator.strict import judge

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org
    from evergrant.emulator.refusals.refusal import Refusal


async def token(org: Org, request: Request) -> Response:
    """POST /services/oauth2/token."""
    sent = await web.fields_of(request)
    form = dict(sent)
    if missing := unbuilt(form):
        return web.not_built(missing)
    place, client = web.place_of(org, request), web.client_words(request, form)
    asked = Asked(place, form, client, web.twice(sent))
    with org.changing():
        read, refusal = _read(org, asked)
        pause_s = _pause_s(org, read, refusal)
        fields = None if pause_s else _settle(org, read, refusal, place)
    if fields is None:
        await _take_time(org, read, pause_s)
        with org.changing():
            fields = _settle(org, read, refusal, place)
    status = 200 if refusal is None else refusal.status
    return web.token_reply(request, form, fields, status)


def exchange(org: Org, asked: Asked) -> web.Fields:
    """The same for a client that the emulator plays itself: at once, and without HTTP."""
    with org.changing():
        read, refusal = _read(org, asked)
        return _settle(org, read, refusal, asked.place)


def _read(org: Org, asked: Asked) -> tuple[TokenRequest, Refusal | None]:
    """The facts and what the gates say; traffic from a high-risk address contains its user."""
    read = read_request(org, asked)
    refusal, user = judge(org, read.attempt), read.attempt.user
    if refusal is None and user is not None and containment.watch(org, user.id):
        read = read_request(org, asked)
        refusal = judge(org, read.attempt)
    return read, refusal


def _settle(org: Org, read: TokenRequest, refusal: Refusal | None, place: web.Place) -> web.Fields:
    """Give or refuse, do what follows from it, and write it down."""
    row = read.row
    if row is not None and read.attempt.flow == "refresh_token":
        tokens.count_use(org, row["family"])
    if refusal is None:
        fields = _give(org, read, place.base)
    else:
        fields = {"error": refusal.error, "error_description": refusal.description}
        if refusal.id == "refresh_token_rotated" and row is not None:
            # A replayed token ends the current one and its access tokens (rotation, F5).
            tokens.end_family(org, row["family"], "revoked")
    record_attempt(org, read.attempt, refusal, place.login_url)
    return fields


def _give(org: Org, read: TokenRequest, base: str) -> web.Fields:
    attempt = read.attempt
    if attempt.flow == "device_code" and attempt.app is not None:
        return device.begin(org, attempt.app, attempt.scopes, base)
    return issue(org, read, base)


def _pause_s(org: Org, read: TokenRequest, refusal: Refusal | None) -> float:
    """How long this refresh takes, in which its token is busy; 0 for all else."""
    if refusal is not None or read.attempt.flow != "refresh_token" or read.row is None:
        return 0.0
    pause_s = read.attempt.org.token_request_ms / 1000
    if pause_s:
        org.busy.add(read.row["token"])
    return pause_s


async def _take_time(org: Org, read: TokenRequest, pause_s: float) -> None:
    try:
        await asyncio.sleep(pause_s)
    finally:
        if read.row is not None:
            org.busy.discard(read.row["token"])
