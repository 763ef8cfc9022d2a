"""The running service, as the command line talks to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from evergrant.errors import BadInput, CouldNotLook
from evergrant.settings import Settings

ENDED = frozenset({"done", "refused", "on_hold", "expired", "cancelled"})
EVERY_S = 0.3


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow that was begun, and the link that starts it."""

    id: str
    link: str = field(repr=False)


class Service:
    """Calls the service that announced itself in the data folder."""

    def __init__(self, settings: Settings) -> None:
        from evergrant.api.address import announced, operator_key
        from evergrant.api.openers import TENANT

        self._url = announced(settings)
        self._headers = {
            "Authorization": f"Bearer {operator_key(settings).reveal()}",
            TENANT: settings.tenant,
        }

    def begin(self, body: dict[str, Any]) -> Begun:
        """Begin a browser authorization."""
        told = self._ask("POST", "/v1/flows", json=body)
        return Begun(told["id"], told["link"])

    def seen(self, flow_id: str, text: str) -> dict[str, Any]:
        """Tell what the person sees where no callback came."""
        return self._ask("POST", f"/v1/flows/{flow_id}/seen", json={"text": text})

    def invite(self, role: str = "operator") -> str:
        """A link that signs somebody in to the console."""
        told = self._ask("POST", "/v1/sign-in-links", json={"role": role})
        return str(told["link"])

    def make_link(self, connection: str, expires_s: int) -> dict[str, Any]:
        """A reconnect link for one connection."""
        body = {"connection": connection, "expires_s": expires_s}
        return self._ask("POST", "/v1/links", json=body)

    def flow(self, flow_id: str) -> dict[str, Any]:
        """How a flow stands."""
        return self._ask("GET", f"/v1/flows/{flow_id}")

    def again(self, flow_id: str) -> Begun:
        """Another link for a flow: for another attempt, or for its next part."""
        told = self._ask("POST", f"/v1/flows/{flow_id}/attempts")
        return Begun(told["id"], told["link"])

    def wait(self, flow_id: str, part: str = "") -> dict[str, Any]:
        """Wait until a flow has ended (it ends by itself after ten minutes), or is at another part
        than the one it was begun with, or than this one."""
        begun = part
        while (told := self.flow(flow_id))["status"] not in ENDED:
            begun = begun or told["part"]
            if told["status"] == "new" and told["part"] != begun:
                return told
            time.sleep(EVERY_S)
        return told

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        try:
            answer = httpx2.request(
                method, self._url + path, headers=self._headers, timeout=30, **how
            )
        except httpx2.TransportError as error:
            raise self._away("does not answer", "start it again with `evergrant serve`") from error
        try:
            told = dict(answer.json())
        except ValueError as error:
            # Somebody else may listen there by now, or the service itself is at fault.
            look = "look into what `evergrant serve` prints, or start it again"
            raise self._away(f"gives no readable answer ({answer.status_code})", look) from error
        words = str(told.get("diagnostics") or told.get("title") or "refused")
        if answer.status_code >= 500:
            raise CouldNotLook("unreachable", words)
        if answer.status_code >= 400:
            raise BadInput(words)
        return told

    def _away(self, how: str, next_step: str) -> CouldNotLook:
        return CouldNotLook(
            "unreachable",
            f"the service at {self._url} {how}",
            next_step=next_step,
            whose="operator",
        )
