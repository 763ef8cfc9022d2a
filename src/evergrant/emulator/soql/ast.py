"""A SOQL query as a value: what the parser makes and the compiler reads."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Function = Literal["COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"]
Comparator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE"]
Nulls = Literal["FIRST", "LAST"]


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps of a parent: the names between the dots, as written."""

    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as written."""
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function over a field; no field is COUNT()."""

    function: Function
    path: Path | None
    at: int

    @property
    def text(self) -> str:
        """The call as an error shows it."""
        return f"{self.function}({self.path.text if self.path else ''})"


@dataclass(frozen=True, slots=True)
class Selected:
    """One item between SELECT and FROM, with the alias that a grouped query may give it."""

    what: "Path | Aggregate | Query"
    """A query stands for the children by the relationship that its FROM names."""
    alias: str | None


@dataclass(frozen=True, slots=True)
class String:
    """A string literal: as compared, and as a pattern for SQL's LIKE."""

    plain: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Period:
    """A date literal such as TODAY or LAST_N_DAYS:30."""

    name: str
    number: int | None


Literals = String | int | float | bool | None | datetime | date | Period


@dataclass(frozen=True, slots=True)
class Comparison:
    """field operator value; in HAVING the field may be an aggregate."""

    path: Path | Aggregate
    operator: Comparator
    value: Literals


@dataclass(frozen=True, slots=True)
class Listed:
    """field IN (values); in HAVING the field may be an aggregate."""

    path: Path | Aggregate
    values: tuple[Literals, ...]
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """field IN (SELECT …): a semi-join, or an anti-join when negated."""

    path: Path
    query: "Query"
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Not:
    """NOT condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Combined:
    """Conditions that must all hold, or of which one must."""

    word: Literal["AND", "OR"]
    conditions: tuple["Condition", ...]


Condition = Comparison | Listed | Joined | Not | Combined


@dataclass(frozen=True, slots=True)
class Ordered:
    """One item of ORDER BY."""

    what: Path | Aggregate
    is_descending: bool
    nulls: Nulls


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT, with its text for the excerpts of errors."""

    text: str
    selected: tuple[Selected, ...]
    entity: Path
    alias: str | None
    where: Condition | None
    groups: tuple[Path, ...]
    having: Condition | None
    orders: tuple[Ordered, ...]
    limit: int | None
    offset: int
    at: int = 0
    """Where it begins: for queries inside another."""
