"""What the Metadata API says when it will not: one table of texts, each with its mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from evergrant.emulator.metadata.markup import Node
    from evergrant.emulator.schema import Mark


@dataclass(frozen=True, slots=True)
class Told:
    """One text; the words between braces are filled in."""

    template: str
    mark: Mark = "inferred"
    source: str = ""
    code: str = ""
    """The StatusCode of a SOAP fault or of a whole deployment, where there is one."""
    kind: Literal["Error", "Warning"] = "Error"


_ISSUES: Final = "https://github.com/"
TEXTS: Final[dict[str, Told]] = {
    # --- one component ---
    "xml": Told("Error parsing file: {why}"),
    "root": Told("The root element of {file} must be {expected}, not {found}"),
    "element": Told(
        "Element {{{space}}}{name} invalid at this location in type {type}",
        "recorded", "org-model 1.5 (a profile deployment, August 2026)",
    ),
    "twice": Told("Element {{{space}}}{name} is duplicated at this location in type {type}"),
    "version": Told(
        "Property '{name}' not valid in version {version}",
        "recorded", f"{_ISSUES}LawrenceLoz/FormulaShare-DX/issues/23",
    ),
    "enum": Told(
        "'{value}' is not a valid value for the enum '{enum}'", "recorded", "org-model 1.4.6"
    ),
    "value": Told("'{value}' is not a valid value for the type xsd:{kind}"),
    "required": Told("Required field is missing: {name}"),
    "policy": Told("Invalid value for {name}: {why}"),
    "key_form": Told("The consumer key must be 8 to 256 letters and digits"),
    "key_taken": Told(
        "The consumer key is already taken.",
        "recorded", f"{_ISSUES}forcedotcom/devops-center-feedback/issues/256",
    ),
    "key_fixed": Told(
        "You cannot provide a Consumer Key",
        "recorded", f"{_ISSUES}trailheadapps/ready-to-fly/issues/29",
    ),
    "creation_off": Told(
        "Creation of connected apps is disabled. Use an external client app, or contact Salesforce"
        " Support",
    ),
    "certificate": Told("The certificate cannot be read"),
    "no_named": Told("In field: {field} - no {type} named {name} found"),
    "no_permission_sets": Told(
        "INVALID_FIELD: We couldn't find permission sets called {name}",
        "recorded", "org-model 1.4.6",
    ),
    "no_app": Told(
        "INVALID_CROSS_REFERENCE_KEY: no external client app is named {name}",
        "recorded", "org-model 1.4.6 (the code; the words after it are inferred)",
    ),
    "no_oauth": Told(
        "{name} doesn't have a valid OAuth settings configuration",
        "recorded", "org-model 1.4.6 (the words after the name)",
    ),
    "second": Told(
        "DUPLICATE_VALUE: duplicate value found: {field} duplicates value on record {other}",
        "recorded", "org-model 1.4.6 (code and form)",
    ),
    "app_fixed": Told("The external client app of a component cannot be changed"),
    "run_as": Told(
        "Enter a valid execution user for the OAuth client credentials flow.",
        "recorded", "org-model 1.4.6 (its cause there is not established)",
    ),
    "rotation": Told(
        "This deployment rotates the {what} of {name}; deploy with ignoreWarnings to go on",
        kind="Warning",
    ),
    "no_profile": Told("No standard profile named {name} exists in this organization"),
    "hours": Told("Login hours are minutes from midnight, in multiples of 60: {value}"),
    "no_component": Told("No {type} named: {name} found"),
    # --- a whole package ---
    "zip": Told("The package cannot be read: {why}", code="INVALID_FILE_METADATA"),
    "no_manifest": Told("No package.xml found"),
    "manifest": Told("Error parsing {file}: {why}"),
    "unknown_type": Told("Unknown type name '{name}' specified in {file}"),
    "unsupported_version": Told("Invalid version specified: {version}"),
    "wildcard_delete": Told("A wildcard cannot be used in {file}"),
    "not_in_zip": Told(
        "An object '{name}' of type {type} was named in package.xml, but was not found in zipped"
        " directory", "recorded", "https://taourl.com/read-2282870.html (the second half)",
    ),
    "not_in_manifest": Told("{file} is in the zipped directory, but is not named in package.xml"),
    "unknown_file": Told("{file} belongs to no metadata type that this emulator builds"),
    "not_found": Told("Entity of type '{type}' named '{name}' cannot be found"),
    # --- a call ---
    "session": Told(
        "Invalid Session ID found in SessionHeader: Illegal Session", code="INVALID_SESSION_ID"
    ),
    "access": Told(
        "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata"
        " permissions", code="INSUFFICIENT_ACCESS",
    ),
    "api_version": Told("Invalid Api version specified on URL", code="UNSUPPORTED_API_VERSION"),
    "no_job": Told("no job with the id {name}", code="INVALID_CROSS_REFERENCE_KEY"),
    "job_done": Told("the deployment {name} has ended", code="INVALID_ID_FIELD"),
    "queries": Told("at most 3 queries a call", code="EXCEEDED_MAX_TYPES_LIMIT"),
    "no_type": Told("Unknown type: {name}", code="INVALID_TYPE"),
    "read_most": Told("at most 10 components a call", code="LIMIT_EXCEEDED"),
    "request": Told("{why}", code="INVALID_FIELD"),
    "production": Told(
        "rollbackOnError must be true in a production organization", code="INVALID_OPERATION"
    ),
    "too_long": Told("the request is longer than 50 MB", code="EXCEEDED_MAX_SIZE_REQUEST"),
}  # fmt: skip


class Refused(Exception):
    """A component, a package or a call is refused; `key` names the text."""

    def __init__(self, key: str, at: Node | None = None, **words: str) -> None:
        told = TEXTS[key]
        self.key, self.mark, self.code, self.kind = key, told.mark, told.code, told.kind
        self.message = told.template.format_map(words)
        self.line = at.line if at is not None else 0
        self.column = at.column if at is not None else 0
        super().__init__(self.message)
