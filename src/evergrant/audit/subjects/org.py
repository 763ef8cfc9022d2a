"""An org's rows → subjects: its apps, its users' approvals, its clients as Login History has them.

Approvals and clients carry the traits of their app, too, so that rules stay conditions over one
subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from evergrant.audit.model import OrgRows, Place, Subject, Trait
from evergrant.audit.subjects import org_clients, org_grants
from evergrant.audit.subjects.names import plain
from evergrant.audit.subjects.rows import People, Row, Table, text
from evergrant.audit.traits.app import days_of
from evergrant.model import Value

_POLICIES = {
    "Infinite": "infinite",
    "Zero": "zero",
    "SpecificLifetime": "lifetime",
    "SpecificInactivity": "inactivity",
}
_RELAXATION = {
    "Enforce": "enforce",
    "Enforce_RelaxRefresh": "relax refresh",
    "Bypass_2factor": "activated devices",
    "Bypass": "relax",
}
_UNIT = "RefreshTokenValidityUnit"
Traits = dict[str, Trait]


class OrgReader:
    """Reads one org's rows; apps of its metadata are joined with them by label and name."""

    def __init__(self, org: OrgRows, now: datetime) -> None:
        self._rows = org
        self.table = Table(org)
        self.people = People(self.table)
        self.now = now
        self.name = org.name
        self._apps: dict[str, Subject] = {}
        self._org: Traits = {}
        self._ranges: dict[str, tuple[tuple[str, str], ...]] = {}

    def joined(self, subjects: Iterator[Subject]) -> Iterator[Subject]:
        """The subjects of the org's metadata; apps with what the rows tell of them."""
        for each in subjects:
            if each.kind == "app":
                yield self._known(each)
                continue
            if each.kind == "org":
                self._org |= each.traits
            self._keep_ranges(each)
            yield each

    def subjects(self) -> Iterator[Subject]:
        """Apps that only rows tell of, then approvals, then clients."""
        for each in self._app_rows():
            if plain(each.app) not in self._apps:
                yield self._known(each)
        yield from org_grants.grants(self.table, self.people, self._apps, self._ranges)
        yield from self._own_grants()
        yield from org_clients.clients(self.table, self._apps, self._org, self.now)

    def _own_grants(self) -> Iterator[Subject]:
        """The grants of the session's own user, where it may see nobody else's."""
        org = self._rows
        if "OauthToken" not in org.own:
            return
        hidden = {each: why for each, why in org.hidden.items() if each not in org.own}
        table = Table(replace(org, rows={**org.rows, **org.own}, hidden=hidden))
        yield from org_grants.grants(table, People(table), self._apps, self._ranges)

    def _known(self, app: Subject) -> Subject:
        traits = dict(app.traits)
        self._admitted(app, traits)
        self._run_as(traits)
        subject = replace(app, traits=traits)
        for name in (app.app, app.name):
            self._apps.setdefault(plain(name), subject)
        return subject

    def _keep_ranges(self, subject: Subject) -> None:
        held = subject.traits.get("profile.ranges")
        if held and isinstance(held.value, tuple):
            pairs = (each.partition("–") for each in held.value)
            self._ranges[plain(subject.name)] = tuple((start, end) for start, _, end in pairs)

    def _admitted(self, app: Subject, traits: Traits) -> None:
        """Whom SetupEntityAccess admits counts, whatever the metadata lists."""
        holders = self.table.admitted(self.table.app(app.app, app.name))
        if holders is not None:
            names = ", ".join(text(each, "Parent.Name") for each in holders)
            _say(traits, "app.admitted", len(holders), f"SetupEntityAccess: {names or 'no row'}")

    def _run_as(self, traits: Traits) -> None:
        held = traits.get("app.run_as_user")
        if held and isinstance(held.value, str) and held.value and self.table.has("User"):
            flaw = self.people.run_as_flaw(held.value)
            _say(traits, "app.run_as_flaw", flaw, f"run-as user {held.value}")

    def _app_rows(self) -> Iterator[Subject]:
        for row in self.table.of("ConnectedApplication"):
            yield self._connected(row)
        policies = {
            text(each, "ExternalClientApplicationId")[:15]: each
            for each in self.table.of("ExtlClntAppOauthPlcyCnfg")
        }
        for row in self.table.of("ExternalClientApplication"):
            yield self._external(row, policies.get(text(row, "Id")[:15], {}))

    def _connected(self, row: Row) -> Subject:
        traits: Traits = {}
        only = row.get("OptionsAllowAdminApprovedUsersOnly")
        if isinstance(only, bool):
            quote = f"OptionsAllowAdminApprovedUsersOnly {only}"
            _say(traits, "app.admin_approved_only", only, quote)
        if row.get("OptionsHasSessionLevelPolicy") is True:
            quote = "OptionsHasSessionLevelPolicy True"
            _say(traits, "app.session_level", "high assurance", quote)
        name = text(row, "Name")
        return self._app(name, name, "connected app", traits)

    def _external(self, row: Row, policy: Row) -> Subject:
        traits: Traits = {}
        if permitted := text(policy, "PermittedUsersPolicyType"):
            only = permitted == "AdminApprovedPreAuthorized"
            _say(traits, "app.admin_approved_only", only, f"PermittedUsersPolicyType {permitted}")
        for column, name, values in (
            ("IpRelaxationPolicyType", "app.ip_relaxation", _RELAXATION),
            ("RefreshTokenPolicyType", "app.refresh_policy", _POLICIES),
        ):
            if (value := text(policy, column)) in values:
                _say(traits, name, values[value], f"{column} {value}")
        if days := days_of(text(policy, "RefreshTokenValidityPeriod"), text(policy, _UNIT)):
            _say(traits, "app.refresh_days", days, f"RefreshTokenValidityPeriod {days:g} days")
        label, name = text(row, "MasterLabel"), text(row, "DeveloperName")
        return self._app(name or label, label or name, "external client app", traits)

    def _app(self, name: str, label: str, kind: str, traits: Traits) -> Subject:
        _say(traits, "app.oauth", True, "")
        _say(traits, "app.in_source", False, "")
        _say(traits, "app.kind", kind, "")
        return Subject("app", name, self.name, Place(), traits, {}, label, kind)  # type: ignore[arg-type]


def _say(traits: Traits, name: str, value: Value, quote: str) -> None:
    traits[name] = Trait(name, value, "org", Place(), quote)
