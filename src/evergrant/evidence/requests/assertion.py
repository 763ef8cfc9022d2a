"""A JWT that was sent to Salesforce → facts: its claims against the rules, the clock and the key.

The rules are those of the JWT bearer flow (oauth-protocol 2.4).  The token is not believed: only
with a certificate is its signature looked at.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from evergrant.evidence import hosts
from evergrant.evidence.gathered import Gathered, Reading, Wanted, fact
from evergrant.model import Fact

SOURCE = "jwt"
JWT = re.compile(r"(?<![\w.-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*(?![\w.-])")
SKEW = timedelta(minutes=3)
"""How much a clock may be off; the figure is doc-adjacent, not stated (oauth-protocol 2.4)."""
MILLISECONDS = 10**11
"""From here on a number of seconds lies beyond the year 5000: it is one of milliseconds."""
FAR = timedelta(days=1)
MAX_PART = 16_000
Mark = Literal["seen", "derived", "inferred"]
Flaw = tuple[str, Mark, str]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A JWT's parts as they stand in it; nobody vouches for them."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def looks_like(text: str) -> bool:
    """Whether a text is one JWT and nothing else."""
    return JWT.fullmatch(text.strip()) is not None


def parts_of(token: str) -> Unverified | None:
    """The parts of a JWT, or None where it cannot be read."""
    pieces = token.strip().split(".")
    if len(pieces) != 3 or any(len(piece) > MAX_PART for piece in pieces):
        return None
    header, claims = _object(pieces[0]), _object(pieces[1])
    if header is None or claims is None:
        return None
    signed = f"{pieces[0]}.{pieces[1]}".encode()
    return Unverified(header, claims, signed, _bytes(pieces[2]) or b"")


def _object(piece: str) -> dict[str, Any] | None:
    data = _bytes(piece)
    try:
        value = json.loads(data) if data is not None else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bytes(piece: str) -> bytes | None:
    try:
        return urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
    except ValueError:
        return None


def read(token: str, wanted: Wanted, *, name: str = "jwt", line: int | None = None) -> Gathered:
    """The facts in an assertion; `wanted` gives clock, certificates and keys."""
    jwt = parts_of(token)
    if jwt is None:
        only = fact("jwt.flaw", "malformed", SOURCE, quote="three parts of base64url JSON expected",
                    mark="derived", line=line)  # fmt: skip
        return Gathered((only,), readings=(Reading(SOURCE, name, 0, "tokens", 1),))
    flaws = list(_flaws(jwt, wanted)) or [("none", "derived", _told(jwt))]
    facts = [
        fact("jwt.flaw", value, SOURCE, quote=quote, at=wanted.now, mark=mark, line=line)
        for value, mark, quote in flaws
    ]
    facts += [*_audience(jwt, line), *_keys(jwt, wanted, line)]
    return Gathered(tuple(facts), readings=(Reading(SOURCE, name, 1, "tokens"),))


def _told(jwt: Unverified) -> str:
    claims = ", ".join(sorted(str(each)[:40] for each in jwt.claims))
    return f"alg {str(jwt.header.get('alg'))[:20]}; claims {claims}"


def _flaws(jwt: Unverified, wanted: Wanted) -> Iterator[Flaw]:
    alg = jwt.header.get("alg")
    if alg != "RS256":
        yield "wrong alg", "derived", f"alg is {str(alg)[:20]!r}, RS256 is read"
    if not jwt.signature:
        yield "not signed", "derived", "the third part is empty"
    for claim, value in (("iss", "iss missing"), ("sub", "sub missing"), ("aud", "aud missing")):
        if not _words(jwt.claims.get(claim)):
            # An assertion for a token exchange calls the user by `prn` in old clients.
            yield value, "derived", f"{claim} is missing or empty"
    issuer = _words(jwt.claims.get("iss"))
    if issuer and ("://" in issuer or "@" in issuer or " " in issuer):
        yield "iss is no consumer key", "derived", "iss must be the app's consumer key"
    if flaw := _audience_flaw(_words(jwt.claims.get("aud"))):
        yield flaw
    yield from _expiry(jwt.claims, wanted)


def _words(value: object) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() if isinstance(value, str) else ""


def _audience_flaw(audience: str) -> Flaw | None:
    """Generic hosts, My Domain and sites are audiences; a Lightning host or a path is none."""
    if not audience:
        return None
    host = urlsplit(audience).hostname or "" if "://" in audience else ""
    kind = hosts.kind_of(host)
    quote = f"aud is {audience[:120]}"
    if kind == "lightning":
        return "aud is a lightning host", "derived", quote
    if audience.rstrip("/").endswith("/services/oauth2/token"):
        return "aud is the token endpoint", "inferred", quote
    if not host:
        return "aud is no address", "derived", quote
    return None


def _audience(jwt: Unverified, line: int | None) -> Iterator[Fact]:
    audience = _words(jwt.claims.get("aud"))
    kind = hosts.kind_of(urlsplit(audience).hostname or "") if "://" in audience else ""
    if audience:
        yield fact(
            "jwt.audience", kind or "other", SOURCE, quote=f"aud is {audience[:120]}", line=line
        )


def _expiry(claims: Mapping[str, Any], wanted: Wanted) -> Iterator[Flaw]:
    """NOTE: Salesforce takes numeric strings, and milliseconds from its own CLI (oauth-protocol
    2.4), so these are told but hardly refute anything."""
    number = _number(claims.get("exp"))
    if number is None:
        yield "exp missing", "derived", "exp is missing or no number"
        return
    if number >= MILLISECONDS:
        yield "exp in milliseconds", "inferred", f"exp {number} is a number of milliseconds"
        return
    ends, now = _moment(number), wanted.at or wanted.now
    if ends is None or now is None:
        return
    if ends < now - SKEW:
        yield "expired", "derived", f"exp was {ends:%Y-%m-%d %H:%M:%S} UTC, asked at {_at(now)}"
    elif ends < now:
        yield "exp within the skew", "inferred", f"exp was {ends:%Y-%m-%d %H:%M:%S} UTC"
    elif ends > now + FAR:
        yield "exp far ahead", "inferred", f"exp is {ends:%Y-%m-%d %H:%M:%S} UTC"
    begins = _moment(_number(claims.get("nbf")) or 0)
    if begins is not None and begins > now + SKEW:
        yield "not yet valid", "inferred", f"nbf is {begins:%Y-%m-%d %H:%M:%S} UTC"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value.strip()):
        return int(value)
    if isinstance(value, (int, float)) and abs(value) < 10**18:
        return int(value)
    return None


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _keys(jwt: Unverified, wanted: Wanted, line: int | None) -> Iterator[Fact]:
    if not wanted.certificates:
        return
    # Imported here: explaining a pasted text needs no cryptography.
    from evergrant.evidence.requests.certificates import signed_by_one

    fits, quote = signed_by_one(jwt.signed, jwt.signature, wanted.certificates)
    if fits is not None:
        yield fact("own.key_fits_certificate", fits, SOURCE, quote=quote, mark="derived", line=line)
