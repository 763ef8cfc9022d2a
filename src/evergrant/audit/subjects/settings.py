"""Settings files of one project → the org as a subject."""

from __future__ import annotations

from collections.abc import Sequence

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.source.xml import Document
from evergrant.audit.traits import ranges
from evergrant.audit.traits.written import written

_RANGES = "networkAccess/ipRanges"


def org(documents: Sequence[Document], project: str) -> Subject:
    """What the settings say of the org; settings that were not given say nothing."""
    traits = {trait.name: trait for each in documents for trait in written(each)}
    for document in documents:
        if document.type == "SecuritySettings":
            held = document.by_path.get(_RANGES, ())
            flaw = ranges.flawed((each.child("start"), each.child("end")) for each in held)
            traits["org.flawed_ranges"] = Trait(
                "org.flawed_ranges", flaw, "derived", document.place(_RANGES)
            )
    files = {each.type: each.file for each in documents}
    name = project if len(documents) > 1 else documents[0].name
    return Subject("org", name, project, Place(documents[0].file), traits, files)
