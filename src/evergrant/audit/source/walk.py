"""Which files there are, and which of them belong together.

Files of one project are judged together; those under no common root are judged apart, so that one
repository's org settings never colour another's app.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evergrant.audit.model import Place, Problem
from evergrant.audit.source.archive import is_zip, members

MARKERS = ("sfdx-project.json", "package.xml")
TYPE_FOLDERS = frozenset(
    {
        "blacklistedConsumers", "connectedApps", "externalClientApps",
        "extlClntAppGlobalOauthSets", "extlClntAppOauthPolicies", "extlClntAppOauthSettings",
        "extlClntAppOauthSecuritySettings", "extlClntAppPolicies", "permissionsets",
        "profileSessionSettings", "profiles", "settings",
    }
)  # fmt: skip
"""Folders that metadata stands in (org-model 1.1); their parent is a project's root."""
SKIPPED = frozenset({".git", ".sf", ".sfdx", "node_modules", "__pycache__", ".venv"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that may be metadata."""

    label: str
    load: Callable[[int], bytes]
    """Its first bytes, up to a number."""
    size: int
    is_named: bool = False
    """Named by the caller, not found in a folder."""


@dataclass(slots=True)
class Project:
    """Files that are judged together."""

    label: str
    files: list[SourceFile] = field(default_factory=list)
    is_loose: bool = False
    """No common root was found: only pieces of one app are joined."""


@dataclass(slots=True)
class Walked:
    """All that was found."""

    projects: dict[str, Project] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files there are to look at."""
        return sum(len(each.files) for each in self.projects.values())

    def add(self, file: SourceFile, label: str, *, is_loose: bool = False) -> None:
        """A file, to the project of that label."""
        project = self.projects.setdefault(label, Project(label, is_loose=is_loose))
        project.files.append(file)


def walk(paths: Sequence[Path]) -> Walked:
    """Every file under the paths, by project; symbolic links out of the tree are reported."""
    walked, roots = Walked(), _Roots()
    for path in paths:
        if not path.exists():
            walked.problems.append(Problem(Place(path.as_posix()), "there is no such file or "
                                           "folder", is_fatal=True))  # fmt: skip
        elif path.is_dir():
            for found in _files(path, path.resolve(), walked):
                _take(found, walked, roots, is_named=False)
        else:
            _take(path, walked, roots, is_named=True)
    return walked


def _files(folder: Path, top: Path, walked: Walked) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        walked.problems.append(
            Problem(Place(folder.as_posix()), f"cannot be read: {error.strerror}")
        )
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink() and not _within(path, top):
            walked.problems.append(
                Problem(Place(path.as_posix()), "a symbolic link that leads out of the folder: "
                        "not followed"))  # fmt: skip
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED:
                yield from _files(path, top, walked)
        elif entry.is_file():
            yield path


def _within(path: Path, top: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(top)
    except OSError:
        return False


def _take(path: Path, walked: Walked, roots: _Roots, *, is_named: bool) -> None:
    label = path.as_posix()
    try:
        size = path.stat().st_size
        if is_zip(path, is_named=is_named):
            for name, length, load in members(path, walked.problems):
                walked.add(SourceFile(f"{label}!{name}", load, length), label)
            return
    except OSError as error:
        walked.problems.append(Problem(Place(label), f"cannot be read: {error.strerror}"))
        return
    root, is_loose = roots.of(path.parent)
    file = SourceFile(label, _loader(path), size, is_named)
    walked.add(file, root, is_loose=is_loose)


def _loader(path: Path) -> Callable[[int], bytes]:
    def load(most: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(most)

    return load


class _Roots:
    """Which project a folder belongs to; every folder is asked once."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str, bool]] = {}

    def of(self, folder: Path) -> tuple[str, bool]:
        """The root's label, and whether it is none (the folder itself stands in)."""
        if folder not in self._known:
            self._known[folder] = self._find(folder)
        return self._known[folder]

    def _find(self, folder: Path) -> tuple[str, bool]:
        absolute = folder.absolute()
        for each in (absolute, *absolute.parents):
            if any((each / marker).is_file() for marker in MARKERS):
                return os.path.relpath(each) if each != absolute else folder.as_posix(), False
            if (each / ".git").exists():
                break
        for each in (absolute, *absolute.parents):
            if each.name in TYPE_FOLDERS:
                return os.path.relpath(each.parent), False
        return folder.as_posix(), True
