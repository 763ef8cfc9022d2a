"""The emulated org, compared with a real one: the same questions to both, mark by mark."""

from evergrant.fidelity.behaviour import Behaviour, Writes
from evergrant.fidelity.judge import Difference, Judgement
from evergrant.fidelity.marks import marks
from evergrant.fidelity.observe import possible
from evergrant.fidelity.org_facts import OrgFacts, learn
from evergrant.fidelity.recording import Recording, read_recording, written
from evergrant.fidelity.side import TestedApp
from evergrant.fidelity.table import behaviours
from evergrant.fidelity.twin import TwinApp, check_settings
from evergrant.fidelity.verify import Report, judged, record

__all__ = [
    "Behaviour",
    "Difference",
    "Judgement",
    "OrgFacts",
    "Recording",
    "Report",
    "TestedApp",
    "TwinApp",
    "Writes",
    "behaviours",
    "check_settings",
    "judged",
    "learn",
    "marks",
    "possible",
    "read_recording",
    "record",
    "written",
]
