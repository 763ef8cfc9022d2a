"""The token endpoint: read the request, ask the gates, give or refuse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from evergrant.emulator import tokens, web
from evergrant.emulator.asked import Asked, TokenRequest
from evergrant.emulator.gates import Evaluation, evaluate
from evergrant.emulator.oauth import device
from evergrant.emulator.oauth.grants import issue
from evergrant.emulator.oauth.token_request import read_request, unbuilt
from evergrant.emulator.records import record_attempt

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org


async def token(org: Org, request: Request) -> Response:
    """POST /services/oauth2/token."""
    sent = await web.fields_of(request)
    form = dict(sent)
    if missing := unbuilt(form):
        return web.not_built(missing)
    place, client = web.place_of(org, request), web.client_words(request, form)
    asked = Asked(place, form, client, web.twice(sent))
    with org.changing():
        read = read_request(org, asked)
        evaluation = evaluate(read.attempt)
        _settle(org, read, evaluation, place.login_url)
    if evaluation.refusal is not None:
        refusal = evaluation.refusal
        fields = {"error": refusal.error, "error_description": refusal.description}
        return web.token_reply(request, form, fields, refusal.status)
    await _take_time(org, read)
    with org.changing():
        given = _give(org, read, place.base)
        record_attempt(org, read.attempt, evaluation, place.login_url)
    return web.token_reply(request, form, given)


def _give(org: Org, read: TokenRequest, base: str) -> web.Fields:
    attempt = read.attempt
    if attempt.flow == "device_code" and attempt.app is not None:
        return device.begin(org, attempt.app, attempt.scopes, base)
    return issue(org, read, base)


def _settle(org: Org, read: TokenRequest, evaluation: Evaluation, login_url: str) -> None:
    """Do what follows from a refusal, or keep the refresh token for this request."""
    is_refresh = read.attempt.flow == "refresh_token" and read.row is not None
    if read.row is not None and is_refresh:
        tokens.count_use(org, read.row["family"])
    if evaluation.refusal is None:
        if read.row is not None and is_refresh:
            org.busy.add(read.row["token"])
        return
    if evaluation.refusal.id == "refresh_token_rotated" and read.row is not None:
        # A replayed token ends the current one and its access tokens (rotation, F5).
        tokens.end_family(org, read.row["family"], "revoked")
    record_attempt(org, read.attempt, evaluation, login_url)


async def _take_time(org: Org, read: TokenRequest) -> None:
    """A refresh takes its time, during which a second one finds the token busy."""
    if read.attempt.flow != "refresh_token" or read.row is None:
        return
    try:
        await asyncio.sleep(read.attempt.org.token_request_ms / 1000)
    finally:
        org.busy.discard(read.row["token"])
