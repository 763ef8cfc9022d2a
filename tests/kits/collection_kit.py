"""A runner for Postman collections (format 2.1), as far as ours uses the format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

_VARIABLE: Final = re.compile(r"\{\{(\w+)\}\}")
_STATUS: Final = re.compile(r"pm\.response\.to\.have\.status\((\d+)\)")
_KEEP: Final = re.compile(
    r'pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)((?:\.\w+|\[\d+\])+)\);'
)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
Person = Callable[["Runner", str], None]


@dataclass(frozen=True, slots=True)
class Item:
    """One request of the collection, its variables not yet filled in."""

    name: str
    request: Mapping[str, Any]
    script: tuple[str, ...]

    @property
    def path(self) -> str:
        """Below the host, without the query."""
        return "/" + "/".join(self.request["url"]["path"])

    @property
    def is_steering(self) -> bool:
        """Whether it goes to the control port."""
        return list(self.request["url"]["host"]) == ["{{control}}"]

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form; empty without one."""
        body = self.request.get("body", {})
        return {each["key"]: each["value"] for each in body.get("urlencoded", [])}

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to fill a variable before the next request."""
        return str(self.request.get("description", "")).startswith("A person is needed")


def items(collection: Mapping[str, Any]) -> Iterator[Item]:
    """All requests in their order."""
    for each in collection["item"]:
        if "item" in each:
            yield from items(each)
            continue
        scripts = [event["script"]["exec"] for event in each["event"] if event["listen"] == "test"]
        yield Item(each["name"], each["request"], tuple(line for one in scripts for line in one))


@dataclass(slots=True)
class Runner:
    """Sends requests in turn and keeps the variables between them."""

    http: httpx2.Client
    variables: dict[str, str]
    persons: Mapping[str, Person]
    """By the name of the request before which, or instead of which, somebody acts."""
    failures: list[str] = field(default_factory=list)

    def run(self, item: Item) -> httpx2.Response:
        """Send one, check its status and keep what it says is kept."""
        person = self.persons.get(item.name)
        if person is not None:
            person(self, self.filled(item.request["url"]["raw"]))
        answer = self.http.request(
            item.request["method"], self._url(item), headers=self._headers(item),
            content=self._raw(item), data=self._form(item), follow_redirects=True,
        )  # fmt: skip
        for line in item.script:
            self._follow(item, line, answer)
        return answer

    def filled(self, text: str) -> str:
        """A text with its variables; raises KeyError for one that nobody set."""
        return _VARIABLE.sub(lambda found: self.variables[found[1]], text)

    def _url(self, item: Item) -> httpx2.URL:
        words = item.request["url"].get("query", [])
        base = self.filled(item.request["url"]["host"][0] + item.path)
        return httpx2.URL(base, params={each["key"]: self.filled(each["value"]) for each in words})

    def _headers(self, item: Item) -> dict[str, str]:
        return {each["key"]: self.filled(each["value"]) for each in item.request["header"]}

    def _raw(self, item: Item) -> bytes | None:
        raw = item.request.get("body", {}).get("raw")
        return None if raw is None else self.filled(raw).encode()

    def _form(self, item: Item) -> dict[str, str] | None:
        return {name: self.filled(value) for name, value in item.form.items()} or None

    def _follow(self, item: Item, line: str, answer: httpx2.Response) -> None:
        if found := _STATUS.search(line):
            if answer.status_code != int(found[1]):
                said = f"{answer.status_code} {answer.text[:200]}"
                self.failures.append(f"{item.name}: expected {found[1]}, got {said}")
        elif found := _KEEP.fullmatch(line):
            if answer.is_success:
                self.variables[found[1]] = str(_at(answer.json(), found[2]))
        else:
            raise AssertionError(f"{item.name}: this runner does not know {line!r}")


def _at(value: Any, path: str) -> Any:
    for name, number in _STEP.findall(path):
        value = value[int(number)] if number else value[name]
    return value


def load(text: str) -> tuple[list[Item], dict[str, str]]:
    """The requests and the variables of a collection."""
    collection = json.loads(text)
    return list(items(collection)), {each["key"]: each["value"] for each in collection["variable"]}
