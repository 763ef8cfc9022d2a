"""The device flow: a person approves elsewhere, while the device asks again and again.

Both legs are at the token endpoint (Salesforce Help, OAuth 2.0 Device Flow; RFC 8628).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from evergrant.errors import Malformed, Refused, WireError
from evergrant.model import App, Credential, Secret
from evergrant.oauth.answers import complete, read_answer
from evergrant.oauth.client import TOKEN_PATH, ask, proof
from evergrant.oauth.hosts import LOOPBACK
from evergrant.wire import Conversation, Pause, Reply, Request, host_of, send
from evergrant.wire.conversation import Text

GRANT_TYPE = "device"
INTERVAL_S = 5
"""Between two polls where the answer names no interval (RFC 8628 section 3.2)."""
LIFETIME_S = 600
"""How long a code waits where the answer does not say, as Salesforce's never was seen to; the ten
minutes are those of the Salesforce CLI's own message (inferred)."""
SLOWER_S = {"authorization_pending": 0, "slow_down": 5}
"""What means *ask again*, and how much later; the five seconds are RFC 8628's (section 3.5), what
Salesforce wants is not known (inferred)."""
SLOWEST_S = 60
"""Between two polls, however often the network fails."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A sign-in that waits for a person."""

    device_code: Secret
    user_code: Secret
    """What the person types in; shown to nobody but that person."""
    verification_uri: str
    interval_s: int = INTERVAL_S
    lifetime_s: int = LIFETIME_S


def begin(app: App, host: str) -> Conversation[DeviceCode]:
    """The first leg: a code for us, a shorter one for the person, and where to enter it.

    Raises `Refused`, `Malformed`, and what the network throws.
    """
    form: dict[str, Text] = {"response_type": "device_code", "client_id": app.consumer_key}
    if app.scopes:
        form["scope"] = " ".join(app.scopes)
    reply = yield from send(Request("POST", host + TOKEN_PATH, form=form))
    return _begun(reply)


def poll(
    app: App, host: str, begun: DeviceCode, *, now: datetime | None = None
) -> Conversation[Credential]:
    """The second leg: ask every few seconds until the person has decided or the time is over.

    A network failure makes the polls rarer, as RFC 8628 wants it, and ends nothing before the time
    is over.  `now` is for clients that sign assertions.  Raises `Refused` (`access_denied` when the
    person said no, Salesforce's last word when nobody decided in time), `Malformed`, and what the
    network throws.
    """
    wait, waited = begun.interval_s, 0
    while True:
        yield Pause(wait, "waiting for the person to approve")
        waited += wait
        moment = now + timedelta(seconds=waited) if now else None
        try:
            return (yield from _once(app, host, begun, moment))
        except Refused as said:
            if said.error not in SLOWER_S:
                raise
            if waited >= begun.lifetime_s:
                raise _late(said, waited) from None
            wait += SLOWER_S[said.error]
        except WireError:
            if waited >= begun.lifetime_s:
                raise
            wait = max(wait, min(2 * wait, SLOWEST_S))


def _once(app: App, host: str, begun: DeviceCode, now: datetime | None) -> Conversation[Credential]:
    form: dict[str, Text] = {"grant_type": GRANT_TYPE, "code": begun.device_code}
    return complete((yield from ask(host, app, form | proof(app, host, now))))


def _late(said: Refused, waited: int) -> Refused:
    """Salesforce's last word, with ours apart."""
    said.why = f"nobody approved within {waited} seconds"
    said.next_step = "begin again, and enter the new code"
    return said


def _begun(reply: Reply) -> DeviceCode:
    said, host = read_answer(reply).members, host_of(reply.url)
    missing = [name for name in ("device_code", "user_code") if not said.get(name)]
    if missing:
        raise Malformed(f"{host} began a device sign-in without {' and '.join(missing)}")
    return DeviceCode(
        Secret(said["device_code"]),
        Secret(said["user_code"]),
        _address(said.get("verification_uri", ""), host),
        _seconds(said.get("interval", ""), INTERVAL_S, SLOWEST_S),
        _seconds(said.get("expires_in", ""), LIFETIME_S, 10 * LIFETIME_S),
    )


def _address(text: str, host: str) -> str:
    """Where a person is sent to sign in: an address, and encrypted."""
    try:
        parts = urlsplit(text)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        is_safe = False
    if not is_safe or not parts.hostname or "@" in parts.netloc or not text.isascii():
        raise Malformed(f"{host} sends people to no address at which they may sign in")
    return text


def _seconds(text: str, default: int, most: int) -> int:
    """A whole number of seconds within reason; never none at all."""
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() else default
