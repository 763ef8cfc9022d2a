"""What a metadata type is made of: elements, their values, and how well each is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from evergrant.emulator.schema import Mark

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
Kind = Literal["text", "boolean", "integer", "enum", "group"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a component's file; in a file they stand in the order of their names."""

    name: str
    kind: Kind = "text"
    is_required: bool = False
    is_many: bool = False
    default: str = ""
    """What the org holds where nothing was deployed; empty where that is nothing or not known."""
    since: int = 0
    """The first API version that has it; 0 where the sources name none."""
    is_secret: bool = False
    """Taken on deploy, never given out on retrieve."""
    type_name: str = ""
    """The name of the enumeration or of the group's type in error texts."""
    values: tuple[str, ...] = ()
    inner: tuple["Element", ...] = ()
    mark: Mark = "official"

    @property
    def by_name(self) -> dict[str, "Element"]:
        """The elements inside."""
        return {each.name: each for each in self.inner}


@dataclass(frozen=True, slots=True)
class Root:
    """The root element of a file, with everything it may hold."""

    name: str
    elements: tuple[Element, ...]
    source: str
    """A page of the metadata guide or a WSDL; for settings and types alike."""
    mark: Mark = "official"

    @property
    def by_name(self) -> dict[str, Element]:
        """The elements of the first level."""
        return {each.name: each for each in self.elements}


@dataclass(frozen=True, slots=True)
class MetadataType:
    """One type as package.xml names it, with its folder and suffix (metadata registry)."""

    name: str
    suffix: str
    folder: str
    root: Root | None = None
    """None for settings, whose root depends on the member."""
    members: Mapping[str, Root] = field(default_factory=dict)
    """For settings: the root of each member."""
    since: int = 0

    def root_of(self, full_name: str) -> Root | None:
        """What the file of a component must hold; None for a component that cannot be."""
        return self.root if self.root is not None else self.members.get(full_name)

    def path_of(self, full_name: str) -> str:
        """Where a component stands in a package."""
        return f"{self.folder}/{full_name}.{self.suffix}"


def text(name: str, *, required: bool = False, many: bool = False, default: str = "",
         since: int = 0, secret: bool = False, mark: Mark = "official") -> Element:  # fmt: skip
    """An element of any words."""
    return Element(name, "text", required, many, default, since, secret, mark=mark)


def texts(words: str, mark: Mark = "official") -> tuple[Element, ...]:
    """Optional elements of any words, named in one line; a ! after a name makes it required."""
    return tuple(
        text(each.rstrip("!"), required=each.endswith("!"), mark=mark) for each in words.split()
    )


def flag(name: str, *, required: bool = False, default: str = "", since: int = 0,
         mark: Mark = "official") -> Element:  # fmt: skip
    """An element that is true or false."""
    return Element(name, "boolean", required, False, default, since, mark=mark)


def flags(words: str, mark: Mark = "official") -> tuple[Element, ...]:
    """Optional elements that are true or false, named in one line; a ! makes one required."""
    return tuple(
        flag(each.rstrip("!"), required=each.endswith("!"), mark=mark) for each in words.split()
    )


def number(name: str, *, required: bool = False, since: int = 0) -> Element:
    """An element that is a whole number."""
    return Element(name, "integer", required, since=since)


def choice(name: str, enum: str, values: str, *, required: bool = False, many: bool = False,
           default: str = "", since: int = 0, mark: Mark = "official") -> Element:  # fmt: skip
    """An element that is one word of an enumeration."""
    return Element(
        name, "enum", required, many, default, since, False, enum, tuple(values.split()), mark=mark
    )


def group(
    name: str, *inner: Element, many: bool = False, since: int = 0, type_name: str = ""
) -> Element:
    """An element that holds others; a type that the sources do not name is called as it is."""
    named = type_name or name[0].upper() + name[1:]
    return Element(name, "group", False, many, since=since, type_name=named, inner=inner)


def groups(words: str, mark: Mark = "official") -> tuple[Element, ...]:
    """Repeatable groups of plain words, one a line, as `name: inner inner!`."""
    lines = (line.split(":") for line in words.splitlines() if line.strip())
    return tuple(
        replace(group(name.strip(), *texts(inner, mark), many=True), mark=mark)
        for name, inner in lines
    )
