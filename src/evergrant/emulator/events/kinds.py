"""The kinds of event log file: columns in the order of the file, and where each comes from.

Sources: Object Reference, EventLogFile supported event types; the Login header as captured from a
real file, columns of the others in the alphabetical order of the reference (what stands first in
a real file is not known: a reader takes LogFileFieldNames).  A column that this org has nothing
for is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evergrant.emulator.objects.logs import LOGIN_SUBTYPE, LOGIN_TYPE

_LAG: Final = "+15 minutes"
"""How much later a revocation's row in the Logout file is dated (fidelity notes, F6)."""
_STAMP: Final = "'%Y-%m-%dT%H:%M:%S'"


@dataclass(frozen=True, slots=True)
class Kind:
    """One EventType: its rows and how each column is read from them."""

    name: str
    source: str
    at: str
    """The SQL of a row's time, as times are stored."""
    header: tuple[str, ...]
    values: Mapping[str, str]
    """SQL by column; EVENT_TYPE, the times and the organization are the same in every kind."""

    def query(self) -> str:
        """All rows from :first and before :after, oldest first, columns as in the header."""
        known = {**_common(self.name, self.at), **self.values}
        what = ", ".join(f"COALESCE({known.get(each, chr(39) * 2)}, '')" for each in self.header)
        where = f"{self.at} >= :first AND {self.at} < :after"
        return f"SELECT {what} FROM {self.source} WHERE {where} ORDER BY {self.at}"

    def starts(self, characters: int) -> str:
        """The beginnings (days: 10 characters, hours: 13) from :first on that have rows."""
        return (
            f"SELECT DISTINCT substr({self.at}, 1, {characters}) FROM {self.source}"
            f" WHERE {self.at} >= :first AND {self.at} < :after ORDER BY 1"
        )


def _common(name: str, at: str) -> dict[str, str]:
    return {
        "EVENT_TYPE": f"'{name}'",
        "TIMESTAMP": f"strftime('%Y%m%d%H%M%S', substr({at}, 1, 19)) || '.000'",
        "TIMESTAMP_DERIVED": f"substr({at}, 1, 19) || '.000Z'",
        "ORGANIZATION_ID": "(SELECT substr(value, 1, 15) FROM x_meta WHERE key = 'org_id')",
    }


_LOGIN: Final = Kind(
    "Login",
    '"LoginHistory" h LEFT JOIN "User" u ON u."Id" = h."UserId"',
    'h."LoginTime"',
    (
        "EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID", "RUN_TIME",
        "CPU_TIME", "URI", "SESSION_KEY", "LOGIN_KEY", "USER_TYPE", "REQUEST_STATUS",
        "DB_TOTAL_TIME", "LOGIN_TYPE", "BROWSER_TYPE", "API_TYPE", "API_VERSION", "USER_NAME",
        "TLS_PROTOCOL", "CIPHER_SUITE", "AUTHENTICATION_METHOD_REFERENCE", "LOGIN_SUB_TYPE",
        "TIMESTAMP_DERIVED", "USER_ID_DERIVED", "CLIENT_IP", "URI_ID_DERIVED", "LOGIN_STATUS",
        "SOURCE_IP",
    ),
    {
        "USER_ID": 'substr(h."UserId", 1, 15)',
        "USER_ID_DERIVED": 'h."UserId"',
        "USER_NAME": 'u."Username"',
        "USER_TYPE": 'u."UserType"',
        "URI": f"CASE {LOGIN_TYPE} WHEN 'i' THEN '/services/oauth2/token' END",
        "API_VERSION": f"CASE {LOGIN_TYPE} WHEN 'i' THEN '9998.0' ELSE h.\"ApiVersion\" END",
        "API_TYPE": 'h."ApiType"',
        "BROWSER_TYPE": 'h."Browser"',
        "LOGIN_TYPE": LOGIN_TYPE,
        "LOGIN_SUB_TYPE": LOGIN_SUBTYPE,
        "LOGIN_STATUS": 'sf_login_code(h."Status")',
        "TLS_PROTOCOL": 'h."TlsProtocol"',
        "CIPHER_SUITE": 'h."CipherSuite"',
        "AUTHENTICATION_METHOD_REFERENCE": 'h."AuthMethodReference"',
        "CLIENT_IP": 'h."SourceIp"',
        "SOURCE_IP": 'h."SourceIp"',
    },
)  # fmt: skip

_MANY: Final = (
    "(SELECT COUNT(DISTINCT o.user_id) FROM x_logout o"
    " WHERE o.at = l.at AND o.why = l.why AND o.app_id IS l.app_id) > 1"
)
_ENDS: Final = (
    f"(SELECT CASE WHEN is_many THEN NULL ELSE user_id END AS user_id, app_id, ip, why,"
    f" CASE why WHEN 'logged out' THEN at"
    f" ELSE strftime({_STAMP}, substr(at, 1, 19), '{_LAG}') || '.000+0000' END AS at"
    f" FROM (SELECT l.*, {_MANY} AS is_many FROM x_logout l)"
    " GROUP BY CASE WHEN is_many THEN at || why || COALESCE(app_id, '') ELSE id END"
    " UNION ALL SELECT user_id, app_id, source_ip, 'expired',"
    f" strftime({_STAMP}, seen_at + seconds, 'unixepoch') || '.000+0000'"
    " FROM x_session WHERE ended IS NULL) e"
)
"""Ends of sessions: one row where a whole batch of several users' was revoked, without a user."""

_LOGOUT: Final = Kind(
    "Logout",
    f'{_ENDS} LEFT JOIN "User" u ON u."Id" = e.user_id',
    "e.at",
    (
        "API_TYPE", "API_VERSION", "APP_TYPE", "BROWSER_TYPE", "CLIENT_IP", "CLIENT_VERSION",
        "EVENT_TYPE", "LOGIN_KEY", "ORGANIZATION_ID", "PLATFORM_TYPE", "REQUEST_ID",
        "RESOLUTION_TYPE", "SESSION_KEY", "SESSION_LEVEL", "SESSION_TYPE", "TIMESTAMP",
        "TIMESTAMP_DERIVED", "USER_ID", "USER_ID_DERIVED", "USER_INITIATED_LOGOUT", "USER_TYPE",
    ),
    {
        "APP_TYPE": "CASE WHEN e.app_id IS NOT NULL THEN '2514' END",
        "CLIENT_IP": "e.ip",
        "USER_ID": "substr(e.user_id, 1, 15)",
        "USER_ID_DERIVED": "e.user_id",
        "USER_INITIATED_LOGOUT": "CASE e.why WHEN 'logged out' THEN '1' ELSE '0' END",
        "USER_TYPE": 'u."UserType"',
    },
)  # fmt: skip

_API: Final = Kind(
    "ApiTotalUsage",
    'x_call c LEFT JOIN "User" u ON u."Id" = c.user_id'
    " LEFT JOIN x_policy p ON p.kind = 'AppPolicy' AND p.id = c.app_id",
    "c.at",
    (
        "API_CLIENT_CATEGORY", "API_FAMILY", "API_RESOURCE", "API_VERSION", "BOT_IDENTIFIER",
        "BOT_SESSION_IDENTIFIER", "CLIENT_IP", "CLIENT_NAME", "CONNECTED_APP_ID",
        "CONNECTED_APP_NAME", "COUNTS_AGAINST_API_LIMIT", "ENTITY_NAME", "EVENT_TYPE",
        "HTTP_METHOD", "ORGANIZATION_ID", "PLANNER_IDENTIFIER", "REQUEST_ID", "STATUS_CODE",
        "TIMESTAMP", "TIMESTAMP_DERIVED", "USER_ID", "USER_NAME",
    ),
    {
        "API_CLIENT_CATEGORY": "CASE WHEN c.app_id IS NULL THEN 'UNKNOWN'"
                               " ELSE 'EXTERNAL_APPLICATION' END",
        "API_FAMILY": "c.family",
        "API_RESOURCE": "c.path",
        "API_VERSION": "c.version",
        "CLIENT_IP": "c.ip",
        "CLIENT_NAME": "c.agent",
        "CONNECTED_APP_ID": "c.app_id",
        "CONNECTED_APP_NAME": "json_extract(p.value, '$.label')",
        "COUNTS_AGAINST_API_LIMIT": "'1'",
        "ENTITY_NAME": "c.entity",
        "HTTP_METHOD": "c.method",
        "STATUS_CODE": "c.status",
        "USER_ID": "substr(c.user_id, 1, 15)",
        "USER_NAME": 'u."Username"',
    },
)  # fmt: skip

KINDS: Final = (_LOGIN, _LOGOUT, _API)
"""The three that the fidelity notes ask for; all are free in supported editions."""
