"""The channel `webhook`: a notice as signed JSON, in the manner of Standard Webhooks.

`webhook-id` stays the same over all attempts, `webhook-timestamp` is the time of this one in
seconds, and `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over
`<id>.<timestamp>.<body>` (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from evergrant.errors import BadInput, NotSent, OutcomeUnknown, Refused
from evergrant.model import Secret, as_json
from evergrant.notify.channel import Delivery, Targets
from evergrant.wire import Conversation, Reply, Request, host_of, send

_TIMEOUT_S = 10.0
_STANDARD_PREFIX = "whsec_"


class WebhookRefused(Refused):
    """The receiver of a webhook answered something other than 2xx."""

    def __init__(self, host: str, status: int) -> None:
        super().__init__("webhook_refused", status=status)
        # It was not Salesforce who refused.
        self.what = f"the webhook at {host} answered HTTP {status}"
        self.args = (self.what,)
        self.next_step = "look at what receives the notices; the delivery is tried again"
        self.whose = "operator"


def deliver(delivery: Delivery, targets: Targets) -> Conversation[None]:
    """Post a notice to the webhook.

    Raises `WebhookRefused` for an answer other than 2xx, `NotSent` or `OutcomeUnknown` when there
    is none, `BadInput` when no usable webhook is set.
    """
    url = targets.webhook_url.reveal() if targets.webhook_url else ""
    if not url.startswith(("https://", "http://")) or not host_of(url):
        # Said here, for the drivers would repeat the URL.
        raise BadInput(
            "there is no webhook that can be called",
            next_step="set EVERGRANT_WEBHOOK_URL to an https:// address",
            whose="operator",
        )
    reply = yield from _posted(_request(url, delivery, targets.webhook_secret), host_of(url))
    if not 200 <= reply.status < 300:
        raise WebhookRefused(host_of(url), reply.status)


def signature(secret: Secret, message_id: str, timestamp: str, body: bytes) -> str:
    """The value of `webhook-signature`; receivers compute the same and compare."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _posted(request: Request, host: str) -> Conversation[Reply]:
    # The drivers name the whole URL in their errors; ours may hold a token.
    try:
        return (yield from send(request))
    except NotSent:
        raise NotSent(f"the webhook at {host} could not be reached") from None
    except OutcomeUnknown:
        raise OutcomeUnknown(f"the webhook at {host} gave no whole answer") from None


def _request(url: str, delivery: Delivery, secret: Secret | None) -> Request:
    body = json.dumps(as_json(delivery.notice), ensure_ascii=False).encode()
    timestamp = str(int(delivery.at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.id,
        "webhook-timestamp": timestamp,
    }
    if secret:
        headers["webhook-signature"] = signature(secret, delivery.id, timestamp, body)
    return Request("POST", url, headers, content=body, timeout_s=_TIMEOUT_S)


def _key(secret: Secret) -> bytes:
    text = secret.reveal()
    if not text.startswith(_STANDARD_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(
            "EVERGRANT_WEBHOOK_SECRET begins with whsec_ and is not base64 after it",
            next_step="use the secret as it was given to the receiver",
            whose="operator",
        ) from None
