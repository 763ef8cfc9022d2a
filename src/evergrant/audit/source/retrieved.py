"""The zip that an org's Metadata API gave, as a project."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from evergrant.audit.model import OrgRows
from evergrant.audit.source.walk import Project, SourceFile


def retrieved_project(org: OrgRows) -> Project | None:
    """The files of the zip; None where no metadata was retrieved."""
    if not org.metadata:
        return None
    archive = zipfile.ZipFile(io.BytesIO(org.metadata))
    files = [
        SourceFile(f"{org.name}!{info.filename}", _loader(archive, info), info.file_size)
        for info in archive.infolist()
        if not info.is_dir()
    ]
    return Project(org.name, files)


def _loader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def load(most: int) -> bytes:
        with archive.open(info) as stream:
            return stream.read(most)

    return load
