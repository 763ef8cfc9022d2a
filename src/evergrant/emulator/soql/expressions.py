"""What stands between SELECT and FROM, in ORDER BY and in HAVING: a field, or a function of one."""

from typing import Final

from evergrant.emulator.soql.ast import Aggregate, Function, Path
from evergrant.emulator.soql.reader import Reader

_FUNCTIONS: Final[dict[str, Function]] = {
    "COUNT": "COUNT",
    "COUNT_DISTINCT": "COUNT_DISTINCT",
    "MIN": "MIN",
    "MAX": "MAX",
    "SUM": "SUM",
    "AVG": "AVG",
}
NOT_BUILT_FUNCTIONS: Final = frozenset(
    {"FIELDS", "TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE", "CALENDAR_MONTH",
     "CALENDAR_QUARTER", "CALENDAR_YEAR", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR",
     "DAY_ONLY", "FISCAL_MONTH", "FISCAL_QUARTER", "FISCAL_YEAR", "HOUR_IN_DAY",
     "WEEK_IN_MONTH", "WEEK_IN_YEAR", "GROUPING", "DISTANCE", "GEOLOCATION", "ROLLUP", "CUBE"}
)  # fmt: skip


def expression(reader: Reader) -> Path | Aggregate:
    """The next field or function; raises SoqlError."""
    if reader.following.word != "(":
        return reader.path()
    name = reader.token
    if name.word in NOT_BUILT_FUNCTIONS:
        reader.not_built(f"the function {name.word}")
    if name.word not in _FUNCTIONS:
        reader.refuse()
    reader.take()
    reader.expect("(")
    if name.word == "COUNT" and reader.accept(")"):
        return Aggregate("COUNT", None, name.at)
    path = reader.path()
    reader.expect(")")
    return Aggregate(_FUNCTIONS[name.word], path, name.at)
