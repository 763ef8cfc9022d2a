"""Elements → traits, by the vocabulary's table; what is not there is Salesforce's default."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from evergrant.audit.model import Place, Trait
from evergrant.audit.source.xml import Document, Element
from evergrant.catalog.traits import As, ElementTrait, vocabulary
from evergrant.model import Unknown, Value

_REFRESH = re.compile(
    r"(?:(?P<fixed>infinite|zero)|specific_(?P<kind>lifetime|inactivity):\d{1,9}:"
    r"(?:HOURS|DAYS|MONTHS))"
)
_SHOWN = 120
_NOT_SHOWN = frozenset({"app.consumer_secret", "app.consumer_key", "app.certificate"})
"""Whose text is never quoted."""


def written(document: Document) -> Iterator[Trait]:
    """The traits that a document tells."""
    for word in vocabulary().told_by(document.type):
        yield _trait(word, document)


def not_read(type_: str, reason: str) -> Iterator[Trait]:
    """The traits that a document of that type would have told."""
    for word in vocabulary().told_by(type_):
        yield Trait(word.trait, Unknown(reason, f"add the {type_} file"))


def is_value(word: ElementTrait, element: Element) -> bool:
    """Whether an element's text is a value that its trait can have."""
    return not isinstance(_READERS[word.read]((element,), word.values), Unknown)


def _trait(word: ElementTrait, document: Document) -> Trait:
    elements = tuple(e for e in document.by_path.get(word.element, ()) if not e.is_nil)
    place = document.place(word.element, elements[0] if elements else None)
    value = _READERS[word.read](elements, word.values)
    if value is None:
        return _absent(word, place)
    return Trait(word.trait, value, "written", place, _quote(word, elements))


def _absent(word: ElementTrait, place: Place) -> Trait:
    name = word.element.rpartition("/")[2]
    if word.default is None:
        reason = Unknown(f"{name} is not written, and no default of it is documented")
        return Trait(word.trait, reason, "default", place)
    quote = f"{name} is not there (default)"
    return Trait(word.trait, word.default, "default", place, quote, word.mark)


def _quote(word: ElementTrait, elements: tuple[Element, ...]) -> str:
    name = word.element.rpartition("/")[2]
    if word.trait in _NOT_SHOWN or not elements:
        return f"{name} is {'there' if elements else 'not there'}"
    return f"{name} {', '.join(each.text for each in elements)}"[:_SHOWN]


Elements = tuple[Element, ...]
Values = Mapping[str, Value]


def _bool(elements: Elements, _: Values) -> Value | None:
    text = elements[0].text.lower() if elements else ""
    if not text:
        return None
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    return Unknown(f"{elements[0].name} is {elements[0].text!r}, neither true nor false")


def _text(elements: Elements, _: Values) -> Value | None:
    return elements[0].text if elements else None


def _number(elements: Elements, _: Values) -> Value | None:
    text = elements[0].text if elements else ""
    if not text:
        return None
    if text.isdecimal() and text.isascii() and len(text) < 12:
        return int(text)
    return Unknown(f"{elements[0].name} is {text!r}, no number")


def _present(elements: Elements, _: Values) -> Value | None:
    return any(each.text or each.children for each in elements)


def _texts(elements: Elements, _: Values) -> Value | None:
    found = tuple(each.text for each in elements if each.text)
    return found or None


def _lines(elements: Elements, _: Values) -> Value | None:
    found = tuple(word for each in elements for word in each.text.split())
    return found or None


def _commas(elements: Elements, _: Values) -> Value | None:
    parts = (part.strip() for each in elements for part in each.text.split(","))
    return tuple(part for part in parts if part) or None


def _choice(elements: Elements, values: Values) -> Value | None:
    text = elements[0].text if elements else ""
    if not text:
        return None
    if text in values:
        return values[text]
    return Unknown(f"{elements[0].name} is {text!r}, which is no value of Salesforce's")


def _refresh(elements: Elements, _: Values) -> Value | None:
    text = elements[0].text if elements else ""
    if not text:
        return None
    found = _REFRESH.fullmatch(text)
    if found:
        return found["fixed"] or found["kind"]
    return Unknown(f"{elements[0].name} is {text!r}, which is no value of Salesforce's")


_READERS: Mapping[As, Callable[[Elements, Values], Value | None]] = {
    "bool": _bool,
    "text": _text,
    "number": _number,
    "present": _present,
    "texts": _texts,
    "lines": _lines,
    "commas": _commas,
    "choice": _choice,
    "refresh": _refresh,
}
