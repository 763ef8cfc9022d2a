"""Public metadata files as packages, and orgs that have what such a file presupposes."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape

from evergrant.emulator import jwts, licenses, objects, profiles
from evergrant.emulator.metadata import deploy as deploy_
from evergrant.emulator.metadata.types import TYPES
from metadata_kit import NAMESPACE, manifest, xml, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evergrant.emulator.org import Org

_KEY = re.compile(r"PLACEHOLDER_CONSUMER_KEY_?(\w*)")
_CERTIFICATE = re.compile(r"<certificate>PLACEHOLDER\w*</certificate>")
_USER = re.compile(r"<oauthClientCredentialUser>\s*REPLACE\w*\s*</oauthClientCredentialUser>")


@dataclass(frozen=True, slots=True)
class File:
    """One public file."""

    type: str
    name: str
    text: str

    @property
    def path(self) -> str:
        """Where it stands in a package."""
        return TYPES[self.type].path_of(self.name)

    def words(self, element: str) -> list[str]:
        """The words of all elements of that name."""
        root = fromstring(self.text)
        return [(each.text or "").strip() for each in root.iter(f"{{{NAMESPACE}}}{element}")]


def corpus(folder: Path) -> Iterator[File]:
    """The files that the folder's index lists."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as opened:
        for row in csv.DictReader(opened):
            name, suffix, *_ = PurePosixPath(row["path"]).name.rsplit(".", 2)
            suffix = suffix.removesuffix("-meta")
            type_ = next(each.name for each in TYPES.values() if each.suffix == suffix)
            text = (folder / row["file"]).read_text("utf-8")
            yield File(type_, unquote(name), text)


def package(files: list[File]) -> bytes:
    """A package of these files."""
    named: dict[str, list[str]] = {}
    for each in files:
        named.setdefault(each.type, []).append(each.name)
    content: dict[str, str | bytes] = {each.path: each.text for each in files}
    return zipped({"package.xml": manifest(named), **content})


def reason(org: Org, files: list[File], of: str) -> str:
    """Why one of the files is refused; empty where it is deployed."""
    with org.changing():
        outcome = deploy_.deploy(org, package(files), deploy_.Options(), "67.0", "")
    assert outcome.refused is None, outcome.refused
    return next(
        (each.reason for each in outcome.messages if each.is_failure and each.name == of), ""
    )


def undone(file: File) -> File:
    """The file with what its publisher blotted out replaced by something of the right form."""
    text = _KEY.sub(r"PLACEHOLDERKEY\1", file.text)
    text = _CERTIFICATE.sub(lambda _: f"<certificate>{_certificate()}</certificate>", text)
    user = "<oauthClientCredentialUser>admin@acme.example</oauthClientCredentialUser>"
    return File(file.type, file.name, _USER.sub(user, text))


@cache
def _certificate() -> str:
    return jwts.new_key_pair("corpus", datetime(2026, 1, 1, tzinfo=UTC), "corpus").certificate


def prepare(org: Org, file: File) -> list[File]:
    """Give the org the profiles, permission sets and licences that a file names.

    Gives the file with the parents that must be deployed beside it.
    """
    with org.changing():
        for name in filter(None, file.words("userLicense")):
            _license(org, name)
        if file.type == "Profile" and "false" in file.words("custom") and file.name != "Admin":
            profiles.add_profile(org, file.name, frozenset(), file.words("userLicense")[0])
        for name in set(filter(None, file.words("profileName"))):
            if not _there(org, "Profile", name):
                profiles.add_profile(org, name, frozenset())
        for name in set(filter(None, file.words("permissionSetName"))):
            profiles.add_permission_set(org, re.sub(r"\W", "_", name), name)
    return [*_parents(file), file]


def _license(org: Org, name: str) -> None:
    if not _there(org, "UserLicense", name):
        objects.insert(org.db, "UserLicense", Id=org.ids.new("100"), Name=name, MasterLabel=name)
    licenses.of(org, name)


def _there(org: Org, entity: str, name: str) -> bool:
    return org.db.execute(f'SELECT 1 FROM "{entity}" WHERE "Name" = ?', (name,)).fetchone() is not (
        None
    )


def _parents(file: File) -> list[File]:
    return [
        File(type_, name, xml(type_, inner))
        for app in file.words("externalClientApplication")
        for type_, name, inner in (
            ("ExternalClientApplication", app, f"<label>{escape(app)}</label>"),
            ("ExtlClntAppOauthSettings", f"{app}_oauth",
             f"<externalClientApplication>{escape(app)}</externalClientApplication>"),
        )
    ]  # fmt: skip
