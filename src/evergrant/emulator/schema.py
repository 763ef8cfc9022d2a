"""What a queryable object is made of: fields, what may be done with them, who sees which rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

Mark = Literal["official", "recorded", "inferred"]
"""How well it is known: vendor reference, seen on a real org in public, or our deduction."""

FieldType = Literal[
    "id", "reference", "string", "picklist", "textarea", "url", "email", "phone",
    "boolean", "int", "double", "datetime", "base64",
]  # fmt: skip

NEVER: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, with the property table of the Object Reference."""

    name: str
    type: FieldType
    label: str
    length: int = 0
    filterable: bool = True
    groupable: bool = True
    sortable: bool = True
    likeable: bool = True
    """False for the addresses that the reference says cannot be used with LIKE."""
    countable: bool = True
    """False where COUNT(field) fails although the field exists."""
    createable: bool = False
    updateable: bool = False
    is_always_null: bool = False
    """True where the reference says that the stored value is never given out."""
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    """The name by which a dotted path follows this reference; None where there is none."""
    values: tuple[str, ...] = ()
    needs: frozenset[str] = NEVER
    """Any one of these permissions shows the field; empty: whoever sees the row sees it."""
    feature: str | None = None
    """The feature without which the org has no such field."""
    since: int = 0
    """The API version that brought the field; 0: every version of this org has it."""
    in_tooling_only: bool = False
    """Whether the Tooling API alone shows the field."""
    computed: str = ""
    """SQL that takes the place of the stored value; {row} is the row, :session the caller's."""


@dataclass(frozen=True, slots=True)
class Everyone:
    """Whoever may call the API sees all rows."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Needs:
    """Without any one of the permissions the object does not exist for the caller."""

    permissions: frozenset[str]
    mark: Mark


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The caller's own rows always; all rows with any one of the permissions."""

    own: str
    """An SQL condition over the object's columns in which :viewer is the caller's user id."""
    permissions: frozenset[str]
    mark: Mark


Visibility = Everyone | Needs | OwnRows


@dataclass(frozen=True, slots=True)
class View:
    """Rows that are not stored but read, at each query, from what the org obeys."""

    source: str
    """What follows FROM."""
    columns: Mapping[str, str]
    """SQL by field; a field without is null, a boolean false."""


@dataclass(frozen=True, slots=True)
class Child:
    """Rows of another object that refer to this one, by the name a subquery calls them."""

    name: str
    entity: str
    field: str


@dataclass(frozen=True, slots=True)
class SObject:
    """One queryable object: its name, key prefix, fields and who sees its rows."""

    name: str
    label: str
    prefix: str
    prefix_mark: Mark
    visible: Visibility
    fields: tuple[Field, ...]
    createable: frozenset[str] = NEVER
    """Any one of these permissions lets a caller create rows; empty: nobody."""
    updateable: frozenset[str] = NEVER
    deletable: frozenset[str] = NEVER
    in_tooling: bool = False
    page: int | None = None
    """Rows in a page of the query, where the object has its own number."""
    fields_mark: Mark = "official"
    """How well the list of fields, with its labels and lengths, is known as a whole."""
    end: int | None = None
    """The row after which a query gives no more, whatever the count."""
    rows: str = "written when it happens"
    """Where the rows come from, for the reference."""
    view: View | None = None
    kept: str = ""
    """An SQL condition on rows that are still there; :epoch and :half_year_ago may stand in it."""
    since: int = 0
    """The API version that brought the object; 0: every version of this org has it."""
    feature: str | None = None
    """The feature without which the org has no such object."""
    in_data: bool = True
    """False for objects of the Tooling API alone."""
    children: tuple[Child, ...] = ()
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)
    by_relationship: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the fields by lower-case name: SOQL does not mind case."""
        named = {each.name.lower(): each for each in self.fields}
        related = {each.relationship.lower(): each for each in self.fields if each.relationship}
        object.__setattr__(self, "by_name", named)
        object.__setattr__(self, "by_relationship", related)


# --- one line a field: the constructors that objects.py is written with -----------------------


def record_id(*, countable: bool = True, is_always_null: bool = False) -> Field:
    """The Id of an object."""
    return Field("Id", "id", "Id", 18, countable=countable, is_always_null=is_always_null)


def reference(
    name: str, to: str | tuple[str, ...], label: str, relationship: str | None = None
) -> Field:
    """A field that holds another record's id."""
    targets = (to,) if isinstance(to, str) else to
    return Field(name, "reference", label, 18, refers_to=targets, relationship=relationship)


def string(name: str, length: int, label: str) -> Field:
    """A text field."""
    return Field(name, "string", label, length)


def textarea(name: str, length: int, label: str) -> Field:
    """A text that can be neither filtered, grouped nor sorted."""
    return Field(name, "textarea", label, length, filterable=False, groupable=False, sortable=False)


def url(name: str, label: str, length: int = 255) -> Field:
    """An address."""
    return Field(name, "url", label, length)


def picklist(name: str, label: str, *values: str, length: int = 40) -> Field:
    """A field with a fixed set of values, as far as they are known."""
    return Field(name, "picklist", label, length, values=values)


def boolean(name: str, label: str) -> Field:
    """A field that is true or false, never null."""
    return Field(name, "boolean", label)


def integer(name: str, label: str, digits: int = 9) -> Field:
    """A whole number."""
    return Field(name, "int", label, digits)


def double(name: str, label: str) -> Field:
    """A number with a fraction."""
    return Field(name, "double", label)


def moment(name: str, label: str) -> Field:
    """A date and time in UTC."""
    return Field(name, "datetime", label, groupable=False)


def ungroupable(one: Field) -> Field:
    """The field, not to be grouped."""
    return replace(one, groupable=False)


def unfilterable(one: Field) -> Field:
    """The field, refused in WHERE but fit for GROUP BY and ORDER BY."""
    return replace(one, filterable=False)


def audited() -> Iterable[Field]:
    """The fields that say who made and last changed a record."""
    return (
        moment("CreatedDate", "Created Date"),
        reference("CreatedById", "User", "Created By ID", "CreatedBy"),
        moment("LastModifiedDate", "Last Modified Date"),
        reference("LastModifiedById", "User", "Last Modified By ID", "LastModifiedBy"),
        moment("SystemModstamp", "System Modstamp"),
    )
