"""Elements and values that nobody knows: information, with the nearest known name.

They may be typos, or newer than our lists, so they are never errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.source.xml import Document
from evergrant.audit.traits.written import is_value
from evergrant.catalog.traits import ElementTrait, MetadataType, vocabulary

SCOPES = frozenset(
    {
        "Basic", "Api", "Web", "Full", "Chatter", "CustomApplications", "RefreshToken", "OpenID",
        "Profile", "Email", "Address", "Phone", "OfflineAccess", "CustomPermissions", "Wave",
        "Eclair", "Pardot", "Lightning", "Content", "CDPIngest", "CDPProfile", "CDPQuery",
        "Chatbot", "CDPSegment", "CDPIdentityResolution", "CDPCalculatedInsight",
        "ForgotPassword", "UserRegistration", "SFAP", "Interaction", "CDP", "EinsteinGPT",
        "PwdlessLogin", "MCP", "SCRT", "DataCloudUserClaims", "SFApiPlatform",
    }
)  # fmt: skip
"""`ConnectedAppOauthAccessScope` (Metadata API WSDL), and the name that external client apps have
for SFAP (org-model 1.2.1)."""
NOTHING_STRANGE = {
    "file.unknown_element": Trait("file.unknown_element", ""),
    "file.unknown_value": Trait("file.unknown_value", ""),
    "file.private_key": Trait("file.private_key", False),
}
"""What a file has of which nothing is told."""
_REFRESH = ("infinite", "zero", "specific_inactivity:30:DAYS", "specific_lifetime:30:DAYS")


def strangers(document: Document, project: str) -> Iterator[Subject]:
    """One subject for each element and value of a document that nobody knows."""
    type_ = vocabulary().types[document.type]
    yield from _elements(document, type_, project)
    for word in vocabulary().told_by(document.type):
        if word.trait == "app.scopes":
            yield from _scopes(document, word, project)
        elif known := _known_values(word):
            yield from _values(document, word, known, project)


def _elements(document: Document, type_: MetadataType, project: str) -> Iterator[Subject]:
    for path in document.by_path if type_.elements else ():
        parent = path.rpartition("/")[0]
        # What is within a stranger, or within an element that is not listed, is not told again.
        if path in type_.elements or (parent and parent not in type_.elements):
            continue
        if parent in type_.open or path.split("/")[0] in type_.open:
            continue
        siblings = [e.rpartition("/")[2] for e in type_.elements if e.rpartition("/")[0] == parent]
        name = path.rpartition("/")[2]
        place = document.place(path)
        yield _subject(
            document, project, place, "file.unknown_element", path, _near(name, siblings)
        )


def _known_values(word: ElementTrait) -> tuple[str, ...]:
    if word.read == "bool":
        return ("true", "false")
    return _REFRESH if word.read == "refresh" else tuple(word.values)


def _values(
    document: Document, word: ElementTrait, known: tuple[str, ...], project: str
) -> Iterator[Subject]:
    for element in document.by_path.get(word.element, ()):
        if element.text and not is_value(word, element):
            place = document.place(word.element, element)
            yield _stranger(document, project, place, element.name, element.text, known)


def _scopes(document: Document, word: ElementTrait, project: str) -> Iterator[Subject]:
    for element in document.by_path.get(word.element, ()):
        for scope in (part.strip() for part in element.text.split(",")):
            if scope and scope not in SCOPES:
                place = document.place(word.element, element)
                yield _stranger(document, project, place, element.name, scope, SCOPES)


def _stranger(
    document: Document, project: str, place: Place, name: str, text: str, known: Iterable[str]
) -> Subject:
    shown = f"{name} {text[:60]}"
    return _subject(document, project, place, "file.unknown_value", shown, _near(text, known))


def _near(name: str, known: Iterable[str]) -> str:
    """The nearest known name, compared without regard to case."""
    lower = {each.lower(): each for each in sorted(known)}
    found = get_close_matches(name.lower(), list(lower), n=1, cutoff=0.75)
    if not found:
        found = [each for each in lower if each in name.lower() and len(each) > 3][:1]
    return lower[found[0]] if found else ""


def _subject(
    document: Document, project: str, place: Place, trait: str, value: str, near: str
) -> Subject:
    told = (
        Trait(trait, value, place=place, quote=value),
        Trait("file.nearest", f"; did you mean {near}?" if near else ""),
    )
    traits = {**NOTHING_STRANGE, **{each.name: each for each in told}}
    files = {document.type: document.file}
    return Subject("file", document.name, project, place, traits, files)
