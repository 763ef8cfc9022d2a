"""What is said to the broker, and what is kept of its answers; nothing here touches a network."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from evergrant.errors import (
    BadInput,
    ComeBack,
    EvergrantError,
    Malformed,
    Misuse,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from evergrant.model import Secret

RECHECK_S = 30.0
"""So old a token may be before the broker is asked whether there is a newer one."""
HOPELESS_S = 60.0
"""So long a token that came in the place of a refused one is not reported as refused again."""
_TROUBLE = (ComeBack, Malformed, OutcomeUnknown)
"""What says nothing about the token: the broker, or what stands before it, is in trouble."""
_OURS = "urn:evergrant:problem:"
"""So the type of a broker's own refusal begins; a proxy's has another, or none."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Token:
    """What to call Salesforce with."""

    access_token: Secret
    instance_url: str
    """Only this host may see the token."""
    generation: str
    """Changes with every new token."""
    expires_hint: datetime | None
    """When it is believed to end; None when nobody knows."""
    stale: str = ""
    """Why it is not newer, when it could not be renewed."""

    @property
    def fingerprint(self) -> str:
        """Names the token where Salesforce refused it."""
        return self.access_token.fingerprint

    def may_go_to(self, url: str) -> bool:
        """Whether a request to this address may carry the token: its own org's, and not in plain
        text where the org's address is not."""
        there, org = urlsplit(url), urlsplit(self.instance_url)
        return there.netloc == org.netloc and there.scheme in ("https", org.scheme)


@dataclass(frozen=True, slots=True)
class Failure:
    """How the last asking ended, where it gave no token."""

    refused: str
    error: EvergrantError


class Asking:
    """Whom to ask how, and the token at hand."""

    failure: Failure | None = None
    """How the last asking failed; None after one that did not."""

    def __init__(
        self,
        connection: str,
        *,
        part: str = "",
        url: str = "",
        api_key: str | Secret = "",
        plain_http: bool = False,
        recheck_s: float = RECHECK_S,
        environ: Mapping[str, str] = os.environ,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        key = api_key.reveal() if isinstance(api_key, Secret) else api_key
        self._key = Secret(key or environ.get("EVERGRANT_API_KEY", ""))
        base = (url or environ.get("EVERGRANT_URL", "")).rstrip("/")
        _require(base, self._key, plain_http=plain_http)
        self._part = part
        self.url = f"{base}/v1/connections/{quote(connection, safe='')}/token"
        self._recheck_s, self._ticks = recheck_s, ticks
        self._kept: Token | None = None
        self._due = self._instead_at = float("-inf")
        self._trouble = ""

    def at_hand(self, refused: str = "") -> Token | None:
        """The token that needs no asking: asked about lately, and not the one that was refused."""
        if self._is_hopeless(refused):
            return self._kept
        return self.spare(refused) if self._ticks() < self._due else None

    def spare(self, refused: str = "") -> Token | None:
        """The token at hand, however long ago it came; None for one that was refused.

        It is served while somebody asks for a newer one, and while the broker is in trouble.
        """
        kept, why = self._kept, self._trouble
        if kept is None or kept.fingerprint == refused:
            return None
        return replace(kept, stale=why) if why else kept

    def _is_hopeless(self, refused: str) -> bool:
        """Whether a token is refused that came just now for a refused one: another would be, too.

        Not every refusal is about the token: a policy refuses each new one, and who asked for a
        new one with every call would spend one token request a call.
        """
        kept = self._kept
        is_it = kept is not None and refused == kept.fingerprint
        return is_it and self._ticks() - self._instead_at < HOPELESS_S

    def headers(self, refused: str) -> dict[str, str]:
        """What the request carries; who has no use for the token at hand does not name it."""
        spare = self.spare(refused)
        known = {"If-None-Match": f'"{spare.generation}"'} if spare else {}
        return {"Authorization": f"Bearer {self._key.reveal()}", **known}

    def parameters(self, refused: str) -> dict[str, str]:
        """What stands in its query."""
        about = {"part": self._part} if self._part else {}
        return about | ({"not_token": refused} if refused else {})

    def take(self, status: int, headers: Mapping[str, str], body: bytes, refused: str) -> Token:
        """The token that an answer gives; it is kept.

        While the broker is in trouble (429, 5xx, an answer that is none of its own) the token at
        hand goes on.  Raises `BadInput` for a wrong key, `NotFound`, `Misuse` for a connection
        without a token, and `Refused` with Salesforce's words, after each of which no token is at
        hand any more; `ComeBack` and `Malformed` where none is at hand, or it was refused.
        """
        try:
            token = self._told(status, headers, body)
        except _TROUBLE as trouble:
            return self.without(trouble, refused)
        except EvergrantError as error:
            self._kept, self.failure = None, Failure(refused, error)
            raise
        self._kept, self._trouble, self.failure = token, "", None
        self._due = self._ticks() + self._recheck_s
        if refused and token.fingerprint != refused:
            self._instead_at = self._ticks()
        return token

    def _told(self, status: int, headers: Mapping[str, str], body: bytes) -> Token:
        if status == 304 and self._kept is not None:
            return self._kept
        told = _read(status, body)
        if status != 200:
            raise _refusal(status, headers, told)
        return _token(told)

    def without(self, trouble: EvergrantError, refused: str) -> Token:
        """The token at hand while the broker is in trouble; it is asked again in a while.

        Raises the trouble where no token is at hand, or it was refused.
        """
        self._trouble, self._due = trouble.what, self._ticks() + self._recheck_s
        self.failure = Failure(refused, trouble)
        if spare := self.spare(refused):
            return spare
        raise trouble

    def meanwhile(self, before: Failure | None, refused: str) -> Token | None:
        """The token that somebody else got since `before` was the last failure; None for none.

        Raises what somebody else was told who asked the same: who waited for the turn waits no
        second time for a broker that is silent.
        """
        if found := self.at_hand(refused):
            return found
        failure = self.failure
        if failure is not None and failure is not before and failure.refused == refused:
            raise failure.error
        return None


def _require(base: str, key: Secret, *, plain_http: bool) -> None:
    at = urlsplit(base)
    if at.scheme not in ("http", "https") or not at.hostname:
        raise BadInput("no address of the token broker", next_step="give `url` or EVERGRANT_URL")
    if at.scheme == "http" and at.hostname not in _LOOPBACK and not plain_http:
        raise BadInput(
            f"the token broker at {at.hostname} is asked in plain http",
            why="The API key and the tokens would cross the network unencrypted.",
            next_step="use https://, or say plain_http=True inside a network that encrypts",
        )
    if not key:
        raise BadInput("no API key", next_step="give `api_key` or EVERGRANT_API_KEY")


def _read(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Malformed(f"the token broker answered {status} and no JSON") from error
    if not isinstance(told, dict):
        raise Malformed(f"the token broker answered {status} and no object")
    return told


def _token(told: Mapping[str, Any]) -> Token:
    try:
        hint = told["expires_hint"]
        return Token(
            Secret(str(told["access_token"])),
            str(told["instance_url"]),
            str(told["generation"]),
            datetime.fromisoformat(hint) if hint else None,
            str(told.get("stale", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("the token broker's answer holds no token") from error


def _refusal(status: int, headers: Mapping[str, str], told: Mapping[str, Any]) -> EvergrantError:
    what = str(told.get("detail") or told.get("title") or f"the token broker answered {status}")
    if status == 429 or status >= 500:
        return ComeBack(what, str(told.get("why", "")), _wait_s(headers.get("retry-after", "")))
    if not str(told.get("type", "")).startswith(_OURS):
        return Malformed(f"somebody else than the token broker answered {status}")
    if "salesforce_error" in told:
        words = str(told["salesforce_error"]), str(told.get("salesforce_description", ""))
        return Refused(*words, status=status)
    if status == 404:
        return NotFound(what)
    return Misuse(what) if status == 409 else BadInput(what)


def _wait_s(told: str) -> float:
    """Seconds of a Retry-After (RFC 9110 §10.2.3); 1 where it tells none that can be used."""
    return float(told) if re.fullmatch(r"[0-9]{1,6}", told) else 1.0
