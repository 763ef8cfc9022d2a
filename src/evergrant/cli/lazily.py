"""Commands that are imported when they are asked for: whoever wants one need not wait for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from importlib import import_module

import click

Maker = Callable[[], click.Command]


class InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names as they were added."""
        return list(self.commands)


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Maker]) -> None:
        self._makers: dict[str, Maker] = dict(makers)
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._makers[name] = lambda: command

    def __delitem__(self, name: str) -> None:
        del self._makers[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, name: object) -> bool:
        return name in self._makers


def one(place: str) -> Maker:
    """The command at a place such as `audit_log.audit_log`: a module of this room, and a name."""
    return partial(_at, place)


def several(text: str, *places: str) -> Maker:
    """A group of the commands at these places, in their order; one may hold a tuple of them."""
    return partial(_group, text, places)


def _at(place: str) -> click.Command:
    found = _held(place)
    if not isinstance(found, click.Command):
        raise TypeError(f"{place} is no command")
    return found


def _held(place: str) -> object:
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"evergrant.cli.{module}"), name)


def _group(text: str, places: tuple[str, ...]) -> click.Group:
    made = InOrder(help=text, no_args_is_help=True)
    for place in places:
        held = _held(place)
        for each in held if isinstance(held, tuple) else (held,):
            made.add_command(each)
    return made
