"""Connected apps and external client apps → subjects of one kind, under one set of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.source.xml import Document
from evergrant.audit.subjects.around import Around
from evergrant.audit.subjects.names import heard, look_alike, plain
from evergrant.audit.traits.app import derive
from evergrant.audit.traits.written import not_read, written
from evergrant.catalog.entries import Mark
from evergrant.model import Secret

HEADER = "ExternalClientApplication"
_SET = {
    HEADER: "header",
    "ExtlClntAppGlobalOauthSettings": "global OAuth settings",
    "ExtlClntAppOauthSettings": "OAuth settings",
    "ExtlClntAppOauthConfigurablePolicies": "OAuth policies",
    "ExtlClntAppConfigurablePolicies": "app policies",
}
"""Pieces of an external client app, in the order in which they are deployed (org-model 1.4)."""
_ORG_BOUND = {"app.org_scoped_id": "orgScopedExternalApp", "app.oauth_link": "oauthLink"}
_NOT_OAUTH = frozenset({"app.label", "app.contact", "app.description"})
Traits = dict[str, Trait]


def connected(document: Document, around: Around) -> Subject:
    """A connected app."""
    traits = {each.name: each for each in written(document)}
    has_oauth = "oauthConfig" in document.by_path
    if not has_oauth:
        # A SAML or canvas app has no OAuth settings to judge.
        traits = {name: each for name, each in traits.items() if name in _NOT_OAUTH}
    else:
        derive(traits, {document.type: document}, around.now)
        _name_key(traits, (document,), "oauthConfig/consumerKey")
        successor = plain(document.name) in around.external
        # Of a file that stands alone nobody knows what else there is.
        mark: Mark = "inferred" if around.is_loose else "documented"
        traits["app.successor"] = Trait("app.successor", successor, "derived", mark=mark)
        _colour(traits, around, document.text("oauthConfig/consumerKey"), document.name)
    _say(traits, "app.oauth", has_oauth, document.place("oauthConfig"))
    return _subject(document.name, "connected app", traits, {document.type: document}, around)


def external(
    name: str, documents: Mapping[str, Document], unread: frozenset[str], around: Around
) -> Subject:
    """An external client app, of whichever of its pieces are there."""
    traits: Traits = {}
    for type_, shown in _SET.items():
        if type_ in documents:
            traits |= {each.name: each for each in written(documents[type_])}
        else:
            why = "could not be read" if type_ in unread else "is not there"
            missing = not_read(type_, f"the file with the app's {shown} {why}")
            traits |= {each.name: each for each in missing}
    derive(traits, documents, around.now)
    _name_key(traits, documents.values(), "consumerKey")
    _external_only(traits, documents, unread)
    _colour(traits, around, "", name)
    return _subject(name, "external client app", traits, documents, around)


def _external_only(
    traits: Traits, documents: Mapping[str, Document], unread: frozenset[str]
) -> None:
    first = next(iter(documents.values()))
    place = Place(first.file, first.root.line, 1)
    bound = [shown for name, shown in _ORG_BOUND.items() if traits[name].value is True]
    where = next((traits[n].place for n in _ORG_BOUND if traits[n].value is True), place)
    _say(traits, "app.org_bound", ", ".join(bound), where)
    missing = [shown for type_, shown in _SET.items() if type_ not in {*documents, *unread}]
    _say(traits, "app.missing_files", ", ".join(missing), place)
    _say(traits, "app.oauth", True, place)
    if "ExtlClntAppGlobalOauthSettings" not in {*documents, *unread}:
        for name in ("app.consumer_key", "app.consumer_secret"):
            _say(traits, name, False, place, "the file that could hold it is not there")


def _name_key(traits: Traits, documents: Iterable[Document], path: str) -> None:
    """What tells one consumer key from another without showing it."""
    for key in (each.text(path) for each in documents):
        if key:
            _say(traits, "app.consumer_key_id", Secret(key).fingerprint, Place())


def _colour(traits: Traits, around: Around, key: str, name: str) -> None:
    """What the project says of the app."""
    required = around.org.get("org.pkce_required")
    if required and required.value is True:
        traits["app.pkce_required"] = Trait(
            "app.pkce_required", True, "derived", required.place, "required of all apps of the org"
        )
    label = traits.get("app.label")
    names = {name, str(label.value) if label else name}
    for each in around.blocked:
        if (key and each.consumer_key == key) or names & each.names:
            _say(traits, "app.blocked", True, each.place, "a BlacklistedConsumer is there")
            return
    action = traits.get("app.session_action")
    if action and action.value == "block":
        _say(traits, "app.blocked", True, action.place, action.quote)
    elif around.blocked or not around.is_source:
        _say(traits, "app.blocked", False, Place())


def _subject(
    name: str, kind: str, traits: Traits, documents: Mapping[str, Document], around: Around
) -> Subject:
    first = next(iter(documents.values()))
    place = Place(first.file, first.root.line, 1)
    label = traits.get("app.label")
    shown = str(label.value) if label and label.is_known and label.value else name
    _say(traits, "app.kind", kind, place)
    _say(traits, "app.in_source", around.is_source, place)
    twin = look_alike(shown, {} if around.is_loose else around.labels)
    _say(traits, "app.look_alike", twin, label.place if label else place)
    around.labels.setdefault(heard(shown), shown)
    files = {type_: each.file for type_, each in documents.items()}
    return Subject("app", name, around.project, place, traits, files, shown, kind)  # type: ignore[arg-type]


def _say(traits: Traits, name: str, value: str | bool, place: Place, quote: str = "") -> None:
    traits[name] = Trait(name, value, "derived", place, quote)
