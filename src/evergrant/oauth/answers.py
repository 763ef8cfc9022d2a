"""What the token endpoint answered: a credential, a refusal in Salesforce's words, or nonsense."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

from evergrant.errors import Malformed, Refused
from evergrant.log import logger, mask
from evergrant.model import Credential, Secret
from evergrant.oauth.formats import MAX_WORDS, Answer, read
from evergrant.oauth.hosts import LOOPBACK
from evergrant.wire import Reply, host_of

USED = frozenset(
    {"access_token", "refresh_token", "id", "instance_url", "issued_at", "scope", "token_format"}
)
"""Members that a `Credential` has a place for (Salesforce Help, OAuth 2.0 Web Server Flow)."""
KEPT = frozenset(
    {
        "token_type", "api_instance_url", "expires_in", "sfdc_community_url", "sfdc_community_id",
        "lightning_domain", "visualforce_domain", "content_domain", "sidCookieName", "state",
    }
)  # fmt: skip
"""Members that carry no secret: they stay in `Credential.extras`."""
SECRET = frozenset(
    {
        "id_token", "signature", "lightning_sid", "visualforce_sid", "content_sid", "parent_sid",
        "csrf_token", "crsf_token", "cookie-clientSrc", "cookie-sid_Client",
        "beacon_child_consumer_key", "beacon_child_consumer_secret", "device_code", "user_code",
    }
)  # fmt: skip
"""Members that are secrets, or prove one: known, unused, dropped."""
_DESCRIBED = USED | KEPT | SECRET


def read_token(reply: Reply, secret: Secret | None = None) -> Credential:
    """The credential in an answer of `/services/oauth2/token`.

    Where `secret` (the consumer secret) is known, a signature that does not hold is logged; it does
    not fail the flow, since TLS already proves the sender and no source says what signs after a
    secret was rotated.  Raises `Refused` with the words verbatim, or `Malformed`.  The HTTP status
    decides nothing: no rule says which one means what.
    """
    answer = read_answer(reply)
    members = answer.members
    if "access_token" not in members:
        raise _nonsense(reply, answer)
    report(members, secret)
    return credential_of(members)


def credential_of(
    members: Mapping[str, str], *, extras: Mapping[str, str] | None = None
) -> Credential:
    """The credential in members that hold an access token, however they came.

    `extras` takes the place of the members that carry no secret.  Raises `Malformed`.
    """
    token = _token(members, "access_token")
    kept = {name: value for name, value in members.items() if name in KEPT}
    return Credential(
        access_token=token,
        instance_url=_instance(members),
        refresh_token=_token(members, "refresh_token") if members.get("refresh_token") else None,
        identity_url=members.get("id", ""),
        issued_at=_moment(members.get("issued_at", "")),
        scopes=tuple(members.get("scope", "").split()),
        token_format=members.get("token_format") or _format(token),
        extras=kept if extras is None else extras,
    )


def read_answer(reply: Reply) -> Answer:
    """An answer that is no refusal.

    Raises `Refused` when it names an error, `Malformed` when it was cut off.
    """
    if reply.truncated:
        raise Malformed(f"the answer of {host_of(reply.url)} is longer than any answer should be")
    answer = read(reply)
    if "error" in answer.members and "access_token" not in answer.members:
        words = answer.members["error"], answer.members.get("error_description", "")
        raise refusal(*words, status=reply.status, channel=answer.channel)
    return answer


def refusal(error: str, description: str, *, status: int, channel: str) -> Refused:
    """Salesforce's no, in its own words but for what looks like a secret."""
    return Refused(_words(error), _words(description), status=status, channel=channel)


def complete(credential: Credential) -> Credential:
    """The credential, if it says where it may be used.

    A first grant must; a refresh may leave it out (`merge`).  Raises `Malformed`.
    """
    if not credential.instance_url:
        raise Malformed("Salesforce gave a token and did not say for which instance")
    return credential


def merge(old: Credential, new: Credential) -> Credential:
    """What is in force after a refresh: members that the answer left out keep their old value.

    (RFC 6749 §5.1 and §6 for the scopes and the refresh token; no rule speaks of the others.)
    """
    return Credential(
        access_token=new.access_token,
        instance_url=new.instance_url or old.instance_url,
        refresh_token=new.refresh_token or old.refresh_token,
        identity_url=new.identity_url or old.identity_url,
        issued_at=new.issued_at,
        scopes=new.scopes or old.scopes,
        token_format=new.token_format,
        extras={**old.extras, **new.extras},
    )


def signature_holds(members: Mapping[str, str], secret: Secret | None) -> bool | None:
    """Whether `signature` is the HMAC-SHA256 of `id` and `issued_at` under the consumer secret.

    None when it cannot be told: no secret, or one of the three members is missing.
    """
    if not secret or not all(map(members.get, ("signature", "id", "issued_at"))):
        return None
    signed = members["id"] + members["issued_at"]
    digest = hmac.digest(
        secret.reveal().encode(), signed.encode("utf-8", "replace"), hashlib.sha256
    )
    given = members["signature"].encode("utf-8", "replace")
    return hmac.compare_digest(base64.b64encode(digest), given)


def strangers(members: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the members that nobody has described yet; their values are kept out."""
    return tuple(sorted(members.keys() - _DESCRIBED))


def report(members: Mapping[str, str], secret: Secret | None) -> None:
    """Log what is odd about an answer: members that nobody described, a signature that fails."""
    if unknown := strangers(members):
        names = ", ".join(mask(name)[:60] for name in unknown)
        logger("oauth").warning("the token answer has members we do not know: %s", names)
    if signature_holds(members, secret) is False:
        logger("oauth").warning("the token answer's signature does not hold for this secret")


_VISIBLE = re.compile(r"[!-~]+")


def _token(members: Mapping[str, str], name: str) -> Secret:
    """A token as RFC 6749 appendix A.12 writes it; anything else would break a header."""
    value = members[name]
    if not _VISIBLE.fullmatch(value):
        raise Malformed(f"the answer's {name} is empty or holds characters that no token has")
    return Secret(value)


def _instance(members: Mapping[str, str]) -> str:
    """The instance URL; tokens are sent there, so it must be one, and encrypted."""
    url = members.get("instance_url", "").rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        is_safe = False
    if not is_safe or not parts.hostname or "@" in parts.netloc or not url.isascii():
        raise Malformed("the answer's instance_url is no address that a token may be sent to")
    return url


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(milliseconds: str) -> datetime | None:
    """`issued_at`: a string of milliseconds since 1970."""
    try:
        return _EPOCH + timedelta(milliseconds=int(milliseconds))
    except (ValueError, OverflowError):
        return None


def _format(token: Secret) -> str:
    return "jwt" if token.reveal().startswith("eyJ") else "opaque"


def _words(text: str) -> str:
    return mask(unescape(text).strip())[:MAX_WORDS]


def _target(location: str) -> str:
    try:
        return urlsplit(location).hostname or "nowhere"
    except ValueError:
        return "nowhere"


# Pages that stand in for an org that is away (Salesforce CLI guide); matched in lower case.
_AWAY = ("data not available", "maintenance", "temporarily unavailable", "service unavailable")


def _nonsense(reply: Reply, answer: Answer) -> Malformed:
    host = host_of(reply.url)
    if 300 <= reply.status < 400:
        target = _target(reply.headers.get("location", ""))
        return Malformed(
            f"{host} redirects to {target} instead of answering",
            why="a token request loses its body on the way; the login host is not the right one",
            next_step=f"check the login host; if {target} is the org's, use it",
        )
    page = reply.text().lower() if answer.channel in ("html", "text") else ""
    if sign := next((each for each in _AWAY if each in page), ""):
        return Malformed(
            f"{host} answered with a page instead of a token: {sign}",
            why="the org is in maintenance, or is not there (any more)",
            next_step="try again later; if it stays, check that the org still exists",
        )
    return Malformed(
        f"{host} answered {reply.status} with {reply.content_type or 'no content type'}: "
        "neither a token nor an error",
        why="a proxy, a login page or an outage may stand in between",
        next_step="check the login host, and try again",
    )
