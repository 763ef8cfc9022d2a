"""One project's files → its subjects, with as few of them in memory at once as can be.

First every file's head is looked at; then the few files that colour others (settings, blocked
apps, names of external client apps), then app after app.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from evergrant.audit.model import Place, Problem, Subject
from evergrant.audit.source.sniff import (
    HEAD,
    head_text,
    private_key_line,
    root_name,
)
from evergrant.audit.source.walk import Project, SourceFile
from evergrant.audit.source.xml import Document, component_name, parse
from evergrant.audit.subjects import apps, holders, settings
from evergrant.audit.subjects.around import Around, Blocked
from evergrant.audit.subjects.names import plain
from evergrant.audit.traits.strangers import strangers
from evergrant.catalog.traits import vocabulary

MAX_FILE = 16 << 20
"""Bytes; the largest profiles of big orgs have a few million."""
SATELLITES = (
    "ExtlClntAppGlobalOauthSettings",
    "ExtlClntAppOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
)
HEADER = "ExternalClientApplication"
_OWNER = re.compile(r"<(?:\w+:)?externalClientApplication>\s*([^<]*?)\s*<")
_SUFFIX = re.compile(
    r"\.(?:connectedApp|blacklistedConsumer|eca|ecaGlblOauth|ecaOauth|ecaOauthPlcy|ecaPlcy)"
    r"(?:-meta)?(?:\.xml)?$"
)
"""Names that promise metadata: what does not keep the promise is reported."""


@dataclass(slots=True)
class Reader:
    """Reads one project; `problems` and `read` grow as it goes."""

    project: Project
    now: datetime
    is_source: bool = True
    problems: list[Problem] = field(default_factory=list)
    read: int = 0
    apps: int = 0
    _by_type: dict[str, list[SourceFile]] = field(default_factory=dict)
    _owned: dict[str, dict[str, SourceFile]] = field(default_factory=dict)

    def subjects(self) -> Iterator[Subject]:
        """Everything to judge."""
        for file in self.project.files:
            yield from self._look(file)
        if not self._by_type and not self._owned:
            return
        around = Around(self.project.label, self.now, self.is_source, self.project.is_loose)
        yield from self._settings(around)
        self._blocked(around)
        yield from self._holders(around)
        yield from self._external(around)
        yield from self._connected(around)

    def _look(self, file: SourceFile) -> Iterator[Subject]:
        try:
            head = head_text(file.load(HEAD))
        except OSError as error:
            self.problems.append(Problem(Place(file.label), f"cannot be read: {error.strerror}"))
            return
        type_ = root_name(head)
        if line := private_key_line(head):
            yield holders.private_key(file.label, line, self.project.label)
        elif type_ in vocabulary().types:
            self._sort(file, type_, head)
        elif _SUFFIX.search(file.label):
            self._promise_broken(file, type_)
        elif file.is_named:
            what = f"its root element is {type_}" if type_ else "is no XML"
            self.problems.append(
                Problem(Place(file.label), f"{what}: nothing that an audit reads", is_fatal=True)
            )

    def _sort(self, file: SourceFile, type_: str, head: str) -> None:
        """To its type; pieces of external client apps to their app (never by file name)."""
        if type_ == HEADER:
            self._own(component_name(file.label), type_, file)
        elif type_ in SATELLITES:
            found = _OWNER.search(head)
            if found:
                self._own(found[1], type_, file)
            elif (document := self._document(file)) is not None:
                self._own(document.text("externalClientApplication"), type_, file)
        else:
            self._by_type.setdefault(type_, []).append(file)

    def _own(self, name: str, type_: str, file: SourceFile) -> None:
        pieces = self._owned.setdefault(name, {})
        if type_ in pieces:
            self.problems.append(
                Problem(Place(file.label), f"a second {type_} of {name}; the first is judged: "
                        f"{pieces[type_].label}"))  # fmt: skip
        else:
            pieces[type_] = file

    def _promise_broken(self, file: SourceFile, type_: str) -> None:
        try:
            found = parse(file.label, file.load(MAX_FILE))
        except OSError as error:
            found = Problem(Place(file.label), f"cannot be read: {error.strerror}")
        if isinstance(found, Document):
            place = Place(file.label, found.root.line)
            found = Problem(place, f"its root element is {type_}, which its name does not promise")
        self.problems.append(found)

    def _document(self, file: SourceFile) -> Document | None:
        """A parsed file; None with a problem where it cannot be."""
        if file.size > MAX_FILE:
            what = f"has {file.size >> 20} MB, more than {MAX_FILE >> 20}: not read"
            self.problems.append(Problem(Place(file.label), what))
            return None
        try:
            data = file.load(MAX_FILE + 1)
        except OSError as error:
            self.problems.append(Problem(Place(file.label), f"cannot be read: {error.strerror}"))
            return None
        if len(data) > MAX_FILE:
            self.problems.append(Problem(Place(file.label), "is larger than it says: not read"))
            return None
        found = parse(file.label, data)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        self.read += 1
        return found

    def _documents(self, *types: str) -> Iterator[Document]:
        for type_ in types:
            for file in self._by_type.get(type_, ()):
                if (document := self._document(file)) is not None:
                    yield document

    def _settings(self, around: Around) -> Iterator[Subject]:
        documents = list(self._documents(*(t for t in self._by_type if t.endswith("Settings"))))
        for document in documents:
            yield from strangers(document, around.project)
        groups = [[each] for each in documents] if around.is_loose else [documents]
        for group in groups:
            if group:
                org = settings.org(group, around.project)
                if not around.is_loose:
                    around.org = org.traits
                yield org

    def _blocked(self, around: Around) -> None:
        for document in self._documents("BlacklistedConsumer"):
            key, place = document.text("consumerKey"), document.place("consumerKey")
            names = {document.text("consumerName"), document.text("masterLabel"), document.name}
            around.blocked.append(Blocked(key, frozenset(names - {""}), place))

    def _holders(self, around: Around) -> Iterator[Subject]:
        for document in self._documents("Profile", "PermissionSet"):
            yield holders.holder(document, around)

    def _external(self, around: Around) -> Iterator[Subject]:
        if not around.is_loose:
            around.external = frozenset(plain(name) for name in self._owned)
        for name, pieces in self._owned.items():
            found = ((type_, self._document(file)) for type_, file in pieces.items())
            documents = {type_: each for type_, each in found if each is not None}
            if documents:
                self.apps += 1
                unread = frozenset(pieces) - frozenset(documents)
                yield apps.external(name, documents, unread, around)
                for each in documents.values():
                    yield from strangers(each, around.project)

    def _connected(self, around: Around) -> Iterator[Subject]:
        for document in self._documents("ConnectedApp"):
            self.apps += 1
            yield apps.connected(document, around)
            yield from strangers(document, around.project)
