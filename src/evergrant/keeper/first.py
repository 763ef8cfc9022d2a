"""A new authorization where nobody calls back: by a key, a password, a token or a person elsewhere.

Flows that renew by doing the same again need nothing of their own here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evergrant.clock import Clock
from evergrant.errors import BadInput
from evergrant.keeper.renew import code_credentials, renewal
from evergrant.model import Credential, Exchange, FlowId, Integration, Secret
from evergrant.oauth import device
from evergrant.oauth.device import DeviceCode
from evergrant.oauth.token_exchange import exchange
from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Brought:
    """What whoever authorizes brings along; most flows need nothing."""

    show: Callable[[DeviceCode], None] | None = None
    """Shows a person where to approve, and with which code (device)."""
    subject_token: Secret | None = None
    """A token of the other identity provider (token exchange); used once and not kept."""


NOTHING = Brought()
First = Callable[[Integration, str, Clock, Brought], Conversation[Credential]]


def _device(
    integration: Integration, host: str, clock: Clock, brought: Brought
) -> Conversation[Credential]:
    if brought.show is None:
        raise _missing(integration, "a terminal that shows a person the code")
    begun = yield from device.begin(integration.app, host)
    brought.show(begun)
    return (yield from device.poll(integration.app, host, begun, now=clock.now()))


def _token_exchange(
    integration: Integration, host: str, clock: Clock, brought: Brought
) -> Conversation[Credential]:
    token, way = brought.subject_token, integration.means
    if token is None or not isinstance(way, Exchange):
        raise _missing(integration, "a token of the other identity provider")
    return (yield from exchange(integration.app, host, token, way, now=clock.now()))


def _code_credentials(
    integration: Integration, host: str, clock: Clock, _: Brought
) -> Conversation[Credential]:
    return (yield from code_credentials(integration, host, None, clock))


FIRSTS: dict[FlowId, First] = {
    "device": _device,
    "token_exchange": _token_exchange,
    "code_credentials": _code_credentials,
}
"""Flow → how its credential is got anew, where that is another way than it is renewed by."""


def first(
    integration: Integration, host: str, clock: Clock, brought: Brought
) -> Conversation[Credential]:
    """The conversation that gets a credential without any older one.

    Raises `BadInput` when the flow needs something that was not brought.
    """
    if own := FIRSTS.get(integration.flow):
        return (yield from own(integration, host, clock, brought))
    return (yield from renewal(integration, host, None, clock))


def _missing(integration: Integration, what: str) -> BadInput:
    return BadInput(
        f"{integration.name} uses {integration.flow}, which needs {what}",
        next_step="use `evergrant connect` or `evergrant reauthorize`; its help says what to give",
        whose="you",
    )
