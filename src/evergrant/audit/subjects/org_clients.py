"""Apps as they are seen in use: tokens, logins and requests → one subject for each client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.subjects.names import plain
from evergrant.audit.subjects.rows import Row, Table, moment, text
from evergrant.model import Secret, Value

RECENT = timedelta(days=7)
"""What happened within it is new."""
_TOGETHER = timedelta(minutes=10)
"""Failures of all users that begin within it have one reason."""
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NO_APP = frozenset({"", "browser", "n/a"})
"""What Login History says where no app logged in."""


def clients(
    table: Table, apps: Mapping[str, Subject], org: Mapping[str, Trait], now: datetime
) -> Iterator[Subject]:
    """Every app that tokens, logins or requests tell of; `org` are the org's own traits."""
    labels: dict[str, str] = {}
    keys = {str(each.value("app.consumer_key_id")): each.app for each in apps.values()}
    rows = {
        "OauthToken": _by_app(table, "OauthToken", lambda row: text(row, "AppName"), labels),
        "LoginHistory": _by_app(
            table, "LoginHistory", lambda row: text(row, "Application"), labels
        ),
        "Request": _by_app(table, "Request", lambda row: _caller(row, keys), labels),
    }
    first = min((at for r in table.of("LoginHistory") if (at := moment(r, "LoginTime"))),
                default=None)  # fmt: skip
    for key, label in labels.items():
        tokens, logins = rows["OauthToken"].get(key, []), rows["LoginHistory"].get(key, [])
        told = dict(_by_tokens(table, tokens, apps.get(key), now))
        told |= dict(_by_logins(logins, first, now))
        told |= dict(_by_requests(rows["Request"].get(key, []), apps.get(key)))
        told |= dict(_by_subtypes(logins))
        told |= dict(_by_register(table, key))
        yield _subject(label, told, apps.get(key), org, table.name)


def _caller(row: Row, keys: Mapping[str, str]) -> str:
    """The label of the app that a request names by its consumer key, which is never shown."""
    if label := text(row, "app"):
        return label
    key = Secret(text(row, "client_id")).fingerprint
    return keys.get(key, f"client {key}")


def _by_app(
    table: Table, name: str, label_of: Callable[[Row], str], labels: dict[str, str]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in table.of(name):
        label = label_of(row)
        if label.lower() not in _NO_APP:
            labels.setdefault(plain(label), label)
            found.setdefault(plain(label), []).append(row)
    return found


def _subject(
    label: str,
    told: Mapping[str, Value],
    app: Subject | None,
    org: Mapping[str, Trait],
    project: str,
) -> Subject:
    traits = {**org, **(app.traits if app else {})}
    for name, value in told.items():
        traits[f"client.{name}"] = Trait(f"client.{name}", value, "org")
    kind = app.app_kind if app else ""
    return Subject("client", label, project, Place(), traits, {}, label, kind)


def _by_tokens(
    table: Table, tokens: list[Row], app: Subject | None, now: datetime
) -> Iterator[tuple[str, Value]]:
    if table.has("OauthToken"):
        yield "tokens", len(tokens)
    if table.has("ConnectedApplication") and table.has("OauthToken"):
        # NOTE: no interface tells what is installed; a token without a menu item whose app has no
        # row is read as of an uninstalled app (inferred, org-model 5.2).
        linked = any(text(each, "AppMenuItem.ApplicationId") for each in tokens)
        yield "installed", app is not None or linked
    used = [at for each in tokens if (at := moment(each, "LastUsedDate"))]
    if used:
        yield "days_unused", (now - max(used)).days


def _by_logins(
    logins: list[Row], first: datetime | None, now: datetime
) -> Iterator[tuple[str, Value]]:
    timed = sorted(((at, row) for row in logins if (at := moment(row, "LoginTime"))),
                   key=lambda each: each[0])  # fmt: skip
    if not timed or first is None:
        return
    yield "history_days", (now - first).days
    yield "days_known", (now - timed[0][0]).days
    before = [row for at, row in timed if at < now - RECENT]
    recent = [row for at, row in timed if at >= now - RECENT]
    if before:
        yield from _news(before, recent)
    yield "soap_login", any(text(row, "ApiType").startswith("SOAP") for _, row in timed)
    if versions := [v for _, row in timed if (v := _version(row)) is not None]:
        yield "api_version", min(versions)
    yield from _at_once(timed)


def _by_subtypes(logins: list[Row]) -> Iterator[tuple[str, Value]]:
    """Flows that a login was seen by; that none was seen shows nothing."""
    if any(text(row, "LoginSubType") == "OauthUsernamePassword" for row in logins):
        yield "password_flow", True


def _news(before: list[Row], recent: list[Row]) -> Iterator[tuple[str, Value]]:
    def failures(rows: list[Row]) -> list[str]:
        return [status for row in rows if (status := text(row, "Status")) != "Success"]

    yield "new_failure", ", ".join(sorted(set(failures(recent)) - set(failures(before))))
    if recent:
        share = [len(failures(rows)) / len(rows) for rows in (before, recent)]
        yield "failure_rise", round(100 * (share[1] - share[0]))
    known = {text(row, "SourceIp") for row in before}
    new = {text(row, "SourceIp") for row in recent if text(row, "Status") == "Success"} - known
    yield "new_addresses", ", ".join(sorted(new - {""}))


def _version(row: Row) -> float | None:
    try:
        return float(text(row, "ApiVersion"))
    except ValueError:
        return None


def _at_once(timed: list[tuple[datetime, Row]]) -> Iterator[tuple[str, Value]]:
    """Users whose first failure after their last success began at the same time as the others'."""
    fell: dict[str, datetime] = {}
    for at, row in timed:
        user = text(row, "UserId")
        if text(row, "Status") == "Success":
            fell.pop(user, None)
        else:
            fell.setdefault(user, at)
    working = {text(row, "UserId") for _, row in timed} - set(fell)
    start = min(fell.values(), default=None)
    together = [at for at in fell.values() if start and at - start <= _TOGETHER]
    yield "failed_at_once", len(together)
    since = {text(r, "UserId") for at, r in timed
             if start and at >= start and text(r, "Status") == "Success"}  # fmt: skip
    yield "users_working", len(working & since)


def _by_requests(rows: list[Row], app: Subject | None) -> Iterator[tuple[str, Value]]:
    """Requests that the client sent, with the names that they have on the wire."""
    if not rows:
        return
    asks = [row for row in rows if text(row, "response_type") == "code"]
    grants = {text(row, "grant_type") for row in rows}
    if asks:
        yield "without_pkce", any(not text(row, "code_challenge") for row in asks)
    yield "password_flow", "password" in grants
    yield "jwt_flow", _JWT in grants
    registered = app.value("app.callbacks") if app else None
    used = dict.fromkeys(uri for row in rows if (uri := text(row, "redirect_uri")))
    if isinstance(registered, tuple) and used:
        yield "unregistered_callbacks", ", ".join(each for each in used if each not in registered)


def _by_register(table: Table, key: str) -> Iterator[tuple[str, Value]]:
    """What the register of apps says of it; that it is not there is an answer, too."""
    if not table.has("Register"):
        return
    found = [row for row in table.of("Register") if plain(text(row, "app")) == key]
    yield "standing", text(found[0], "standing") if found else "unknown"
    if found:
        yield "owner", text(found[0], "owner")
