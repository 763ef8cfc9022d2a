"""Queries over children inside SELECT: which objects they mean, and the query for one parent."""

from dataclasses import dataclass, replace

from evergrant.emulator.schema import Child
from evergrant.emulator.soql.ast import Aggregate, Combined, Comparison, Path, Query, String
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.scope import Scope


@dataclass(frozen=True, slots=True)
class Children:
    """One query over children: under which name its rows go, and what to ask for each parent."""

    child: Child
    query: Query

    def of(self, parent: str) -> Query:
        """The query for the rows of one parent, by its 18-character id."""
        at = self.query.entity.at
        mine = Comparison(Path((self.child.field,), at), "=", String(parent, parent))
        where = mine if self.query.where is None else Combined("AND", (mine, self.query.where))
        return replace(self.query, entity=Path((self.child.entity,), at), where=where)


def children_of(query: Query, scope: Scope) -> tuple[Children, ...]:
    """All queries over children, each known to be sound; raises SoqlError."""
    asked = [each.what for each in query.selected if isinstance(each.what, Query)]
    found = tuple(Children(_named(each, scope), each) for each in asked)
    names = [each.child.name for each in found]
    for each in found:
        if names.count(each.child.name) > 1:
            at = each.query.entity.at
            raise SoqlError("duplicate_field", query.text, at, field=each.child.name)
    return found


def _named(query: Query, scope: Scope) -> Child:
    function = next((each for each in query.selected if isinstance(each.what, Aggregate)), None)
    if function is not None or query.groups:
        raise SoqlError("unexpected_token", query.text, query.at, token="SELECT")
    name = query.entity.text.lower()
    for child in scope.entity.children:
        if child.name.lower() == name:
            return child
    raise SoqlError("no_child", query.text, query.entity.at, field=query.entity.text)
