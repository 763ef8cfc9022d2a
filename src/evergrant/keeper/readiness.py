"""Whether an integration is ready for its first customer: what is missing is told before one meets
it.  What only a connection can show is looked at by `preflight`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from evergrant import evidence
from evergrant.health import State
from evergrant.keeper.integrations import Described, described
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.preflight_checks import Row
from evergrant.model import FlowId, Integration
from evergrant.settings import Settings

SOON: Final = 30
"""Days before a certificate's end from which it is worth a word."""
_BROWSER: Final[frozenset[FlowId]] = frozenset({"web_server"})
_REFRESHES: Final[frozenset[FlowId]] = frozenset({"web_server", "device"})
_SIGNED: Final[frozenset[FlowId]] = frozenset({"jwt_bearer", "saml_bearer"})
_NEEDS_SECRET: Final[frozenset[FlowId]] = frozenset({"client_credentials", "username_password"})
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked at."""

    known: Described
    settings: Settings
    now: datetime

    @property
    def integration(self) -> Integration:
        return self.known.integration


def readiness(keeper: Keeper, known: Described) -> tuple[Row, ...]:
    """What is there and what is missing, by what was said of the integration; nothing is asked."""
    asked = _Asked(known, keeper.settings, keeper.clock.now())
    return tuple(row for look in _LOOKS for row in look(asked))


def look_at_host(keeper: Keeper, key: str) -> tuple[Row, ...]:
    """Whether the login host can be reached from here: name, TLS, proxy.  Raises `NotFound`."""
    host = described(keeper, key).integration.login_host
    found = keeper.say(evidence.look_at_network(host, keeper.clock))
    rows = [
        Row("Login host answers", "pass", each.quote)
        if each.value == "none"
        else Row("Login host answers", "fail", each.quote,
                 "look at DNS, proxy and firewall between here and Salesforce")
        for each in found
        if each.name == "network.failure"
    ]  # fmt: skip
    return tuple(rows) or (Row("Login host answers", "could not look", "Nothing was learned"),)


def _names(asked: _Asked) -> Iterator[Row]:
    it = asked.integration
    if it.app_owner:
        yield Row("Name in Salesforce", "pass", f"{it.app_label}, by {it.app_owner}")
    else:
        yield Row("Name in Salesforce", "warn", f"{it.app_label}; nobody said whose it is",
                  "say which vendor Setup shows for the app")  # fmt: skip
    words = it.name.casefold().split()
    is_like = any(each in it.app_label.casefold() for each in words)
    if asked.known.expected.label_note:
        yield Row("Unfamiliar name", "pass", asked.known.expected.label_note)
    elif not is_like:
        yield Row("Unfamiliar name", "warn",
                  f"Customers know {it.name}, and look for {it.app_label}",
                  "say why the app is called otherwise")  # fmt: skip


def _support(asked: _Asked) -> Iterator[Row]:
    contact = asked.integration.support_contact
    if contact:
        yield Row("Support", "pass", contact)
    else:
        yield Row("Support", "warn", "Whoever is stuck has nobody to ask", "name a contact")


def _secrets(asked: _Asked) -> Iterator[Row]:
    it = asked.integration
    if it.flow in _SIGNED:
        yield _key(it)
    elif it.app.consumer_secret:
        yield Row("Consumer secret", "pass", "Held, sealed")
    elif it.flow in _NEEDS_SECRET:
        yield Row("Consumer secret", "fail", "This flow cannot do without one", "give it")
    else:
        yield Row("Consumer secret", "warn", "None: the app must not require one",
                  "give it, or see that the app requires no secret for this flow")  # fmt: skip
    if it.app.next_secret:
        yield Row("Next secret", "warn", "A second secret is held: one is being rotated",
                  "finish the rotation in Salesforce")  # fmt: skip


def _key(it: Integration) -> Row:
    if it.app.private_key is None:
        return Row("Private key", "fail", "This flow signs with one, and none is held", "give it")
    try:
        load_pem_private_key(it.app.private_key.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Row("Private key", "fail", "What is held is no private key without a password",
                   "give the key as PEM")  # fmt: skip
    return Row("Private key", "pass", "Held, sealed; it can be read")


def _callback(asked: _Asked) -> Iterator[Row]:
    if asked.integration.flow not in _BROWSER:
        return
    # The service sends its own in every sign-in, whatever the integration says (keeper.flows).
    ours, said = asked.settings.callback_url, asked.integration.app.redirect_uri
    at = urlsplit(ours)
    if at.scheme != "https" and at.hostname not in _LOOPBACK:
        yield Row("Callback URL", "fail", f"{ours} is not https", "serve Evergrant by https")
    elif said not in ("", ours):
        yield Row("Callback URL", "warn", f"{said} is said, and every sign-in sends {ours}",
                  "see that the app lists the one that is sent")  # fmt: skip
    else:
        yield Row("Callback URL", "pass", f"{ours}; the app must list exactly this")


def _scopes(asked: _Asked) -> Iterator[Row]:
    scopes, flow = asked.integration.app.scopes, asked.integration.flow
    if not scopes:
        yield Row("Scopes", "warn", "None are named: all that the app has are asked for",
                  "name what the integration needs")  # fmt: skip
        return
    if flow in _REFRESHES and not {"refresh_token", "offline_access"} & set(scopes):
        yield Row("Scopes", "fail", "Without refresh_token every access ends with its first token",
                  "add refresh_token, in the app too")  # fmt: skip
        return
    if "full" in scopes:
        yield Row("Scopes", "warn", "The scope full asks for everything that the user may do",
                  "name what the integration needs")  # fmt: skip
        return
    yield Row("Scopes", "pass", ", ".join(scopes))


def _subject(asked: _Asked) -> Iterator[Row]:
    it = asked.integration
    if it.flow in _SIGNED and not it.subject:
        yield Row("Subject", "fail", "This flow names the user it runs as", "give a username")


def _certificate(asked: _Asked) -> Iterator[Row]:
    if asked.integration.flow not in _SIGNED:
        return
    told = asked.known.expected.certificate_ends
    if not told:
        yield Row("Certificate", "could not look", "Nobody said when it ends",
                  "give the day on which it ends", is_optional=True)  # fmt: skip
        return
    left = (date.fromisoformat(told) - asked.now.date()).days
    if left < 0:
        yield Row("Certificate", "fail", f"It ended on {told}", "register a new one in the app")
    elif left < SOON:
        yield Row("Certificate", "warn", f"It ends in {left} days", "register a new one soon")
    else:
        yield Row("Certificate", "pass", f"Until {told}")


def _needs(asked: _Asked) -> Iterator[Row]:
    told = asked.known.expected
    if told.requires:
        yield Row("Needs", "pass", f"{len(told.requires)} named: looked at after every sign-in")
    else:
        yield Row("Needs", "warn", "A user who lacks something is found out by the first sync only",
                  "say what the integration’s user needs in the org")  # fmt: skip


def _tried(asked: _Asked) -> Iterator[Row]:
    counts = asked.known.counts
    works = counts.get(State.CONNECTED, 0) + counts.get(State.EXPIRING_SOON, 0)
    if works:
        yield Row("Tried", "pass", f"{works} of its connections work")
    else:
        yield Row("Tried", "warn", "None of its connections is proven",
                  "connect an org of your own first")  # fmt: skip


_LOOKS: Final[tuple[Callable[[_Asked], Iterator[Row]], ...]] = (
    _names, _support, _secrets, _subject, _callback, _scopes, _certificate, _needs, _tried,
)  # fmt: skip
