"""The operations of the SOAP Metadata API, each from its request element to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from evergrant.emulator import state
from evergrant.emulator.metadata import jobs
from evergrant.emulator.metadata.calls import options_of, zip_of
from evergrant.emulator.metadata.document import inner_lines
from evergrant.emulator.metadata.envelope import Raw
from evergrant.emulator.metadata.holders import HOLDERS
from evergrant.emulator.metadata.manifest import Manifest, manifest_of
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.retrieve import listed, revealed
from evergrant.emulator.metadata.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrant.emulator.metadata.calls import Caller
    from evergrant.emulator.metadata.markup import Node
    from evergrant.emulator.metadata.shape import MetadataType

_MOST_QUERIES: Final = 3
_MOST_READ: Final = 10


def _describe(caller: Caller, _node: Node) -> Any:
    known = [each for each in TYPES.values() if each.since <= float(caller.version)]
    return {
        "metadataObjects": [
            {"directoryName": each.folder, "inFolder": False, "metaFile": False,
             "suffix": each.suffix, "xmlName": each.name}
            for each in known
        ],
        "organizationNamespace": "", "partialSaveAllowed": _is_sandbox(caller),
        "testRequired": not _is_sandbox(caller),
    }  # fmt: skip


def _is_sandbox(caller: Caller) -> bool:
    row = state.one(caller.org.db, 'SELECT "IsSandbox" FROM "Organization"')
    return bool(row and row["IsSandbox"])


def _list(caller: Caller, node: Node) -> Any:
    queries = node.all("queries")
    if len(queries) > _MOST_QUERIES:
        raise Refused("queries")
    types = [_type(each.word("type")) for each in queries]
    return [each for type_ in types for each in listed(caller.org, type_)]


def _type(name: str) -> MetadataType:
    if name not in TYPES:
        raise Refused("no_type", name=name)
    return TYPES[name]


def _retrieve(caller: Caller, node: Node) -> Any:
    # The WSDL says retrieveRequest; jsforce, and with it the CLI, sends request.
    request = node.first("retrieveRequest") or node.first("request") or node
    asked = request.first("unpackaged")
    manifest = manifest_of(asked) if asked is not None else Manifest({}, "")
    version = request.word("apiVersion") or caller.version
    number = f"{float(version):.1f}" if version.replace(".", "", 1).isdigit() else caller.version
    job = jobs.begin_retrieve(caller.org, manifest, number, caller.permissions)
    return {"done": False, "id": job, "state": "Queued"}


def _check_retrieve(caller: Caller, node: Node) -> Any:
    include = node.word("includeZip") in ("", "true", "1")
    return jobs.retrieve_result(caller.org, _job(node, "asyncProcessId"), include_zip=include)


def _deploy(caller: Caller, node: Node) -> Any:
    options = node.first("DeployOptions") or node.first("deployOptions")
    words = {each.name: each.text.strip() for each in options.children} if options else {}
    raw = zip_of(node.word("ZipFile"))
    job = jobs.begin_deploy(caller.org, raw, options_of(words), caller.version, caller.user_id)
    return {"done": False, "id": job, "state": "Queued"}


def _check_deploy(caller: Caller, node: Node) -> Any:
    result = jobs.deploy_result(caller.org, _job(node, "asyncProcessId"))
    details = node.word("includeDetails") in ("true", "1")
    return result if details else {**result, "details": {}}


def _cancel_deploy(caller: Caller, node: Node) -> Any:
    result = jobs.cancel_deploy(caller.org, _job(node, "String"))
    return {"done": result["done"], "id": result["id"]}


def _job(node: Node, name: str) -> str:
    """The id of a job; clients name the element asyncProcessId, String or id."""
    return node.word(name) or node.word("id") or node.word("String")


def _read(caller: Caller, node: Node) -> Any:
    type_ = _type(node.word("type"))
    names = [each.text.strip() for each in node.all("fullNames")]
    if len(names) > _MOST_READ:
        raise Refused("read_most")
    return {"records": [_record(caller, type_, name) for name in names]}


def _record(caller: Caller, type_: MetadataType, name: str) -> Raw:
    root, holder = type_.root_of(name), HOLDERS[type_.name]
    document = holder.read(caller.org, name) if name in holder.names(caller.org) else None
    if root is None or document is None:
        return Raw('xsi:nil="true"', "")
    shown = revealed(caller.org, type_, caller.permissions)
    inner = "".join(inner_lines(root, document, float(caller.version), shown))
    return Raw(f'xsi:type="{root.name}"', f"<fullName>{escape(name)}</fullName>{inner}")


OPERATIONS: Final[dict[str, Callable[[Caller, Node], Any]]] = {
    "describeMetadata": _describe,
    "listMetadata": _list,
    "retrieve": _retrieve,
    "checkRetrieveStatus": _check_retrieve,
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy,
    "cancelDeploy": _cancel_deploy,
    "readMetadata": _read,
}
