"""The metadata that a repair stands on: components of files, folders and zips, and their apps."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from evergrant.errors import BadInput, NotFound
from evergrant.evidence.given.document import Document
from evergrant.evidence.retrieved import components as given
from evergrant.org.metadata import manifest
from evergrant.repair.edits import Drop, edited
from evergrant.repair.kinds import CONNECTED, EXTERNAL, KINDS, PARENT, Kind, place_of
from evergrant.repair.markup import Markup, read

MOST_FILES = 20_000
_REMOVED = "destructiveChanges.xml"


@dataclass(frozen=True)
class Component:
    """One component, as its file has it."""

    kind: Kind
    name: str
    path: str
    """As it was given."""
    data: bytes = field(repr=False)

    @cached_property
    def markup(self) -> Markup:
        """Its XML; raises `BadInput` where it is none."""
        return read(self.data)

    def text(self, path: str) -> str:
        """The words of the first element of a path; empty where there is none."""
        return next(iter(self.markup.values(path)), "")

    def with_data(self, data: bytes) -> Component:
        """The component with other contents."""
        return replace(self, data=data)


@dataclass(frozen=True, slots=True)
class App:
    """One app: a connected app's file, or the files of an external client app by their type."""

    kind: str
    """`connected app` or `external client app`, as the catalog says."""
    name: str
    label: str
    parts: Mapping[str, Component]

    @property
    def head(self) -> Component:
        """The file that bears its name; another of its files where that one was not given."""
        wanted = CONNECTED if self.kind == "connected app" else EXTERNAL
        return self.parts.get(wanted) or next(iter(self.parts.values()))


class Files:
    """Components by type and name; of two of one name the first counts."""

    def __init__(self, components: Iterable[Component]) -> None:
        self.by_key: dict[tuple[str, str], Component] = {}
        for each in components:
            self.by_key.setdefault((each.kind.type, each.name), each)

    def __iter__(self) -> Iterator[Component]:
        return iter(self.by_key.values())

    def find(self, type_: str, name: str) -> Component | None:
        """A component by type and full name."""
        return self.by_key.get((type_, name))

    def of(self, type_: str) -> list[Component]:
        """The components of a type."""
        return [each for each in self if each.kind.type == type_]

    def apps(self) -> list[App]:
        """Every app; what an external client app consists of is joined by the name in it."""
        connected = [
            App("connected app", each.name, each.text("label") or each.name, {CONNECTED: each})
            for each in self.of(CONNECTED)
        ]
        parts: dict[str, dict[str, Component]] = {
            each.name: {EXTERNAL: each} for each in self.of(EXTERNAL)
        }
        for each in self:
            if each.kind.has_parent and (name := each.text(PARENT)):
                parts.setdefault(name, {}).setdefault(each.kind.type, each)
        return connected + [_external(name, own) for name, own in parts.items()]

    def app(self, name: str, kind: str = "") -> App:
        """The app of that name or label; the only one where no name is given.

        Raises `NotFound` where there is none, `BadInput` where several bear the name.
        """
        there = [each for each in self.apps() if not kind or each.kind == kind]
        wanted = [each for each in there if name in ("", each.name, each.label)]
        if len(wanted) == 1:
            return wanted[0]
        known = ", ".join(sorted(each.name for each in there)) or "none"
        if not wanted:
            raise NotFound(f"no app is called {name!r}", why=f"The apps there: {known}.")
        raise BadInput(
            f"several apps answer to {name!r}" if name else "there are several apps",
            next_step=f"name one of {known}", whose="you",
        )  # fmt: skip


def _external(name: str, parts: Mapping[str, Component]) -> App:
    head = parts.get(EXTERNAL)
    return App("external client app", name, (head.text("label") if head else "") or name, parts)


def of_paths(paths: Sequence[Path]) -> Files:
    """The components in files, folders and zips; symbolic links out of a folder are not followed.

    Raises `BadInput` for what cannot be read and where no component is found.
    """
    found = Files(each for path in paths for each in _of_path(path))
    if not found.by_key:
        shown = ", ".join(map(str, paths))
        raise BadInput(f"no metadata of apps in {shown}", next_step="name its folder", whose="you")
    return found


def _of_path(path: Path) -> Iterator[Component]:
    try:
        if path.is_dir():
            inside = path.resolve()
            for each in sorted(path.rglob("*"))[:MOST_FILES]:
                if place_of(each.name) and each.resolve().is_relative_to(inside) and each.is_file():
                    yield from _component(str(each), each.read_bytes())
        elif path.suffix == ".zip":
            yield from of_zip(path.read_bytes(), path.name)
        else:
            yield from _component(str(path), path.read_bytes())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"cannot read {path}", why=why, whose="you") from error


def of_zip(data: bytes, name: str = "package.zip") -> Iterator[Component]:
    """The components in a zip; what is too large or damaged is left out."""
    for path, content in given.files(Document.of_bytes(name, data), given.Retrieved()):
        yield from _component(path, content)


def _component(path: str, data: bytes) -> Iterator[Component]:
    if (found := place_of(path)) is not None:
        yield Component(*found, path, data)


def package(components: Iterable[Component], removed: Iterable[tuple[str, str]] = ()) -> bytes:
    """A zip as the Metadata API takes it: the components, and the names of what is to go."""
    target, wanted = io.BytesIO(), sorted(components, key=_order)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("package.xml", manifest(members((c.kind.type, c.name) for c in wanted)))
        if gone := members(removed):
            made.writestr(_REMOVED, manifest(gone))
        for each in wanted:
            made.writestr(each.kind.path(each.name), _without_secret(each))
    return target.getvalue()


def removed_by(package: bytes) -> Iterator[tuple[str, str]]:
    """Types and names of what a package deletes, as `package` writes it."""
    with zipfile.ZipFile(io.BytesIO(package)) as inside:
        if _REMOVED not in inside.namelist():
            return
        markup = read(inside.read(_REMOVED))
    for each in markup.root.all("types"):
        type_ = "".join(markup.value(name) for name in each.all("name"))
        yield from ((type_, markup.value(name)) for name in each.all("members"))


_SECRETS = (Drop("consumerSecret"), Drop("oauthConfig/consumerSecret"))


def _without_secret(component: Component) -> bytes:
    """NOTE: an org may be set to show secrets to the Metadata API; a package is kept on a disk, and
    a deployment without the element leaves the secret as it is."""
    return (
        edited(component.data, _SECRETS) if b"Secret" in component.markup.text else component.data
    )


def members(keys: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Types with the names of their components, as a manifest lists them."""
    listed: dict[str, tuple[str, ...]] = {}
    for type_, name in keys:
        listed[type_] = (*listed.get(type_, ()), name)
    return listed


_PLACES = {type_: place for place, type_ in enumerate(KINDS)}


def _order(component: Component) -> int:
    return _PLACES[component.kind.type]
