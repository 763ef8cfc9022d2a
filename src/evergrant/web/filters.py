"""What the list of connections is narrowed by, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from evergrant.health import BROKEN, State
from evergrant.store.listing import Wanted
from evergrant.web.uploads import readable

BROKEN_ONES: Final = "broken"
"""The states that stop an integration, as one choice."""
_STATES: Final = {each.value: (each,) for each in State} | {
    BROKEN_ONES: tuple(each for each in State if each in BROKEN)
}


@dataclass(frozen=True, slots=True)
class Age:
    """How long a connection has been in its state."""

    label: str
    least: timedelta | None = None
    most: timedelta | None = None


AGES: Final = {
    "hour": Age("Less than an hour", most=timedelta(hours=1)),
    "day": Age("Less than a day", most=timedelta(days=1)),
    "over-day": Age("More than a day", least=timedelta(days=1)),
    "over-week": Age("More than a week", least=timedelta(weeks=1)),
    "over-month": Age("More than 30 days", least=timedelta(days=30)),
}


class Filters(BaseModel):
    """The members of the address; a word that is not ours narrows nothing."""

    model_config = ConfigDict(frozen=True)

    q: str = Field(default="", max_length=200)
    state: str = Field(default="", max_length=30)
    cause: str = Field(default="", max_length=100)
    integration: str = Field(default="", max_length=100)
    org: str = Field(default="", max_length=18)
    age: str = Field(default="", max_length=20)
    order: str = Field(default="", max_length=10)
    after: str = Field(default="", max_length=64)
    broke_from: str = Field(default="", max_length=40)
    broke_to: str = Field(default="", max_length=40)

    def wanted(self, now: datetime) -> Wanted:
        """What the store is asked for."""
        age = AGES.get(self.age, Age(""))
        return Wanted(
            words=readable(self.q).strip(),
            states=_STATES.get(self.state, ()),
            integration=readable(self.integration),
            org=readable(self.org).strip(),
            cause=readable(self.cause),
            since_from=now - age.most if age.most else None,
            since_to=now - age.least if age.least else None,
            broke_from=_moment(self.broke_from),
            broke_to=_moment(self.broke_to),
            order="newest" if self.order == "newest" else "name",
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.model_dump(exclude={"after", "order"}, exclude_defaults=True))

    @property
    def window(self) -> tuple[datetime | None, datetime | None]:
        """Within which time an incident must have begun."""
        return _moment(self.broke_from), _moment(self.broke_to)

    def address(self, path: str, **instead: str) -> str:
        """The address of a list like this one."""
        told = self.model_dump() | instead
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{query}" if query else path


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
