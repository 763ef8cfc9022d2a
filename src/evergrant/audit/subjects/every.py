"""Every subject of files and an org, without judging: what a forecast and a comparison read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from evergrant.audit.model import OrgRows, Subject
from evergrant.audit.source.retrieved import retrieved_project
from evergrant.audit.source.walk import walk
from evergrant.audit.subjects.org import OrgReader
from evergrant.audit.subjects.project import Reader


def every_subject(paths: Sequence[Path], org: OrgRows | None, now: datetime) -> Iterator[Subject]:
    """Subjects as an audit of the same paths and org meets them; what is broken is left out."""
    for project in walk(paths).projects.values():
        yield from Reader(project, now).subjects()
    if org is None:
        return
    reader = OrgReader(org, now)
    if retrieved := retrieved_project(org):
        inner = Reader(retrieved, now, is_source=False)
        yield from reader.joined(inner.subjects())
    yield from reader.subjects()
