"""The emulator's control port, by HTTP: the same for one started here and one started apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2

from evergrant.clock import ShiftedClock
from evergrant.errors import NotFound, NotSent, OurBug
from evergrant.model import Secret, Session


class Control:
    """Says to an emulator what happens in its org, and asks what it saw."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx2.Client(base_url=self.url, timeout=30.0)
        self._offset = timedelta()
        self.clock = ShiftedClock(lambda: self._offset)
        self.follow_clock()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """One call of the control port.

        Raises `NotFound` when the emulator does not know what is named, `NotSent` when nothing
        answers there.
        """
        try:
            answer = self._http.request(method, path, **how)
        except httpx2.TransportError as error:
            raise NotSent(
                f"no emulator answers at {self.url}",
                why=str(error),
                next_step="start one with `evergrant emulator serve`, and give its control address",
                whose="you",
            ) from error
        if answer.status_code == 404:
            raise NotFound(f"the emulator does not know {path}", why=answer.text[:200])
        if answer.status_code >= 400:
            raise OurBug(f"the emulator refused {method} {path}: {answer.text[:300]}")
        return answer.json()

    def play(self, scenario: str, phase: str) -> Any:
        """`setup`, `break` or `heal` a scenario."""
        told = self.ask("POST", f"/scenario/{scenario}", json={"phase": phase})
        self.follow_clock()
        return told

    def act(self, what: str, **how: Any) -> Any:
        """One act of an admin or of the world."""
        told = self.ask("POST", "/act", json={"do": what, **how})
        self.follow_clock()
        return told

    def advance(self, by: timedelta) -> None:
        """Move the emulator's clock, and ours with it."""
        self.ask("POST", "/clock", json={"advance_s": by.total_seconds()})
        self.follow_clock()

    def follow_clock(self) -> None:
        """Take over the emulator's offset from the wall clock; it moves only when told."""
        self._offset = timedelta(seconds=self.ask("GET", "/clock")["offset_s"])

    def session(self, user: str = "admin") -> Session:
        """An evidence session of a user of the org."""
        told = self.ask("GET", "/session", params={"user": user})
        return Session(told["instance_url"], Secret(told["access_token"]))

    def world(self) -> dict[str, Any]:
        """Apps, users and org as the emulator lists them."""
        return dict(self.ask("GET", "/world"))

    def trace(self, limit: int = 50) -> list[dict[str, Any]]:
        """The attempts that the emulator judged, with every step; newest last."""
        told = self.ask("GET", "/trace", params={"limit": limit})
        return list(told["attempts"] if isinstance(told, dict) else told)
