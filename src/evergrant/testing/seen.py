"""What an org gave and what it wrote down, as values for tests to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evergrant.emulator.objects import parse_stamp

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.schema import Mark


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client holds once an app is connected."""

    instance_url: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    """None where the flow, or the scopes, give none."""
    scope: str
    answer: Mapping[str, str] = field(repr=False)
    """The token response, whole."""

    @property
    def headers(self) -> dict[str, str]:
        """What a REST call carries."""
        return {"Authorization": f"Bearer {self.access_token}"}


def grant_of(answer: Mapping[str, Any]) -> Grant:
    """A token response, read."""
    words = {name: str(value) for name, value in answer.items()}
    return Grant(
        words["instance_url"], words["access_token"], words.get("refresh_token"),
        words.get("scope", ""), words,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Login:
    """One row of Login History."""

    at: datetime
    user: str
    """The username."""
    status: str
    """`Success`, or Salesforce's words for the refusal."""
    application: str
    login_type: str
    subtype: str | None
    source_ip: str


def login_of(row: Row) -> Login:
    """A row of the table, read."""
    return Login(
        parse_stamp(row["LoginTime"]), row["Username"] or "", row["Status"], row["Application"],
        row["LoginType"], row["LoginSubType"], row["SourceIp"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a grant or a call, and what the org made of it."""

    flow: str
    app: str | None
    """API name; None where the consumer key is nobody's."""
    user: str | None
    outcome: str
    """issued, refused, fault, or not_answered in strict mode."""
    gate: str | None
    """The gate that refused; None where none did."""
    error: str
    description: str
    mark: Mark | None
    """How well the refusal is known; None without one."""
    steps: tuple[Mapping[str, Any], ...] = field(repr=False)
    """Every gate asked, with its answer."""


def attempt_of(told: Mapping[str, Any]) -> Attempt:
    """An entry of the trace, read."""
    refusal = told.get("refusal") or {}
    return Attempt(
        flow=told["flow"], app=told.get("app"), user=told.get("user"),
        outcome=told.get("outcome", ""), gate=told.get("gate"), error=refusal.get("error", ""),
        description=refusal.get("description", ""), mark=refusal.get("mark"),
        steps=tuple(told.get("steps", ())),
    )  # fmt: skip
