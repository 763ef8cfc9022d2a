"""Grants with their dates, from an org's OauthToken rows (Object reference, OauthToken)."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.audit.forecast_model import Grant
from evergrant.audit.model import OrgRows
from evergrant.audit.subjects.rows import Table, moment, text


def grants_of(org: OrgRows) -> Iterator[Grant]:
    """One grant a row; a user with two tokens of one app has two."""
    for row in Table(org).of("OauthToken"):
        user = text(row, "User.Username") or text(row, "UserId")
        made, used = moment(row, "CreatedDate"), moment(row, "LastUsedDate")
        yield Grant(text(row, "AppName"), user, made, used)
