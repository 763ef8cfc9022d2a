"""The queryable objects of Event Monitoring: log files, event logs, two real-time big objects.

Sources: Object Reference (EventLogFile, LoginEventLog, ApiTotalUsageEventLog), Platform Events
Developer Guide (LoginEvent, ApiEvent). A big object takes filters on EventDate and
EventIdentifier alone. Key prefixes, labels and what the caller is told without a permission are
inferred, but for 0AT.
"""

from dataclasses import replace
from typing import Final

from evergrant.emulator.objects.apps import opaque_to_queries
from evergrant.emulator.schema import (
    Field,
    Needs,
    SObject,
    View,
    double,
    moment,
    picklist,
    record_id,
    reference,
    string,
    textarea,
    unfilterable,
    ungroupable,
)

MONITORING: Final = "EventMonitoring"
_LOGS: Final = Needs(frozenset({"ViewEventLogObjectData"}), "official")
_REAL_TIME: Final = Needs(frozenset({"ViewDataLeakageEvents"}), "official")

EVENT_LOG_FILE: Final = SObject(
    "EventLogFile", "Event Log File", "0AT", "official",
    Needs(frozenset({"ViewEventLogFiles", "ViewAllData"}), "official"),
    (
        record_id(),
        moment("CreatedDate", "Created Date"),
        moment("SystemModstamp", "System Modstamp"),
        picklist("EventType", "Event Type", "ApiTotalUsage", "Login", "Logout"),
        moment("LogDate", "Log Date"),
        double("LogFileLength", "Log File Length"),
        string("LogFileContentType", 120, "Log File Content Type"),
        double("ApiVersion", "API Version"),
        textarea("LogFileFieldNames", 32_000, "Log File Field Names"),
        textarea("LogFileFieldTypes", 32_000, "Log File Field Types"),
        replace(
            opaque_to_queries(Field("LogFile", "base64", "Log File")),
            computed='{row}."Id"',
        ),
        picklist("Interval", "Interval", "Daily", "Hourly"),
        double("Sequence", "Sequence"),
    ),
    since=32,
    rows="made of Login History, the API calls and the ends of sessions, once their day is over",
)  # fmt: skip

_LOGIN_SUBTYPES: Final = {
    "UsernamePasswordUiLogin": "uiup", "OauthUsernamePassword": "oauthpassword",
    "OauthUserAgent": "oauthtoken", "OauthHybridUserAgent": "oauthhybridtoken",
    "OauthUserAgentIdToken": "oauthtokenidtoken",
    "OauthClientCredentials": "oauthclientcredential", "OauthWebServer": "oauthcode",
    "OauthHybridWebServer": "oauthhybridauthcode",
}  # fmt: skip
LOGIN_TYPES: Final = {
    "Remote Access 2.0": "i", "Application": "A", "Other Apex API": "I", "OtherApi": "I",
}  # fmt: skip
"""LoginType to the code of the log files (LoginEventLog reference)."""


def coded(column: str, codes: dict[str, str]) -> str:
    """SQL for a column's code; null where there is none."""
    cases = " ".join(f"WHEN '{name}' THEN '{code}'" for name, code in codes.items())
    return f"CASE {column} {cases} END"


LOGIN_SUBTYPE: Final = coded('h."LoginSubType"', _LOGIN_SUBTYPES)
"""The subtype's code; the pairs are inferred from their names."""
LOGIN_TYPE: Final = coded('h."LoginType"', LOGIN_TYPES)

LOGIN_EVENT_LOG: Final = SObject(
    "LoginEventLog", "Login Event Log", "9Ll", "inferred", _LOGS,
    (
        record_id(),
        moment("Timestamp", "Timestamp"),
        *(string(name, 255, name) for name in (
            "ApiType", "ApiVersion", "AuthenticatedMethodReference", "BrowserType", "CipherSuite",
            "ClientIp", "ForwardedForIp", "LoginKey", "LoginStatus", "LoginSubType", "LoginType",
            "RequestIdentifier", "RequestStatus", "SessionKey", "SourceIp",
            "TransportLayerSecurityProtocol", "Uri", "UserIdentifier", "UserName", "UserType",
        )),
        double("CpuTime", "CPU Time"),
        double("DatabaseTotalTime", "Database Total Time"),
        double("RunTime", "Run Time"),
    ),
    since=61,
    fields_mark="inferred",
    rows="read from Login History; LoginStatus is the code, though the reference types a number",
    view=View('"LoginHistory" h LEFT JOIN "User" u ON u."Id" = h."UserId"', {
        "Id": "sf_twin('9Ll', h.\"Id\", 0)", "Timestamp": 'h."LoginTime"',
        "ApiType": 'h."ApiType"', "ApiVersion": 'h."ApiVersion"', "BrowserType": 'h."Browser"',
        "ClientIp": 'h."SourceIp"', "SourceIp": 'h."SourceIp"',
        "AuthenticatedMethodReference": 'h."AuthMethodReference"',
        "CipherSuite": 'h."CipherSuite"', "LoginStatus": 'sf_login_code(h."Status")',
        "LoginSubType": LOGIN_SUBTYPE, "LoginType": LOGIN_TYPE,
        "TransportLayerSecurityProtocol": 'h."TlsProtocol"', "UserIdentifier": 'h."UserId"',
        "UserName": 'u."Username"', "UserType": 'u."UserType"',
    }),
)  # fmt: skip

_ORG: Final = "(SELECT value FROM x_meta WHERE key = 'org_id')"
_CALL: Final = (
    'x_call c LEFT JOIN "User" u ON u."Id" = c.user_id'
    " LEFT JOIN x_policy p ON p.kind = 'AppPolicy' AND p.id = c.app_id"
)

API_EVENT_LOG: Final = SObject(
    "ApiTotalUsageEventLog", "API Total Usage Event Log", "9Al", "inferred", _LOGS,
    (
        record_id(),
        moment("Timestamp", "Timestamp"),
        *(string(name, 255, name) for name in (
            "ApiFamily", "ApiResource", "ClientIp", "ClientName", "ConnectedAppIdentifier",
            "HttpMethod", "ObjectName", "RequestIdentifier", "StatusCode", "UserIdentifier",
        )),
        Field("IsApiLimitCounted", "boolean", "IsApiLimitCounted"),
    ),
    since=61,
    fields_mark="inferred",
    rows="read from the calls of the REST API",
    view=View(_CALL, {
        "Id": f"sf_twin('9Al', {_ORG}, c.id)", "Timestamp": "c.at", "ApiFamily": "c.family",
        "ApiResource": "c.path", "ClientIp": "c.ip", "ClientName": "c.agent",
        "ConnectedAppIdentifier": "c.app_id", "HttpMethod": "c.method",
        "ObjectName": "c.entity", "StatusCode": "CAST(c.status AS TEXT)",
        "UserIdentifier": "c.user_id", "IsApiLimitCounted": "1",
    }),
)  # fmt: skip


def _big(name: str) -> Field:
    return unfilterable(ungroupable(replace(string(name, 255, name), sortable=False)))


_EVENT_DATE: Final = moment("EventDate", "Event Date")
_IDENTIFIER: Final = ungroupable(string("EventIdentifier", 36, "Event Identifier"))

LOGIN_EVENT: Final = SObject(
    "LoginEvent", "Login Event", "0Le", "inferred", _REAL_TIME,
    (
        record_id(),
        _EVENT_DATE,
        _IDENTIFIER,
        *map(_big, (
            "AdditionalInfo", "ApiType", "ApiVersion", "Application", "AuthContextClassRef",
            "AuthMethodReference", "AuthServiceId", "Browser", "CipherSuite", "City",
            "ClientVersion", "Country", "CountryIso", "EvaluationTime", "ForwardedForIp",
            "HttpMethod", "HttpReferer", "LoginGeoId", "LoginHistoryId", "LoginKey",
            "LoginLatitude", "LoginLongitude", "LoginSubType", "LoginType", "LoginUrl",
            "NetworkId", "Platform", "PolicyId", "PolicyOutcome", "PostalCode", "ProfileId",
            "RelatedEventIdentifier", "RemoteIdentifier", "RoleId", "SessionKey", "SessionLevel",
            "SourceIp", "Status", "Subdivision", "TlsProtocol", "UseApiToken", "UserId",
            "Username", "UserType",
        )),
    ),
    feature=MONITORING,
    rows="read from Login History",
    view=View('"LoginHistory" h LEFT JOIN "User" u ON u."Id" = h."UserId"', {
        "Id": "sf_twin('0Le', h.\"Id\", 0)", "EventDate": 'h."LoginTime"',
        "EventIdentifier": "lower(hex(h.\"Id\"))", "LoginHistoryId": 'h."Id"',
        "HttpMethod": "CASE WHEN h.\"OptionsIsPost\" THEN 'POST' WHEN h.\"OptionsIsGet\""
                      " THEN 'GET' END",
        "ProfileId": 'u."ProfileId"', "Username": 'u."Username"', "UserType": 'u."UserType"',
        **{
            name: f'h."{name}"'
            for name in (
                "ApiType", "ApiVersion", "Application", "AuthContextClassRef",
                "AuthMethodReference", "Browser", "CipherSuite", "ClientVersion", "CountryIso",
                "ForwardedForIp", "LoginGeoId", "LoginSubType", "LoginType", "LoginUrl",
                "NetworkId", "Platform", "SourceIp", "Status", "TlsProtocol", "UserId",
            )
        },
    }),
)  # fmt: skip

API_EVENT: Final = SObject(
    "ApiEvent", "API Event", "0Ae", "inferred", _REAL_TIME,
    (
        record_id(),
        _EVENT_DATE,
        _IDENTIFIER,
        *map(_big, (
            "Application", "Client", "UserAgent", "Operation", "OperationStatus", "ApiType",
            "ApiVersion", "QueriedEntities", "Query", "SourceIp", "LoginHistoryId", "LoginKey",
            "SessionKey", "UserId", "Username",
        )),
        unfilterable(reference("ConnectedAppId", "ConnectedApplication", "Connected App ID")),
    ),
    feature=MONITORING,
    rows="read from the REST API's queries; ConnectedAppId is null, as with any token used again",
    view=View(f"{_CALL} WHERE c.family = 'REST' AND c.path LIKE '%/query%'", {
        "Id": f"sf_twin('0Ae', {_ORG}, c.id)", "EventDate": "c.at",
        "EventIdentifier": "lower(hex(c.id || c.at))",
        "Application": "json_extract(p.value, '$.label')", "Client": "c.agent",
        "UserAgent": "c.agent", "Operation": "'Query'", "ApiType": "'REST'",
        "OperationStatus": "CASE WHEN c.status < 400 THEN 'Success' ELSE 'Failure' END",
        "ApiVersion": "c.version", "QueriedEntities": "c.entity", "SourceIp": "c.ip",
        "UserId": "c.user_id", "Username": 'u."Username"',
    }),
)  # fmt: skip

LOGS: Final = (EVENT_LOG_FILE, LOGIN_EVENT_LOG, API_EVENT_LOG, LOGIN_EVENT, API_EVENT)
