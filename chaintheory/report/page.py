"""The report: ledger, curves, runs and comparisons in one directory that opens with no network.

The directory is written beside its final place and moved there in one rename, so that an
interrupted report leaves nothing half-written; a directory that does not carry our marker is never
replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaintheory import __version__
from chaintheory.report.arcs import Arcs
from chaintheory.report.formulas import displayed
from chaintheory.report.prose import typeset
from chaintheory.report.topics import chapter_title, homes, title
from chaintheory.support.files import unreadable
from chaintheory.support.json_values import plain
from chaintheory.support.validation import shown

if TYPE_CHECKING:
    from chaintheory.figures import Picture

MARKER = ".chaintheory-report"
MADE_BY = "Made by chaintheory report, which replaces these files:"

Progress = Callable[[str, int], object]
Tick = Callable[[str], object]


@dataclass
class Formula:
    """A cell of a table: a sentence of ours, and below it a formula as HTML."""

    text: str
    html: str


@dataclass
class Table:
    """A table of the report; the cells are text, escaped when the page is rendered, or formulas."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    prose: bool = False  # sentences rather than numbers
    ours: bool = False  # written here, not by a stranger: formulas in it are set


@dataclass
class Section:
    """One section: its text, what it shows, the numbers behind it, its main results, and whether it passed."""

    anchor: str
    title: str
    text: list[str]
    statements: list[dict[str, Any]] = field(default_factory=list)
    arcs: Arcs | None = None
    graph: Arcs | None = None  # the whole of it, as a file of its own
    pictures: list[Picture] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    numbers: Any = None
    passed: bool = True
    results: Sequence[str] = ()
    within: bool = False  # a part of the section before it


def write_report(
    output: str | os.PathLike[str],
    *,
    published: str | os.PathLike[str] | None = None,
    benchmarks: str | os.PathLike[str] | None = None,
    quick: bool = False,
    progress: Progress | None = None,
) -> bool:
    """Write ``index.html``, its figures and ``report.json`` into ``output``; True if all passed.

    Parameters
    ----------
    output
        Directory to make. One that exists is replaced only if an earlier report made it; otherwise
        ValueError, and nothing is touched.
    published
        Directory with the published trajectories, to be laid beside ours.
    benchmarks
        The file that ``python -m benchmarks`` wrote, to be shown.
    quick
        Fewer and shorter simulated runs.
    progress
        Called with what was done and the number of all pieces of work, after each piece.
    """
    from chaintheory.comparison.with_published import read_published
    from chaintheory.comparison.with_simulation import TABLE
    from chaintheory.figures import NAMES
    from derivations.ledger import statements

    with replacing(Path(output)) as partial:
        runs = None if published is None else read_published(published)
        measured = None if benchmarks is None else benchmark_section(Path(benchmarks))
        pieces = len(statements()) + len(TABLE) + len(NAMES) + len(runs or ())

        def tick(done: str) -> None:
            if progress is not None:
                progress(done, pieces)

        entries = verified_entries(tick)
        sections = [comparison_section(tick), errata_section(entries)]
        if runs is not None:
            sections.append(published_section(runs, tick))
        sections += [figure_section(name, quick, tick) for name in NAMES]
        if measured is not None:
            sections.append(measured)
        sections += ledger_sections(entries)
        render(sections, partial, quick)
    return all(section.passed for section in sections)


# The ledger ----------------------------------------------------------------------------------


def verified_entries(tick: Tick) -> list[dict[str, Any]]:
    """Verify every statement of the ledger; return each with its formulas as MathML."""
    from derivations.ledger import statements

    entries = []
    for statement in statements():
        result = statement.verify()
        tick(statement.id)
        entries.append(
            {
                "id": statement.id,
                "equation": result.equation,
                "kind": result.kind,
                "statement": result.statement,
                "evidence": result.evidence,
                "own": result.own,
                "detail": result.detail,
                "ok": result.ok,
                "seconds": result.seconds,
                "parents": list(statement.parents),
                "title": title(statement),
                "topic": homes()[statement.id],
                "formula": displayed(statement.latex),
                "derivation": [(rule, displayed(line)) for rule, line in statement.derivation_latex()],
            }
        )
    return entries


def errata_section(entries: list[dict[str, Any]]) -> Section:
    """Show what is false as printed beside what is right."""
    by_id = {entry["id"]: entry for entry in entries}
    pairs = [
        (entry, by_id[parent]) for entry in entries if entry["evidence"] == "refuted" for parent in entry["parents"][:1]
    ]
    cells = [
        (bad["equation"], bad["kind"], *(Formula(one["statement"], one["formula"]) for one in (bad, good)),
         good["evidence"])
        for bad, good in pairs
    ]  # fmt: skip
    header = ("where", "kind", "refuted", "corrected", "evidence")
    return Section(
        "errata",
        "What is wrong in print",
        [
            "Each statement was refuted by a computed counterexample, and corrected. A reading is a formula that "
            "words of the paper suggest; the authors did not print it.",
        ],
        tables=[Table("", header, cells, prose=True, ours=True)],
        results=[f"{len(cells)} formulas that are printed, or may be read, in the paper are refuted and corrected."],
        numbers=[{name: getattr(cell, "text", cell) for name, cell in zip(header, row, strict=True)} for row in cells],
    )


def ledger_sections(entries: list[dict[str, Any]]) -> list[Section]:
    """Show what follows from what, topic by topic, and each statement with its steps and its evidence."""
    counts = Counter(entry["evidence"] for entry in entries)
    told = ", ".join(f"{count} {evidence}" for evidence, count in counts.most_common())
    hidden = ("formula", "derivation", "title", "topic")
    by_topic: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_topic.setdefault(entry["topic"], []).append(entry)
    whole = Section(
        "ledger",
        "Ledger: every formula and its evidence",
        [
            f"{len(entries)} statements: {told}. Proved: SymPy reduces every step to zero. Enclosed: a step is "
            "decided by ball arithmetic. Cited: a step is a named theorem, checked numerically besides. "
            "Checked: 50 digits at seeded points. Refuted: the statement, printed or as the text may be read, is "
            "false. A statement has the weakest evidence of its own steps and of all that it rests on.",
            "Each line below is a topic; each arc leads from it to one that it rests on. Each topic shows its own "
            "statements in the same way.",
        ],
        arcs=Arcs.of(topics_as_entries(by_topic)),
        graph=Arcs.of(entries),
        results=[f"{len(entries)} statements, each verified step by step: {told}."],
        numbers=[{k: v for k, v in entry.items() if k not in hidden} for entry in entries],
        passed=all(entry["ok"] for entry in entries),
    )
    parts = [
        Section(
            f"topic-{topic}", chapter_title(topic), [], statements=own, within=True,
            arcs=Arcs.of(own), passed=all(entry["ok"] for entry in own),
        )
        for topic, own in by_topic.items()
    ]  # fmt: skip
    return [whole, *parts]


def topics_as_entries(by_topic: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the topics as if each were a statement that rests on topics."""
    topic_of = {entry["id"]: entry["topic"] for entries in by_topic.values() for entry in entries}
    return [
        {
            "id": f"topic-{topic}",
            "title": chapter_title(topic).split(":")[0].split(",")[0],
            "evidence": f"{len(entries)} statements",
            "parents": sorted({f"topic-{topic_of[p]}" for e in entries for p in e["parents"]} - {f"topic-{topic}"}),
        }
        for topic, entries in by_topic.items()
    ]


# Figures and comparisons ---------------------------------------------------------------------


# What the figures show, in one sentence each for the head of the page.
RESULTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "drift": lambda found: (
        "Drift velocities at the bias 0.01, Eq. (10): "
        + ", ".join(f"{speed:.4g}" for speed in sorted(found["locked"], reverse=True))
        + ", each locked to a resonance near alpha/n."
    ),
    "slip": lambda found: (
        f"The first resonance, near {found['resonances'][1]['speed']:.4g}, does not hold the particle for ever: it "
        f"slips to the next, near {found['resonances'][0]['speed']:.4g}."
    ),
    "upper-edge": lambda found: (
        f"Resonances of the upper band edge hold particles too: at the speed {found['predicted']:.4g}, for one."
    ),
}


def figure_section(name: str, quick: bool, tick: Tick) -> Section:
    """Make one figure, with its main result."""
    from chaintheory.figures import make

    picture = make(name, quick=quick)
    tick(name)
    results = [RESULTS[name](picture.numbers)] if name in RESULTS else []
    return Section(name, picture.title, [], pictures=[picture], numbers=picture.numbers, results=results)


def comparison_section(tick: Tick) -> Section:
    """Lay theory beside simulation, row by row."""
    from chaintheory.comparison.with_simulation import compare_with_theory

    rows = compare_with_theory(progress=lambda _: tick("comparison"))
    table = Table(
        "Deviation: simulated/predicted - 1. Expected: what the neglected order predicts. "
        "A row passes when the two differ by no more than the last number.",
        *headings_and_cells(rows),
        ours=True,
    )
    good = sum(row.passed for row in rows)
    text = f"{good} of {len(rows)} comparisons of theory with simulation deviate as the next order allows."
    return Section(
        "comparisons",
        "Theory beside simulation",
        [text],
        tables=[table],
        results=[text],
        numbers=[row.as_dict() for row in rows],
        passed=all(row.passed for row in rows),
    )


def headings_and_cells(rows: Sequence[Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table of comparisons, which says of each whether it passes."""
    return (*rows[0].HEADINGS, "passes"), [(*row.cells, "yes" if row.passed else "no") for row in rows]


def published_section(runs: Any, tick: Tick) -> Section:
    """Repeat the published runs and show one row for each."""
    from chaintheory.comparison.with_published import LARGEST_MEDIAN, compare_published

    rows = compare_published(runs, progress=lambda _: tick("published run"))
    caption = "Deviation of our speed extrema from the published ones, matched one to one in time."
    table = Table(caption, *headings_and_cells(rows))
    good = sum(row.median <= 1e-4 for row in rows)
    text = (
        f"{len(rows)} published runs repeated: the median deviation is at most 1e-4 in {good} "
        f"of them. A file fails when it is above {LARGEST_MEDIAN:g}."
    )
    return Section(
        "published",
        "Published trajectories",
        [text],
        tables=[table],
        results=[text],
        numbers=[asdict(row) for row in rows],
        passed=all(row.passed for row in rows),
    )


def benchmark_section(path: Path) -> Section:
    """Show the benchmarks that were measured here, one row each, whatever its columns."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(rows, ensure_ascii=False).encode()  # refuses what no file can hold, half of a surrogate pair
    except (OSError, RecursionError, ValueError) as problem:
        raise ValueError(f"benchmarks {shown(str(path))} cannot be read: {unreadable(problem)}") from None
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise ValueError(f"benchmarks {shown(str(path))} must hold a list of measured rows")
    header = tuple(rows[0])
    cells = [tuple(str(row.get(name, "")) for name in header) for row in rows]
    return Section(
        "benchmarks",
        "Benchmarks",
        ["Ratios, each measured in one run on one machine."],
        tables=[Table("", header, cells, prose=True)],
        numbers=rows,
    )


# The page ------------------------------------------------------------------------------------


def provenance(quick: bool) -> dict[str, Any]:
    """Return what made the report: versions, machine, time."""
    packages = ("numpy", "scipy", "sympy", "mpmath", "matplotlib")
    return {
        "chaintheory": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in packages},
        "quick": quick,
    }


def render(sections: list[Section], directory: Path, quick: bool) -> None:
    """Write the page, its figures and its numbers into ``directory``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from chaintheory.figures import save

    made = provenance(quick)
    pictures = directory / "figures"
    pictures.mkdir()
    for section in sections:
        for picture in section.pictures:
            save(picture, pictures, "svg")
            write_json(pictures / f"{picture.name}.json", picture.numbers)
    environment = Environment(
        loader=PackageLoader("chaintheory.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["typeset"] = lambda text: Markup(typeset(text))
    page = environment.get_template("report.html").render(
        sections=sections, provenance=made, model=[displayed(line) for line in MODEL], symbols=symbols()
    )
    (directory / "index.html").write_text(page, encoding="utf-8")
    for section in sections:
        if section.graph is not None:
            drawn = environment.get_template("graph.svg").render(arcs=section.graph)
            (pictures / f"{section.anchor}.svg").write_text(drawn, encoding="utf-8")
    numbers = {
        "provenance": made,
        "passed": all(section.passed for section in sections),
        "sections": {section.anchor: section.numbers for section in sections},
    }
    write_json(directory / "report.json", numbers)


def write_json(path: Path, numbers: Any) -> None:
    """Write numbers as JSON that every reader takes: what is not finite is null."""
    path.write_text(json.dumps(plain(numbers), ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


# The Hamiltonian of the paper, and what its units make of the dispersion relation.
MODEL = (
    r"H = \sum_{n} \left[\frac{p_{n}^{2}}{2 m} + \frac{\kappa}{2} (r_{n} - n a)^{2} + "
    r"\frac{K}{2} (r_{n+1} - r_{n} - a)^{2}\right] + \frac{P^{2}}{2 M} + \sum_{n} \Phi(r_{n} - R) - F R",
    r"\omega^{2} = 1 + (\omega_{fast}^{2} - 1) \sin^{2}\theta",
)
SHOWN = ("omega_fast", "alpha", "Phi_0", "lambda", "mu", "beta", "sigma", "v", "tau", "omega", "theta", "n")


def symbols() -> list[tuple[str, str, str]]:
    """Return symbol, meaning and unit of the symbols that a reader meets first."""
    from derivations.notation import TABLE

    table = {str(line.symbol): line for line in TABLE}
    return [(name, table[name].meaning, "" if table[name].unit == "1" else table[name].unit) for name in SHOWN]


def listed(directory: Path) -> set[str]:
    """The files that a report says it wrote; empty for what is no report of ours."""
    marker = directory / MARKER
    if directory.is_symlink() or marker.is_symlink() or not marker.is_file():
        return set()
    first, *names = marker.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    return set(names) if first == MADE_BY else set()


def contents(directory: Path) -> set[str]:
    """Everything in a directory but other directories, by its path from there."""
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.name != MARKER and (path.is_symlink() or not path.is_dir())
    }


def is_ours(directory: Path) -> bool:
    """Whether a directory holds an earlier report and nothing else."""
    names = listed(directory)
    return bool(names) and contents(directory) <= names


def discard(directory: Path) -> None:
    """Remove a report of ours: the files that it wrote, and the directories that are then empty."""
    for name in [*(contents(directory) & listed(directory)), MARKER]:
        (directory / name).unlink(missing_ok=True)
    folders = [path for path in directory.rglob("*") if path.is_dir() and not path.is_symlink()]
    for folder in [*sorted(folders, reverse=True), directory]:
        with contextlib.suppress(OSError):  # somebody put something there meanwhile: it stays
            folder.rmdir()


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a fresh directory beside ``target`` and move it there if all went well.

    ValueError at once if something stands at ``target`` that is not a report of ours and nothing else. Whatever comes
    there during the work stays: the new report is then left beside it, and the error says where.
    """
    target = target.absolute()
    refused = f"output must be a new directory or hold an earlier report and nothing else, got {shown(str(target))}"
    if target.is_symlink() or (target.exists() and not is_ours(target)):
        raise ValueError(refused)
    if not target.parent.is_dir():
        raise ValueError(f"output must lie in an existing directory, got {shown(str(target))}")
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    partial.mkdir()
    old = partial.with_name(partial.name + "-old")
    try:
        yield partial
        marker = partial / MARKER
        marker.write_text("\n".join([MADE_BY, *sorted(contents(partial))]) + "\n", encoding="utf-8")
    except BaseException as problem:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(problem, OSError) and problem.errno and problem.filename is None:  # a full disk names no file
            raise OSError(problem.errno, problem.strerror, str(target)) from problem
        raise
    try:
        if target.is_symlink() or target.exists():
            target.rename(old)
            if not is_ours(old):
                raise OSError("something else is there now")
        partial.rename(target)
    except OSError as problem:
        kept = partial.with_name(partial.name.lstrip("."))
        partial.rename(kept)
        raise ValueError(f"{refused} ({problem}); the new report is in {shown(str(kept))}") from None
    finally:
        if (old.is_symlink() or old.exists()) and not (target.is_symlink() or target.exists()):
            old.rename(target)
    if old.exists():
        discard(old)
