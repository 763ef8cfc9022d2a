"""What the bodies of requests have in common."""

from __future__ import annotations

from pydantic import BaseModel, field_validator


class Sent(BaseModel):
    """The body of a request, whose texts any database can keep."""

    @field_validator("*")
    @classmethod
    def _can_be_kept(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            # PostgreSQL keeps no such text (its manual, section 8.3), and so SQLite is not to.
            raise ValueError("a text cannot hold the character zero")
        return value
