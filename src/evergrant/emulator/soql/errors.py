"""What the org says to a query it will not run: one table of texts, each with its mark.

The located texts come with an excerpt of the query, a caret under the culprit and its row and
column. That form and the texts marked recorded are quoted in public issue threads; where a
text could not be found in public it is marked inferred.
"""

from dataclasses import dataclass
from typing import Final

from evergrant.emulator.schema import Mark


@dataclass(frozen=True, slots=True)
class Text:
    """One refusal: errorCode, message template, HTTP status and how well the text is known."""

    code: str
    template: str
    mark: Mark
    source: str = ""
    is_located: bool = True
    status: int = 400


_WSDL: Final = " Please reference your WSDL or the describe call for the appropriate names."
_AIRBYTE: Final = "https://github.com/airbytehq/airbyte/issues/62877"
_ILLUMINATED: Final = "https://github.com/RoseSilverSoftware/IlluminatedCloud/issues/2141"
_SIMPLE: Final = "https://github.com/simple-salesforce/simple-salesforce/issues/179"
_RESTFORCE: Final = "https://github.com/restforce/restforce/issues/688"

TEXTS: Final[dict[str, Text]] = {
    "unexpected_token": Text("MALFORMED_QUERY", "unexpected token: '{token}'", "inferred"),
    "bad_character": Text(
        "MALFORMED_QUERY",
        "line 1:{column} no viable alternative at character '{token}'",
        "inferred",
        f"after the SOSL form of {_RESTFORCE}",
    ),
    "bad_escape": Text(
        "MALFORMED_QUERY", "Illegal character sequence '{token}' in string literal", "inferred"
    ),
    "bad_literal": Text("MALFORMED_QUERY", "invalid date literal: {token}", "inferred"),
    "too_long": Text(
        "MALFORMED_QUERY",
        "SOQL statements cannot be longer than 100000 characters.",
        "inferred",
        is_located=False,
    ),
    "no_query": Text(
        "MALFORMED_QUERY", "A query string has to be specified", "inferred", is_located=False
    ),
    "too_complicated": Text(
        "QUERY_TOO_COMPLICATED",
        "Query is either selecting too many fields or the filter conditions are too complicated.",
        "recorded",
        f"{_SIMPLE}; where the limit lies is inferred",
        is_located=False,
    ),
    "no_column": Text(
        "INVALID_FIELD",
        "No such column '{field}' on entity '{entity}'. If you are attempting to use a custom"
        " field, be sure to append the '__c' after the custom field name." + _WSDL,
        "recorded",
        _AIRBYTE,
    ),
    "no_relationship": Text(
        "INVALID_FIELD",
        "Didn't understand relationship '{field}' in field path. If you are attempting to use a"
        " custom relationship, be sure to append the '__r' after the custom relationship name."
        + _WSDL,
        "inferred",
    ),
    "no_object": Text(
        "INVALID_TYPE",
        "sObject type '{entity}' is not supported. If you are attempting to use a custom object,"
        " be sure to append the '__c' after the entity name." + _WSDL,
        "inferred",
    ),
    "no_tooling_object": Text(
        "INVALID_TYPE", "sObject type '{entity}' is not supported.", "recorded", _ILLUMINATED
    ),
    "not_filterable": Text(
        "INVALID_FIELD", "field '{field}' can not be filtered in a query call", "recorded", _AIRBYTE
    ),
    "not_groupable": Text(
        "INVALID_FIELD",
        "field '{field}' can not be grouped in a query call",
        "recorded",
        "message seen in public code that handles it; the code is inferred",
    ),
    "not_sortable": Text(
        "INVALID_FIELD", "field '{field}' can not be sorted in a query call", "inferred"
    ),
    "not_aggregatable": Text(
        "INVALID_FIELD", "field {field} does not support aggregate operator {token}", "inferred"
    ),
    "not_grouped": Text(
        "MALFORMED_QUERY",
        "Field must be grouped or aggregated: {field}",
        "official",
        "SOQL and SOSL Reference, FIELDS()",
    ),
    "order_not_grouped": Text(
        "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: {field}", "inferred"
    ),
    "duplicate_field": Text("INVALID_FIELD", "duplicate field selected: {field}", "inferred"),
    "duplicate_alias": Text("MALFORMED_QUERY", "duplicate alias: {field}", "inferred"),
    "alias_without_group": Text(
        "MALFORMED_QUERY", "only aggregate expressions use field aliasing", "inferred"
    ),
    "quotes_needed": Text(
        "INVALID_FIELD",
        "value of filter criterion for field '{field}' must be of type {kind} and should be"
        " enclosed in quotes",
        "inferred",
    ),
    "quotes_refused": Text(
        "INVALID_FIELD",
        "value of filter criterion for field '{field}' must be of type {kind} and should not be"
        " enclosed in quotes",
        "inferred",
    ),
    "bad_id": Text(
        "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: {token}", "inferred"
    ),
    "bad_operator": Text(
        "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on {kind} field", "inferred"
    ),
    "semi_join_field": Text(
        "INVALID_FIELD",
        "The left operand field in the where expression for outer query should be an id field,"
        " cannot use: '{field}'",
        "inferred",
    ),
    "child_queries": Text(
        "MALFORMED_QUERY", "a query may hold at most 20 queries over children", "inferred",
        "the number is in the SOQL reference; the words are not",
    ),
    "no_child": Text(
        "INVALID_TYPE",
        "Didn't understand relationship '{field}' in FROM part of query call. If you are attempting"
        " to use a custom relationship, be sure to append the '__r' after the custom relationship"
        " name." + _WSDL,
        "inferred",
    ),
    "semi_join_nested": Text(
        "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported", "inferred"
    ),
    "semi_joins": Text(
        "MALFORMED_QUERY", "Maximum 2 semi join sub-selects are allowed", "inferred"
    ),
    "too_deep": Text(
        "INVALID_FIELD",
        "a relationship path may name at most 5 parents: {field}",
        "inferred",
    ),
    "aggregate_pages": Text(
        "EXCEEDED_ID_LIMIT",
        "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a"
        " single batch",
        "inferred",
        "that they have no further pages is in the SOQL reference; the words are not",
        is_located=False,
    ),
    "offset": Text(
        "NUMBER_OUTSIDE_VALID_RANGE",
        "Maximum SOQL offset allowed is 2000",
        "recorded",
        "code and message seen together in public code that handles them",
        is_located=False,
    ),
    "not_built": Text(
        "EMULATOR_NOT_BUILT",
        "This emulator has not built {token}. Salesforce has it; nothing is pretended here.",
        "inferred",
        is_located=False,
        status=501,
    ),
}  # fmt: skip

_REACH: Final = 40
"""How many characters of the query stand on each side of the culprit: inferred."""


class SoqlError(Exception):
    """The org refuses the query: errorCode, message and HTTP status as the REST API gives them."""

    def __init__(self, key: str, query: str = "", at: int = 0, **words: str) -> None:
        text = TEXTS[key]
        self.key = key
        self.code = text.code
        self.status = text.status
        self.mark = text.mark
        said = text.template.format_map({"column": str(at), **words})
        self.message = excerpt(query, at) + said if text.is_located else said
        super().__init__(self.message)


def excerpt(query: str, at: int) -> str:
    """The lines that stand before a located text; `at` counts from 0, the column from 1."""
    row = query.count("\n", 0, at) + 1
    start = query.rfind("\n", 0, at) + 1
    line = query[start:].split("\n", 1)[0]
    column = at - start
    left = _word_start(line, column)
    shown = line[left : _word_end(line, column)]
    return f"\n{shown}\n{' ' * (column - left)}^\nERROR at Row:{row}:Column:{column + 1}\n"


def _word_start(line: str, column: int) -> int:
    if column <= _REACH:
        return 0
    space = line.find(" ", column - _REACH, column)
    return space + 1 if space >= 0 else column - _REACH


def _word_end(line: str, column: int) -> int:
    if len(line) - column <= _REACH:
        return len(line)
    space = line.rfind(" ", column, column + _REACH)
    return space if space > column else column + _REACH
