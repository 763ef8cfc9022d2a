"""`evergrant explain` as a person reads it: frozen at 80 columns, plain and coloured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli_kit import evergrant
from evergrant.cli.output import PLAIN_COLUMNS

SGR = re.compile(r"\x1b\[[0-9;]*m")
NEVER_SENT = """\
\x1b[33m\x1b[1mAdmin change\x1b[0m
  - An admin must change something first.
  - IP_RESTRICTED is a word of guides, not of Salesforce's.

\x1b[1mMeaning\x1b[0m
  - IP_RESTRICTED: No Salesforce server sends this code. On the wire it is
    invalid_grant with "ip restricted or invalid login hours"; Login History
    shows "Restricted IP".

\x1b[1mCauses\x1b[0m
  - Admin change: The caller's address is not allowed (ip-restricted)
  - Admin change: The time is outside the user's login hours
    (login-hours-restricted)
  - Admin change: The caller is outside the app's refresh token allowlist
    (refresh-token-ip-allowlist-blocked)

\x1b[1mSources\x1b[0m
  \x1b[2m- https://github.com/forcedotcom/SalesforceMobileSDK-Android/blob/7d504f22/libs/SalesforceSDK/src/com/salesforce/androidsdk/auth/OAuthErrorCode.kt\x1b[0m
    \x1b[2m(observed, 2026-11-22)\x1b[0m
"""


def test_an_explanation_is_frozen_in_colour_and_the_same_without(tmp_path: Path) -> None:
    coloured = evergrant("explain", "ip_restricted", folder=tmp_path, FORCE_COLOR="1")
    plain = evergrant("explain", "ip_restricted", folder=tmp_path)
    never = evergrant("explain", "ip_restricted", folder=tmp_path, FORCE_COLOR="1", NO_COLOR="1")
    assert coloured.out == NEVER_SENT
    assert SGR.sub("", coloured.out) == plain.out == never.out
    assert all(len(line) <= PLAIN_COLUMNS or "https://" in line for line in plain.out.splitlines())


def test_a_term_that_is_not_known_is_said_with_what_comes_near(tmp_path: Path) -> None:
    told = evergrant("explain", "invalid_grnat", folder=tmp_path)
    assert told.code == 3
    assert "Near: invalid_grant" in told.out
    data = evergrant("explain", "invalid_grnat", "--format", "json", folder=tmp_path)
    assert (data.code, data.json()["known"]) == (3, False)
    assert "invalid_grant" in data.json()["near"]


def test_json_carries_the_same_as_the_text(tmp_path: Path) -> None:
    plain = evergrant("explain", "Failed: Not approved for access", folder=tmp_path).out
    data = evergrant(
        "explain", "Failed: Not approved for access", "--format", "json", folder=tmp_path
    ).json()["explanation"]
    assert data["decision"] == plain.split("\n", 1)[0] == "Admin change"
    words = " ".join(plain.split())
    for section in data["sections"]:
        for line in section["lines"]:
            assert " ".join(line.split()) in words
    assert data["meanings"][0]["sources"][0]["url"].startswith("https://")


@pytest.mark.parametrize("term", ["\x1b[31mred\x1b[0m", "a" * 5000, "\u202egnirts", "'\""])
def test_a_hostile_term_never_reaches_the_terminal_raw(tmp_path: Path, term: str) -> None:
    told = evergrant("explain", term, folder=tmp_path, FORCE_COLOR="1")
    assert told.code == 3
    assert "\x1b[31m" not in told.out
    assert "\u202e" not in told.out
