"""An admin at a browser with scripts off: opens Setup pages, fills forms and presses buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory

VOID = frozenset({"meta", "input", "br", "link"})


@dataclass
class Form:
    """One form as it would be sent now, and the names of its buttons."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    """By select or radio group: the text of each choice and its value."""


class Page(HTMLParser):
    """A page read: its forms, its links, and every control's label."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.labels: dict[str, str] = {}
        """Id of a control to the text of its label."""
        self.controls: list[Mapping[str, str]] = []
        """Every control that a person can see, with its attributes."""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._text: list[str] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value if value is not None else name for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(at.get("action", ""), at.get("method", "get")))
        if tag == "a" and "href" in at:
            self.links.append(at["href"])
        if tag == "input":
            self._input(at)
        if tag == "select":
            self._select = at["name"]
            self.controls.append(at)
        if tag == "textarea":
            self.controls.append(at)
        if tag in ("button", "label", "option", "textarea"):
            self._open.append((tag, at))
            self._text = []

    def _input(self, at: dict[str, str]) -> None:
        values, kind = self.forms[-1].values, at.get("type", "text")
        if kind != "hidden":
            self.controls.append(at)
        if kind not in ("checkbox", "radio") or "checked" in at:
            values[at["name"]] = at.get("value", "on")
        if kind == "radio":
            self.forms[-1].choices.setdefault(at["name"], {})[at["id"]] = at["value"]

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if not self._open or self._open[-1][0] != tag:
            return
        _, at = self._open.pop()
        text = " ".join("".join(self._text).split())
        if tag == "label":
            self.labels[at["for"]] = text
        elif tag == "button":
            self.forms[-1].buttons[text] = (at.get("name", ""), at.get("value", ""))
        elif tag == "textarea":
            self.forms[-1].values[at["name"]] = "".join(self._text)
        else:
            self._option(at, text)

    def _option(self, at: dict[str, str], text: str) -> None:
        form = self.forms[-1]
        form.choices.setdefault(self._select, {})[text] = at["value"]
        if "selected" in at or self._select not in form.values:
            form.values[self._select] = at["value"]


class Robot:
    """A person signed in to Setup."""

    def __init__(self, emulator: Emulator, http: httpx2.Client, user: str = "admin") -> None:
        self.emulator, self.http, self.user = emulator, http, user
        self.answer = httpx2.Response(200)

    def sign_in(self, path: str = "/lightning/setup/home") -> "Robot":
        """Arrive at a page, sign in at the login page, land on the page."""
        users = inventory(self.emulator.org)["users"]
        who = next(each for each in users if each["username"].startswith(f"{self.user}@"))
        self.open(path)
        return self.press("Log In", username=who["username"], password=who["password"])

    def open(self, path: str) -> "Robot":
        """Open a page of the org."""
        self.answer = self.http.get(urljoin(self.emulator.url, path), follow_redirects=True)
        return self

    @property
    def page(self) -> Page:
        """The page as it stands."""
        return Page(self.answer.text)

    @property
    def text(self) -> str:
        return self.answer.text

    def form(self, button: str) -> Form:
        """The form with that button; fails where none or several have it."""
        found = [form for form in self.page.forms if button in form.buttons]
        assert len(found) == 1, f"{len(found)} forms have the button {button} on {self.answer.url}"
        return found[0]

    def has(self, button: str) -> bool:
        """Whether the page shows that button."""
        return any(button in form.buttons for form in self.page.forms)

    def press(self, button: str, **filled: str | None) -> "Robot":
        """Fill the button's form and press it; None unticks a box. Texts of choices are taken."""
        form = self.form(button)
        values = {**form.values, **{name: self._value(form, name, filled[name]) for name in filled}}
        name, value = form.buttons[button]
        sent = {each: text for each, text in {**values, name: value}.items() if text is not None}
        return self.send(sent, form.method, form.action)

    @staticmethod
    def _value(form: Form, name: str, wanted: str | None) -> str | None:
        return None if wanted is None else form.choices.get(name, {}).get(wanted, wanted)

    def send(self, sent: Mapping[str, str], method: str = "post", action: str = "") -> "Robot":
        """Send fields as a form of this page would."""
        url = urljoin(str(self.answer.url), action)
        if method == "get":
            self.answer = self.http.get(url, params=dict(sent), follow_redirects=True)
        else:
            self.answer = self.http.post(url, data=dict(sent), follow_redirects=True)
        return self

    def id_of(self, kind: str, name: str) -> str:
        """A record's id, by the kind of record and its name."""
        tables = {
            "app": ("x_app", "name", "id"), "user": ('"User"', '"Alias"', '"Id"'),
            "set": ('"PermissionSet"', '"Name"', '"Id"'),
            "profile": ('"Profile"', '"Name"', '"Id"'),
        }  # fmt: skip
        table, column, key = tables[kind]
        with self.emulator.org.lock:
            row = self.emulator.org.db.execute(
                f"SELECT {key} FROM {table} WHERE {column} = ?", (name,)
            ).fetchone()
        assert row is not None, f"no {kind} is named {name}"
        return str(row[0])

    def audit(self) -> list[tuple[str, str]]:
        """The trail, newest first: action and username."""
        with self.emulator.org.lock:
            rows = self.emulator.org.db.execute(
                'SELECT a."Action", u."Username" FROM "SetupAuditTrail" a JOIN "User" u'
                ' ON u."Id" = a."CreatedById" ORDER BY a.rowid DESC'
            ).fetchall()
        return [(row[0], row[1]) for row in rows]
