"""Frozen transcripts: the words people see, as they see them (ids, ports and times made alike)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_kit import evergrant, normalized
from evergrant.health import State
from evergrant.keeper import open_keeper
from evergrant.model import App, Connection, Identity, Integration, Secret
from evergrant.settings import Settings
from evergrant.store import connections

VARYING = {
    r"\b0Yais\w{13}": "0Yais00000000ROWID",  # the watch may have looked in between
    r"\b127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\b\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d": r"YYYY-MM-DD\1hh:mm:ss",
    r"since \d{4}-\d\d-\d\d \d\d:\d\d": "since YYYY-MM-DD hh:mm",
    r"\b[01]\.\d\d\b": "n.nn",
}
"""Ports, times and shares; all else is the same at every run."""
MORNING = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
REFUSAL = '{"error":"invalid_grant","error_description":"ip restricted or invalid login hours"}'


def written(*words: str, folder: Path, stdin: str = "") -> str:
    """What a command writes for people, with its exit code."""
    end = evergrant(*words, folder=folder, stdin=stdin)
    return f"{normalized(end.out, VARYING)}[{end.code}]"


EXPLAIN = """\
Admin change
  - An admin must change something first.
  - IP_RESTRICTED is a word of guides, not of Salesforce's.

Meaning
  - IP_RESTRICTED: No Salesforce server sends this code. On the wire it is
    invalid_grant with "ip restricted or invalid login hours"; Login History
    shows "Restricted IP".

Causes
  - Admin change: The caller's address is not allowed (ip-restricted)
  - Admin change: The time is outside the user's login hours
    (login-hours-restricted)
  - Admin change: The caller is outside the app's refresh token allowlist
    (refresh-token-ip-allowlist-blocked)

Sources
  - https://github.com/forcedotcom/SalesforceMobileSDK-Android/blob/7d504f22/libs/SalesforceSDK/src/com/salesforce/androidsdk/auth/OAuthErrorCode.kt
    (observed, 2026-11-22)
[0]"""
DIAGNOSE = """\
Admin change
  - The caller's address is not allowed (ip-restricted): likely.
  - An admin must change something first.
  - Judged from the text alone.

Evidence
  - line 1: {"error":"invalid_grant","error_description":"ip restricted or
    invalid login hours"}

Why
  - The user's profile has login IP ranges and the client's address is outside;
    the app's IP relaxation may lift them, but never for JWT and SAML bearer.

Speaks for it
  - Error description of the token endpoint: ip restricted or invalid login
    hours
  - Error of the token endpoint: invalid_grant

Not known
  - Status of the failing row in Login History: not looked at — What does Setup
    > Login History show in the column Status for this user at that time?
  - The user's profile restricts login addresses: not looked at — Does the
    user's profile have Login IP Ranges?
  - Last admin act before the failure (Setup Audit Trail): not looked at — What
    does Setup > View Setup Audit Trail show in the hours before the first
    failure?

Next check
  - What does Setup > Login History show in the column Status for this user at
    that time?

What to do
  - Salesforce admin: Add the integration's addresses to the login IP ranges of
    the integration user's profile. (inferred)
      at Setup > Profiles > the profile > Login IP Ranges
      (/lightning/setup/EnhancedProfiles/home)
      needs Manage Profiles and Permission Sets and Manage IP Addresses
      done when login_history.status is success
  - Salesforce admin (connected app): Or set IP Relaxation of the app to "Relax
    IP restrictions" (no help for JWT or SAML bearer).
      at Setup > Manage Connected Apps > the app > Edit Policies > IP Relaxation
      (/lightning/setup/ConnectedApplication/home)
      needs Customize Application and (Modify All Data or Manage Connected Apps)
  - Salesforce admin (external client app): Or set the IP relaxation in the
    app's policies (no help for JWT or SAML bearer).
      at Setup > External Client App Manager > the app > Policies > OAuth
      Policies (/lightning/setup/ManageExternalClientApplication/home)
      needs View all External Client Apps, view their settings, and edit their
      policies
  - developer of the integration: Publish the addresses that your servers call
    from.

Do not
  - adding the addresses under Network Access only: those ranges do not override
    the profile's
  - reauthorizing from an office address: the next refresh comes from the server
    again
  - relaxing IP restrictions of the app: the allowlist is a wall of its own (if
    it is refresh-token-ip-allowlist-blocked)

Afterwards
  - Setup > Login History: the newest row of this app and user → Success, later
    than the repair

Next gate
  - the time is within login hours

Other causes
  - The caller is outside the app's refresh token allowlist
    (refresh-token-ip-allowlist-blocked): possible
  - The time is outside the user's login hours (login-hours-restricted):
    possible
  - none of these: 4%
[0]"""
DRILL = """\
scenario             text   own    admin  repro fixed proven
app-blocked-by-admin ✓ n.nn ✓ n.nn ✓ n.nn yes   yes   yes
Cause named first: text 1/1, own 1/1, admin 1/1
[0]"""
DEMO = """\
Evergrant's demo. The org is an emulator; nothing here is Salesforce.

  Connect      Acme Manufacturing authorizes Orbit Sync: org 00Dis0000001F9GEAU
               identity       proven      org 00Dis0000001F9GEAU, user
               integration@acme.example
               call           proven      GET /services/data/v66.0/ on
               127.0.0.1:PORT answered 6 resources
               login history  proven      0Yais00000000ROWID: Success at
               YYYY-MM-DD hh:mm:ss UTC from 198.51.100.10
  Break        a day later an admin of the org blocks the app in Setup
  Notice       the watch finds it at the next check: Acme Manufacturing is
               blocked by admin
  Why          from the refusal, the connection's history and an admin's
               session:
    Admin change
      - An admin blocked the app (app-blocked-by-admin): certain.
      - An admin must change something first.
      - Judged from an admin's view of the org.

    Evidence
      - token_reply: Salesforce refused: app_blocked: this app is blocked by
        admin
      - own_history: YYYY-MM-DD hh:mm:ss UTC renewal: Salesforce refused:
        app_blocked: this app is blocked by admin
      - live_org: BlacklistedConsumer Orbit Sync is there
      - live_org: YYYY-MM-DD hh:mm:ss UTC admin@acme.example: Blocked connected
        app Orbit Sync
      - live_org: YYYY-MM-DDThh:mm:ss.000+0000 AppBlocked
      - own_history: YYYY-MM-DD hh:mm:ss UTC connected: org 00Dis0000001F9GEAU

    Speaks for it
      - Error of the token endpoint: app_blocked
      - Error description of the token endpoint: this app is blocked by admin
      - The app is blocked: yes (inferred)
      - Last admin act before the failure (Setup Audit Trail): app blocked
      - Code in the Identity Provider Event Log: AppBlocked

    What to do
      - Salesforce admin (connected app): Press Unblock in the app's row.
          at Setup > Connected Apps OAuth Usage
          (/lightning/setup/ConnectedAppsUsage/home)
          needs Customize Application and (Modify All Data or Manage Connected
          Apps)
          done when login_history.status is success
      - Salesforce admin (external client app): Enable the app again in its
        policies.
          at Setup > External Client App Manager > the app > Policies
          (/lightning/setup/ManageExternalClientApplication/home)
          needs View all External Client Apps, view their settings, and edit
          their policies
          done when app.enabled is true
      - Salesforce admin: Before that, ask in the audit trail who blocked it and
        why.
          at Setup > View Setup Audit Trail
          (/lightning/setup/SecurityEvents/home)
          needs View Setup and Configuration
      - operator of the integration: Reauthorize if the old refresh token was
        revoked as well.
          done when login_history.status is success

    Do not
      - reauthorizing while the app is blocked: the sign-in ends on Salesforce's
        own page
      - assigning permission sets: blocked is blocked for everyone

  Too early    reauthorizing now ends on Salesforce's own page,
               http://127.0.0.1:PORT/setup/secur/RemoteAccessErrorPage.apexp
               no callback comes; the pasted address says the same:
               app-blocked-by-admin
  Fix          an hour later the admin presses Unblock
  Reauthorize  in place, settings unchanged: Acme Manufacturing is connected
               identity       proven      org 00Dis0000001F9GEAU, user
               integration@acme.example
               call           proven      GET /services/data/v66.0/ on
               127.0.0.1:PORT answered 6 resources
               login history  proven      0Yais00000000ROWID: Success at
               YYYY-MM-DD hh:mm:ss UTC from 198.51.100.10

Proven.
[0]"""
NO_STATUS = """\
No connections yet. Begin with: evergrant connect NAME --integration FILE
[0]"""
STATUS = """\
connection         state                 since (UTC)      id
Acme Manufacturing connected             2026-11-22 09:00 con_0000000000000000
Zenith, Inc.       needs reauthorization 2026-11-22 09:00 con_0000000000000001
[1]"""


def test_an_explanation_reads_so(tmp_path: Path) -> None:
    assert written(*("explain", "IP_RESTRICTED"), folder=tmp_path) == EXPLAIN


def test_a_diagnosis_reads_so(tmp_path: Path) -> None:
    assert (
        written(*("diagnose", "--flow", "refresh_token"), folder=tmp_path, stdin=REFUSAL)
        == DIAGNOSE
    )


@pytest.mark.slow
def test_a_drill_reads_so(tmp_path: Path) -> None:
    assert written(*("drill", "app-blocked-by-admin"), folder=tmp_path) == DRILL


@pytest.mark.slow
def test_the_demo_reads_so(tmp_path: Path) -> None:
    assert written(*("demo", "--headless"), folder=tmp_path) == DEMO


def test_the_list_of_connections_reads_so(tmp_path: Path) -> None:
    assert written("status", folder=tmp_path) == NO_STATUS
    _fill(tmp_path)
    assert written("status", folder=tmp_path) == STATUS


def _fill(folder: Path) -> None:
    """Two connections, as a keeper would have left them."""
    settings = Settings(data_dir=folder / "data")
    app = App("3MVG9key", Secret("made up"))
    vendor = Integration("orbit-sync", "Orbit Sync", "Orbit Sync", "Orbit", app, "web_server", "")
    states = {"Acme Manufacturing": State.CONNECTED, "Zenith, Inc.": State.NEEDS_REAUTHORIZATION}
    with open_keeper(settings, environ={}) as keeper, keeper.writing() as tx:
        keeper.vault.save_integration(tx, vendor)
        for number, (name, state) in enumerate(states.items()):
            connections.add(
                tx,
                Connection(
                    f"con_{number:016}",
                    "orbit-sync",
                    name,
                    state,
                    "https://login.salesforce.com",
                    Identity(f"00D{number:012}EAA", "005000000000001AAA"),
                    since=MORNING,
                ),
            )
