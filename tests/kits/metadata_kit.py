"""The Metadata API as a test speaks it: packages made by hand, SOAP envelopes, results read."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import httpx2

from evergrant.emulator.connected import sign_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evergrant.emulator import Emulator

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
VERSION = "67.0"
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once, for it takes long; nothing here speaks TLS."""


def xml(root: str, inner: str) -> str:
    """A component's file."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{inner}</{root}>'


def manifest(types: Mapping[str, Sequence[str]], version: str = VERSION) -> str:
    """A package.xml."""
    parts = (
        "<types>" + "".join(f"<members>{escape(each)}</members>" for each in members)
        + f"<name>{name}</name></types>"
        for name, members in types.items()
    )  # fmt: skip
    return xml("Package", f"{''.join(parts)}<version>{version}</version>")


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of these files."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return target.getvalue()


@dataclass(frozen=True, slots=True)
class Deployed:
    """The result of a deployment."""

    status: str
    success: bool
    problems: dict[str, str]
    """What went wrong, by full name; warnings of what went well are among them."""
    created: tuple[str, ...]
    error: str
    node: Element

    @property
    def problem(self) -> str:
        """The only problem."""
        (found,) = self.problems.values()
        return found


class Metadata:
    """A client of the SOAP Metadata API, signed in as one user."""

    def __init__(self, emulator: Emulator, user: str = "admin", version: str = VERSION) -> None:
        self.emulator, self.version = emulator, version
        self.session = sign_in(emulator.org, user)["access_token"]

    def post(self, body: str, session: str | None = None) -> httpx2.Response:
        """Send one operation's element."""
        envelope = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            f' xmlns="{NAMESPACE}"><soapenv:Header><SessionHeader>'
            f"<sessionId>{escape(session or self.session)}</sessionId></SessionHeader>"
            f"</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        )
        return httpx2.post(
            f"{self.emulator.url}/services/Soap/m/{self.version}", content=envelope,
            headers={"content-type": "text/xml", "soapaction": '""'}, timeout=30, verify=TLS,
        )  # fmt: skip

    def call(self, operation: str, inner: str = "") -> list[Element]:
        """The results of an operation; fails where it is refused."""
        response = self.post(f"<{operation}>{inner}</{operation}>")
        assert response.status_code == 200, response.text
        return list(fromstring(bare(response.text)).iter("result"))

    def fault(self, operation: str, inner: str = "", session: str | None = None) -> str:
        """The code and text of the fault that an operation gets."""
        response = self.post(f"<{operation}>{inner}</{operation}>", session)
        assert response.status_code == 500, response.text
        return fromstring(bare(response.text)).findtext(".//faultstring") or ""

    def deploy_zip(self, raw: bytes, **options: object) -> Deployed:
        """Deploy a zip; options by their SOAP names."""
        job = self.begin(raw, **options)
        return self.status(job)

    def begin(self, raw: bytes, **options: object) -> str:
        """Hand a zip in; gives the job's id."""
        words = {"rollbackOnError": True, "singlePackage": True, **options}
        spelled = {name: str(value).lower() if isinstance(value, bool) else value
                   for name, value in words.items()}  # fmt: skip
        told = "".join(f"<{name}>{value}</{name}>" for name, value in spelled.items())
        sent = base64.b64encode(raw).decode()
        (result,) = self.call(
            "deploy", f"<ZipFile>{sent}</ZipFile><DeployOptions>{told}</DeployOptions>"
        )
        return result.findtext("id") or ""

    def status(self, job: str) -> Deployed:
        """What came of a deployment."""
        (node,) = self.call(
            "checkDeployStatus",
            f"<asyncProcessId>{job}</asyncProcessId><includeDetails>true</includeDetails>",
        )
        told = [*node.iter("componentFailures"), *node.iter("componentSuccesses")]
        return Deployed(
            node.findtext("status") or "", node.findtext("success") == "true",
            {each.findtext("fullName") or "": each.findtext("problem") or ""
             for each in told if each.find("problem") is not None},
            tuple(each.findtext("fullName") or "" for each in told
                  if each.findtext("created") == "true"),
            node.findtext("errorMessage") or "", node,
        )  # fmt: skip

    def deploy(self, types: Mapping[str, Mapping[str, str]], **options: object) -> Deployed:
        """Deploy components: by type, the path in the package and the file of each full name."""
        files: dict[str, str | bytes] = {}
        named: dict[str, list[str]] = {}
        for type_, components in types.items():
            for path, content in components.items():
                files[path] = content
                named.setdefault(type_, []).append(path.rpartition("/")[2].rpartition(".")[0])
        return self.deploy_zip(zipped({"package.xml": manifest(named), **files}), **options)

    def delete(self, types: Mapping[str, Sequence[str]]) -> Deployed:
        """Delete components."""
        files = {"package.xml": manifest({}), "destructiveChanges.xml": manifest(types)}
        return self.deploy_zip(zipped(files))

    def retrieve(self, types: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[str]]:
        """The files of components by path, and the problems told."""
        asked = manifest(types)
        inner = asked[asked.index("<types") if types else asked.index("<version") :]
        inner = inner.removesuffix("</Package>")
        (begun,) = self.call(
            "retrieve",
            f"<retrieveRequest><apiVersion>{VERSION}</apiVersion>"
            f"<unpackaged>{inner}</unpackaged></retrieveRequest>",
        )
        (node,) = self.call(
            "checkRetrieveStatus", f"<asyncProcessId>{begun.findtext('id')}</asyncProcessId>"
        )
        raw = base64.b64decode(node.findtext("zipFile") or "")
        with ZipFile(BytesIO(raw)) as opened:
            files = {name: opened.read(name).decode() for name in opened.namelist()}
        return files, [each.text or "" for each in node.iter("problem")]

    def one(self, type_: str, name: str) -> str:
        """The file of one component."""
        files, problems = self.retrieve({type_: [name]})
        assert not problems, problems
        (found,) = (text for path, text in files.items() if not path.endswith("package.xml"))
        return found


def bare(text: str) -> str:
    """XML without its default namespace, so that names can be asked for as they are."""
    return text.replace(f' xmlns="{NAMESPACE}"', "")
