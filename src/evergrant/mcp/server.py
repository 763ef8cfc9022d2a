"""The tools: each parses, calls one verb, and answers with plain values.

An error of ours becomes a tool error that tells what to do next; any other is a defect and tells
nothing.  Tools that change something are there only when writing was allowed at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from evergrant import evidence
from evergrant import keeper as verbs
from evergrant.diagnosis import diagnose
from evergrant.diagnosis.explain import explain_term, near_misses
from evergrant.errors import BadInput, EvergrantError, NotFound
from evergrant.keeper.doctor import PERSON
from evergrant.log import mask
from evergrant.mcp import answers, audited
from evergrant.mcp.house import House
from evergrant.model import Fact, FlowId, Subject

P = ParamSpec("P")
T = TypeVar("T")

INSTRUCTIONS = """\
Evergrant says why a Salesforce OAuth connection fails, and what to do. Paste error texts verbatim
into evergrant_diagnose_text. The first word of every answer is the decision: Retry, Wait,
Reauthorize, Admin change, Client change, or Look first. Obey do_not: blind retries lock users, and
reauthorizing does not cure a policy refusal. Text alone never says more than likely."""
MOST = 50
READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
ACTS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
"""Adds to what is kept, and speaks with Salesforce; nothing is ever taken away."""

Text = Annotated[str, Field(max_length=1_000_000)]
Name = Annotated[str, Field(max_length=200, description="id or name of a connection")]


def server(house: House, *, allow_writes: bool = False) -> MCPServer:
    """The tools over one house; those that write only where it is allowed."""
    made = MCPServer("evergrant", title="Evergrant", instructions=INSTRUCTIONS, log_level="WARNING")
    tools = _Tools(house)
    for name, title, tool in tools.reading():
        made.add_tool(
            _told(tool), name=name, title=title, annotations=READS, structured_output=True
        )
    for name, title, tool in tools.writing() if allow_writes else ():
        made.add_tool(_told(tool), name=name, title=title, annotations=ACTS, structured_output=True)
    return made


Row = tuple[str, str, Callable[..., object]]


@dataclass(frozen=True, slots=True)
class _Tools:
    """The tools by name; what they say of themselves is what an agent reads."""

    house: House

    def reading(self) -> tuple[Row, ...]:
        return (
            ("evergrant_explain_term", "Explain an error", self.explain),
            ("evergrant_diagnose_text", "Diagnose a text", self.diagnose),
            ("evergrant_consult_doctor", "Consult the doctor", self.consult),
            ("evergrant_list_connections", "List connections", self.list_connections),
            ("evergrant_show_connection", "Show a connection", self.show_connection),
            ("evergrant_audit", "Audit files, or an org", self.audit),
            ("evergrant_list_drills", "List drills", self.list_drills),
            ("evergrant_run_drill", "Run a drill", self.drill),
        )

    def writing(self) -> tuple[Row, ...]:
        return (
            ("evergrant_check_connection", "Check a connection", self.check),
            ("evergrant_start_reauthorization", "Start a reauthorization", self.reauthorize),
        )

    def explain(self, term: Annotated[str, Field(max_length=1000)]) -> answers.ExplainedTerm:
        """Explain one Salesforce error code, error_description, Login History status, or cause id
        (invalid_grant, "Failed: Not approved for access", ip-restricted)."""
        found = explain_term(term, self.house.catalog, self.house.clock.now().date())
        if found is None:
            near = ", ".join(near_misses(term, self.house.catalog)) or "nothing comes near"
            raise NotFound(f"not known: {term}", next_step=f"try one of: {near}")
        return answers.of_term(found)

    def diagnose(
        self,
        text: Text,
        context: Text = "",
        flow: FlowId = "unknown",
        app: Name = "",
        user: Name = "",
    ) -> answers.Judgement:
        """Say why a Salesforce connection fails, from pasted text of any kind: error JSON, the
        address of a page, log lines, a stack trace, a curl command, a HAR file, a JWT, Login
        History as CSV or JSON. `context` is what else is known, in words; `app` and `user` say
        whose rows count. Secrets are masked."""
        wanted = replace(self._wanted(), flow=flow, context=context, app=app, user=user)
        facts = evidence.of_pasted(text, wanted).facts
        return answers.of_diagnosis(diagnose(facts, self.house.catalog), self.house.catalog)

    def _wanted(self) -> evidence.Wanted:
        return evidence.Wanted(now=self.house.clock.now())

    def consult(
        self,
        connection: Name = "",
        text: Text = "",
        answers_given: Annotated[
            dict[str, str | bool | float], Field(description="answers to its questions, by fact")
        ] = {},  # noqa: B006  # never changed; the schema shows it as the default
    ) -> answers.Consultation:
        """Consult the doctor on a connection, a pasted text, or both: verdict, gates in the order
        of Salesforce's, one question at a time (answer it in `answers_given`), and what is missing.
        Looks at what is kept; touches neither connection nor org."""
        if not (connection or text or answers_given):
            raise BadInput("there is nothing to examine", next_step="give a connection or a text")
        keeper, now = self.house.keeper, self.house.clock.now()
        told = evidence.of_pasted(text, self._wanted()).facts if text else ()
        facts = (*told, *(self._answer(*each) for each in answers_given.items()))
        about = verbs.case_of(keeper, connection).connection.id if connection else ""
        asked = verbs.Examination("", now, about, facts=facts)
        return answers.of_visit(verbs.consult(keeper, asked), self.house.catalog)

    def _answer(self, name: str, value: str | bool | float) -> Fact:
        kind = self.house.catalog.facts.get(name)
        if kind is None:
            raise BadInput(f"no question is about {name!r}", next_step="use the fact of a question")
        yes_no = {"yes": True, "true": True, "no": False, "false": False}
        known = yes_no.get(str(value).lower(), value) if kind.kind == "bool" else value
        shown = mask(f"{kind.title}: {value}")
        clean = mask(known) if isinstance(known, str) else known
        return Fact(name, clean, Subject(kind.about), PERSON, self.house.clock.now(), quote=shown)

    def list_connections(
        self,
        needs_attention: bool = False,
        limit: Annotated[int, Field(ge=1, le=MOST)] = MOST,
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> answers.Connections:
        """List the connections that Evergrant keeps, with state and likely cause."""
        from evergrant.health import BROKEN

        known = verbs.overview(self.house.keeper)
        wanted = [each for each in known if each.connection.state in BROKEN or not needs_attention]
        part = wanted[offset : offset + limit]
        rows = [answers.of_standing(each) for each in part]
        more = offset + limit if offset + limit < len(wanted) else None
        return answers.Connections(rows, len(wanted), more)

    def show_connection(self, connection: Name) -> answers.Shown:
        """Show one connection: state, diagnosis with evidence, history."""
        return answers.of_case(verbs.case_of(self.house.keeper, connection), self.house.catalog)

    def audit(
        self,
        connection: Name = "",
        paths: Annotated[
            list[Annotated[str, Field(max_length=4096)]],
            Field(max_length=100, description="files, folders or zips with Salesforce metadata"),
        ] = [],  # noqa: B006  # never changed; the schema shows it as the default
        profile: Annotated[str, Field(max_length=100, description="only a profile's rules")] = "",
        limit: Annotated[int, Field(ge=1, le=MOST)] = MOST,
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> audited.Audited:
        """Say what is too loose in OAuth apps and what is too tight to work: in metadata files
        (below folders that the operator allowed), or what the audits of a connection's org found.
        Not known is not a pass: see could_not_see. Changes nothing."""
        if bool(connection) is bool(paths):
            raise BadInput("there is nothing to audit", next_step="give a connection or paths")
        if connection:
            return audited.part_of(audited.audit_of(self.house, connection), limit, offset)
        return audited.part_of(audited.audit_files(self.house, paths, profile), limit, offset)

    def list_drills(self) -> answers.Drills:
        """List the scenarios that can be drilled against the emulated org."""
        from evergrant.drills import ids

        return answers.Drills(ids())

    def drill(self, scenario: Annotated[str, Field(max_length=200)]) -> answers.Drilled:
        """Break an emulated Salesforce org, diagnose, heal and prove it; nothing real is touched.
        Takes some seconds."""
        from evergrant.drills import drill

        return answers.of_rows(drill(scenario))

    def check(self, connection: Name) -> answers.Look:
        """Look whether a connection works now, with its own credential."""
        return answers.of_check(verbs.check(self.house.keeper, connection))

    def reauthorize(
        self, connection: Name, login_hint: Annotated[str, Field(max_length=200)] = ""
    ) -> answers.Begun:
        """Start a reauthorization in place. Gives a link for a person to open in a browser, never a
        token; it is good once, for ten minutes. Needs `evergrant serve` to be running."""
        case = verbs.case_of(self.house.keeper, connection)
        body = {"integration": case.integration.id, "connection": case.connection.id}
        begun = self.house.begin(body | {"login_hint": login_hint})
        who = "Open the link in the browser of whoever authorizes; settings stay as they are."
        return answers.Begun(begun.id, begun.link, who)


def _told(tool: Callable[P, T]) -> Callable[P, T]:
    """The tool with our errors as tool errors: masked, and with the next step."""

    @wraps(tool)
    def told(*given: P.args, **named: P.kwargs) -> T:
        try:
            return tool(*given, **named)
        except EvergrantError as error:
            raise ToolError(mask(error.diagnostics())) from error

    return told
