"""What the REST API says when it will not: one table of texts, each with its mark.

Errors are a JSON array of message and errorCode (REST API Developer Guide, status codes and
error responses). The codes are documented; most of the words are inferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse

from evergrant.emulator.schema import Mark
from evergrant.emulator.soql.errors import SoqlError

STATEMENT: Final = "This is Evergrant's emulator, not Salesforce."
HEADERS: Final = {"X-Emulator": STATEMENT}


@dataclass(frozen=True, slots=True)
class Text:
    """One refusal: HTTP status, errorCode, message template and how well the words are known."""

    status: int
    code: str
    template: str
    mark: Mark = "inferred"


_ACCESS: Final = "INSUFFICIENT_ACCESS"
TEXTS: Final[dict[str, Text]] = {
    "no_resource": Text(404, "NOT_FOUND", "The requested resource does not exist"),
    "no_record": Text(
        404,
        "NOT_FOUND",
        "Provided external ID field does not exist or is not accessible: {name}",
    ),
    "method": Text(
        405, "METHOD_NOT_ALLOWED", "HTTP Method '{name}' not allowed. Allowed are {allowed}"
    ),
    "uri_too_long": Text(414, "URI_TOO_LONG", "The URI is longer than 16,384 bytes"),
    "locator": Text(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "access": Text(403, _ACCESS, "insufficient access rights on object id"),
    "limits_access": Text(403, _ACCESS, "View Setup and Configuration is required"),
    "secrets_off": Text(
        403, "FUNCTIONALITY_NOT_ENABLED", "Consumer secrets are not enabled in the REST API"
    ),
    "staged": Text(400, "INVALID_INPUT", "Staged credentials: {why}"),
    "json": Text(400, "JSON_PARSER_ERROR", "The body must be one JSON object"),
    "composite": Text(400, "INVALID_INPUT", "The composite request is not valid: {name}"),
    "no_field": Text(400, "INVALID_FIELD", "No such column '{name}' on sobject of type {entity}"),
    "read_only": Text(
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: {name}. Please check the security settings of this"
        " field and verify that it is read/write for your profile or permission set.",
    ),
    "missing": Text(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [{name}]"),
    "bad_id": Text(400, "MALFORMED_ID", "{label}: id value of incorrect type: {value}"),
    "bad_value": Text(400, "JSON_PARSER_ERROR", "Cannot deserialize a value for {name}"),
    "no_reference": Text(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
    "duplicate": Text(
        400, "DUPLICATE_VALUE", "duplicate value found: {name} duplicates value on record {value}"
    ),
    "lock": Text(400, "FIELD_INTEGRITY_EXCEPTION", "IsPasswordLocked can be changed to false only"),
    "not_built": Text(
        501,
        "EMULATOR_NOT_BUILT",
        "This emulator has not built {name}. Salesforce may have it; nothing is pretended here.",
    ),
}


class DataError(Exception):
    """The REST API refuses the call; `fields` names the fields at fault, where there are any."""

    def __init__(self, key: str, *, fields: Sequence[str] = (), **words: str) -> None:
        text = TEXTS[key]
        self.key = key
        self.status = text.status
        self.code = text.code
        self.mark = text.mark
        self.message = text.template.format_map({"name": ", ".join(fields), **words})
        self.fields = tuple(fields)
        super().__init__(self.message)


def refusal(error: DataError | SoqlError) -> JSONResponse:
    """An error as the array that the REST API sends; a header says how well it is known."""
    body: dict[str, object] = {"message": error.message, "errorCode": error.code}
    if isinstance(error, DataError) and error.fields:
        body["fields"] = list(error.fields)
    return JSONResponse([body], error.status, {**HEADERS, "X-Emulator-Mark": error.mark})
