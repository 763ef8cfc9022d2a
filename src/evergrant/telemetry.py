"""What is being done, told to whoever listens: metrics and traces are drawn from it.

A room wraps what is worth measuring in `span`; nobody listens unless a face asks to, and then a
span costs next to nothing.  Labels are few words from small sets, never ids and never secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(slots=True)
class Span:
    """Something that is being done."""

    name: str
    """`token request`, `check`, `delivery`, `http`."""
    labels: dict[str, str] = field(default_factory=dict)
    """What it came to may be added until it ends."""


End: TypeAlias = Callable[[], None]
Listener: TypeAlias = Callable[[Span], End]
"""Told when a span begins; what it returns is called when the span ends."""

_listeners: list[Listener] = []


def span(name: str, **labels: str) -> AbstractContextManager[Span]:
    """Tell the listeners that something is being done, for the length of the block."""
    told = Span(name, labels)
    return _heard(told) if _listeners else nullcontext(told)


@contextmanager
def _heard(told: Span) -> Iterator[Span]:
    ends = [each(told) for each in _listeners]
    try:
        yield told
    except BaseException as error:
        told.labels.setdefault("outcome", type(error).__name__)
        raise
    finally:
        for end in reversed(ends):
            end()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Listen for the length of the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
