"""The verb: read what is there, judge it, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from evergrant.audit import hidden
from evergrant.audit.judge import Verdict, by_kind, finding, judge
from evergrant.audit.model import (
    Finding,
    Key,
    Options,
    OrgRows,
    Place,
    Problem,
    Report,
    Subject,
    Tally,
    Unjudged,
)
from evergrant.audit.order import in_order
from evergrant.audit.source.retrieved import retrieved_project
from evergrant.audit.source.walk import walk
from evergrant.audit.subjects.org import OrgReader
from evergrant.audit.subjects.project import Reader
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.rules import Rule, SubjectKind
from evergrant.catalog.traits import vocabulary
from evergrant.errors import BadInput

NOTHING = Options()


def audit(paths: Sequence[Path], org: OrgRows | None = None, options: Options = NOTHING) -> Report:
    """Everything that is wrong in files, folders, zips and an org, judged together.

    Broken files become problems and others go on; a path that does not exist is a fatal problem.
    Raises `BadInput` for a profile or rule that nobody knows.
    """
    course = Course(_chosen(options), options)
    found = in_order(course.run(paths, org))
    return course.report(found)


def stream(
    paths: Sequence[Path], org: OrgRows | None = None, options: Options = NOTHING
) -> Iterator[Finding]:
    """The same findings as they come, project by project, so that memory stays flat."""
    return Course(_chosen(options), options).run(paths, org)


def _chosen(options: Options) -> dict[str, Rule]:
    """The rules to judge by."""
    book = rule_book()
    chosen = dict(book.rules)
    if options.profile:
        if options.profile not in book.profiles:
            raise BadInput(
                f"nobody knows the profile {options.profile!r}",
                next_step=f"choose one of {', '.join(book.profiles)}",
            )
        wanted = book.profiles[options.profile].rules
        chosen = {id_: rule for id_, rule in chosen.items() if id_ in wanted}
    if options.rules:
        if strangers := options.rules - {n for r in book.rules.values() for n in (r.id, r.code)}:
            raise BadInput(f"nobody knows the rule {min(strangers)!r}")
        chosen = {i: rule for i, rule in chosen.items() if {i, rule.code} & options.rules}
    return chosen


@dataclass(slots=True)
class Course:
    """One audit on its way: what was judged so far."""

    rules: Mapping[str, Rule]
    options: Options
    problems: list[Problem] = field(default_factory=list)
    tallies: dict[str, list[int]] = field(default_factory=dict)
    """Rule → failed, unknown, passed, not applicable, and of the unknown those untold."""
    files: int = 0
    apps: int = 0
    projects: list[str] = field(default_factory=list)
    cleared: set[Key] = field(default_factory=set)
    _by_kind: Mapping[SubjectKind, tuple[Rule, ...]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The time that ages count from."""
        return self.options.now or datetime.now(UTC)

    def run(self, paths: Sequence[Path], org: OrgRows | None) -> Iterator[Finding]:
        """Every finding, as it comes."""
        self._by_kind = by_kind(self.rules.values())
        walked, rows = walk(paths), OrgReader(org, self.now) if org else None
        self.problems += walked.problems
        known = walked.files
        for project in walked.projects.values():
            yield from self._project(Reader(project, self.now), known, rows)
        if org and rows:
            yield from self._org(org, rows)
        if not self.files and org is None and not self.problems:
            named = ", ".join(each.as_posix() for each in paths)
            what = "no metadata of apps, settings, profiles or permission sets is there"
            self.problems.append(Problem(Place(named), f"{what}: nothing was judged",
                                         is_fatal=True))  # fmt: skip

    def _project(self, reader: Reader, known: int, rows: OrgReader | None) -> Iterator[Finding]:
        """One project; where an org is given too, its rows tell more of the apps."""
        subjects = reader.subjects()
        yield from self._judged(rows.joined(subjects) if rows else subjects, known)
        self._count(reader)

    def _org(self, org: OrgRows, rows: OrgReader) -> Iterator[Finding]:
        if project := retrieved_project(org):
            reader = Reader(project, self.now, is_source=False)
            yield from self._project(reader, len(project.files), rows)
        yield from self._judged(rows.subjects(), 0)
        self.problems += hidden.problems(org, self.rules.values())

    def _count(self, reader: Reader) -> None:
        self.problems += reader.problems
        self.files += reader.read
        self.apps += reader.apps
        if reader.read:
            self.projects.append(reader.project.label)

    def _judged(self, subjects: Iterator[Subject], known: int) -> Iterator[Finding]:
        for number, subject in enumerate(subjects):
            for each in judge(subject, self._by_kind.get(subject.kind, ())):
                tally = self.tallies.setdefault(each.rule.id, [0, 0, 0, 0, 0])
                tally[_COLUMN[each.status]] += 1
                tally[4] += each.is_untold
                if each.status == "fail" or (each.status == "unknown" and not each.is_untold):
                    yield finding(each, subject)
                elif self.options.followed:
                    self._follow(each, (each.rule.id, subject.kind, subject.name))
            if self.options.progress and number % 100 == 0:
                self.options.progress(self.files + number, known)

    def _follow(self, verdict: Verdict, key: Key) -> None:
        if key in self.options.followed and verdict.status in ("pass", "not-applicable"):
            self.cleared.add(key)

    def report(self, findings: tuple[Finding, ...]) -> Report:
        """The whole, once everything was judged."""
        return Report(
            findings=findings,
            problems=tuple(self.problems),
            unjudged=tuple(self._unjudged()),
            tallies={id_: Tally(*counts[:4]) for id_, counts in self.tallies.items()},
            files=self.files,
            apps=self.apps,
            projects=tuple(self.projects),
            profile=self.options.profile,
            at=self.now,
            cleared=frozenset(self.cleared),
        )

    def _unjudged(self) -> Iterator[Unjudged]:
        """Rules that had no subject, or whose every subject lacked the evidence."""
        words = vocabulary().words
        for id_, rule in self.rules.items():
            failed, unknown, passed, other, untold = self.tallies.get(id_, (0, 0, 0, 0, 0))
            if rule.subject != "file" and failed + passed + other + unknown - untold == 0:
                looked = [words[name] for name in rule.traits]
                beyond = [each for each in looked if each.is_beyond_files] or looked
                yield Unjudged(rule, "; ".join(dict.fromkeys(each.evidence for each in beyond)))


_COLUMN = {"fail": 0, "unknown": 1, "pass": 2, "not-applicable": 3}
