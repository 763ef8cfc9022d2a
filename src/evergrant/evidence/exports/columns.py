"""Columns of Setup's exports and of query answers: what each is called, and what it holds.

English labels are those of the objects' fields (Object reference, LoginHistory, IdpEventLog,
SetupAuditTrail; org-model 2.6-2.8).  No source gives the headers of the downloads, nor those in
Japanese: what is read by them is marked as inferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evergrant.evidence.exports.csv_rows import column_name


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of export."""

    kind: Literal["login_history", "idp_events", "audit_trail", "event_log"]
    columns: Mapping[str, tuple[str, ...]]
    """Field → its names, as documented or observed."""
    inferred: Mapping[str, tuple[str, ...]]
    """Field → names that no source gives."""
    needs: tuple[tuple[str, ...], ...]
    """Groups of fields; a header has one of each."""

    def names(self) -> dict[str, tuple[str, bool]]:
        """Comparable column name → (field, whether the name is inferred)."""
        told = {column_name(n): (f, False) for f, all_ in self.columns.items() for n in all_}
        for field, names in self.inferred.items():
            told |= {column_name(n): (field, True) for n in names if column_name(n) not in told}
        return told


LOGIN_HISTORY = Sheet(
    "login_history",
    {
        "user": ("Username", "User Name"),
        "user_id": ("UserId", "User ID"),
        "at": ("Login Time", "LoginTime"),
        "ip": ("Source IP", "SourceIp"),
        "type": ("Login Type", "LoginType"),
        "subtype": ("Login Subtype", "LoginSubType"),
        "status": ("Status",),
        "app": ("Application",),
        "url": ("Login URL", "LoginUrl"),
    },
    {
        "user": ("ユーザー名", "ユーザ名"),
        "user_id": ("ユーザー ID", "ユーザ ID"),
        "at": ("ログイン日時", "ログイン時間", "ログイン時刻"),
        "ip": ("送信元 IP", "ソース IP", "接続元 IP", "送信元 IP アドレス"),
        "type": ("ログイン種別", "ログインタイプ"),
        "subtype": ("ログインサブタイプ", "ログイン種別 (サブ)"),
        "status": ("状況", "ステータス", "状態"),
        "app": ("アプリケーション",),
        "url": ("ログイン URL",),
    },
    (("at",), ("status",), ("user", "user_id", "app")),
)
IDP_EVENTS = Sheet(
    "idp_events",
    {
        "app": ("AppId", "Connected App ID"),
        "user_id": ("UserId", "User ID"),
        "user": ("IdentityUsed", "Identity Used", "Username"),
        "at": ("Timestamp",),
        "status": ("ErrorCode", "Error Code", "Status"),
        "by": ("InitiatedBy", "Initiated By"),
    },
    {"app": ("Connected App", "接続アプリケーション"), "by": ("開始者",)},
    (("at",), ("status",), ("app", "by")),
)
AUDIT_TRAIL = Sheet(
    "audit_trail",
    {
        "at": ("CreatedDate", "Created Date"),
        "who": ("CreatedBy.Username", "CreatedById", "Created By"),
        "action": ("Action",),
        "display": ("Display",),
        "section": ("Section",),
    },
    {
        "at": ("Date", "日付", "日時"),
        "who": ("User", "ユーザ", "ユーザー"),
        "action": ("アクション", "操作"),
        "section": ("セクション",),
    },
    (("at",), ("action", "display"), ("section", "who")),
)
EVENT_LOG = Sheet(
    "event_log",
    {
        "event": ("EVENT_TYPE",),
        "at": ("TIMESTAMP_DERIVED",),
        "digits": ("TIMESTAMP",),
        "org": ("ORGANIZATION_ID",),
        "user_id": ("USER_ID_DERIVED",),
        "user_id_short": ("USER_ID",),
        "user": ("USER_NAME",),
        "type": ("LOGIN_TYPE",),
        "subtype": ("LOGIN_SUB_TYPE",),
        "status": ("LOGIN_STATUS",),
        "ip": ("SOURCE_IP",),
        "url": ("URI",),
        "app_type": ("APP_TYPE",),
        "app": ("CONNECTED_APP_NAME",),
    },
    {},
    (("event",), ("at", "digits")),
)
SHEETS: tuple[Sheet, ...] = (EVENT_LOG, LOGIN_HISTORY, IDP_EVENTS, AUDIT_TRAIL)
"""In the order in which a header is asked: the more telling first."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where each field of a sheet stands in one file."""

    sheet: Sheet
    places: Mapping[str, int]
    is_inferred: bool
    """Whether a column is known by a name that no source gives."""

    def cell(self, row: Sequence[str], *fields: str) -> str:
        """The first of these fields that the row has and fills; else empty."""
        for field in fields:
            place = self.places.get(field)
            if place is not None and row[place].strip():
                return row[place].strip()
        return ""


def bound(sheet: Sheet, columns: Sequence[str]) -> Binding | None:
    """The sheet's fields among these columns, in any order; None where it is another sheet."""
    names, places, inferred = sheet.names(), {}, False
    for place, column in enumerate(columns):
        field, is_inferred = names.get(column_name(column), ("", False))
        if field and field not in places:
            places[field] = place
            inferred = inferred or is_inferred
    if not all(any(field in places for field in group) for group in sheet.needs):
        return None
    return Binding(sheet, places, inferred)
