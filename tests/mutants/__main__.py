"""``make mutants``: a seeded sample of planted errors, each against the tests that reach its line.

The suite runs once under coverage, which notes the tests that reach each line of Python, and how long each takes. Each
mutant then runs the quickest tests of its line first and is killed by the first that fails. Lines of C and Cython are
reached by the tests of the compiled modules that hold them. Survivors are listed; ``equivalent.toml`` names those that
compute the same, with the reason, and those that ``make sanitize`` kills. With ``--output`` each outcome is written as
it comes, and the same command goes on where it was stopped. Time is that of the processor: a busy machine kills no
mutant.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from tests.mutants.plant import Mutant, Place, places

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# The numeric code: where a wrong sign is a wrong number.
PYTHON = ("dissipation", "drift", "interactions", "lattice", "simulation")
COMPILED = {
    "chaintheory_ext/curves.pyx": ("test_crossings.py", "test_dissipation.py", "test_drift.py", "test_laws_d"),
    "chaintheory_ext/src/crossings.c": ("test_crossings.py", "test_dissipation.py", "test_drift.py", "test_laws_d"),
    "chaintheory_ext/light_cone.pyx": ("test_integrators.py", "test_runs.py", "test_laws_simulation.py"),
    "chaintheory_ext/direct.pyx": ("test_integrators.py", "test_runs.py", "test_laws_simulation.py"),
    "chaintheory_ext/src/fine_block.c": ("test_integrators.py", "test_runs.py", "test_laws_simulation.py"),
    "chaintheory_ext/src/dot_pair.c": ("test_integrators.py", "test_runs.py", "test_laws_simulation.py"),
}
# What stands for a set of tests: never of interest here.
LEFT_OUT = ("test_browser.py", "test_figures.py", "test_report.py", "test_readme.py", "test_mutations.py", "mutants")
LONGEST = 240.0  # seconds of tests for one mutant
MOST = 60  # tests for one mutant
PRELOADED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"  # by server.py


def copy_of_the_tree(where: Path) -> Path:
    """A copy with its compiled modules, and the reference data beside it."""
    tree = where / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "report", ".hypothesis", ".mypy_cache"))
    shared = ROOT.parent / "shared"
    if shared.is_dir():
        (where / "shared").symlink_to(shared)
    build(tree)
    return tree


def products(tree: Path) -> list[Path]:
    """Sources of the compiled modules, and what is made of them."""
    folder = tree / "chaintheory_ext"
    found = [path for kind in ("*.pyx", "*.c", "*.so", "*.pyd", "src/*") for path in folder.glob(kind)]
    # What setuptools holds back there it would copy in place again.
    return found + [path for kind in ("*.so", "*.pyd") for path in (tree / "build").rglob(kind)]


def build(tree: Path) -> bool:
    """Compile in place; whether it compiled."""
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=tree, capture_output=True, check=False
    )
    return done.returncode == 0


def environment(tree: Path) -> dict[str, str]:
    """The variables under which the tests of a copy run: they import the copy."""
    return {
        **os.environ,
        "PYTHONPATH": str(tree),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def reached(tree: Path, cached: Path | None) -> tuple[dict[str, dict[int, list[str]]], dict[str, float]]:
    """The tests that reach each line of each file, and the seconds that each test takes."""
    data, durations = tree / ".coverage", tree / "durations.json"
    if cached and cached.is_dir():
        shutil.copy(cached / ".coverage", data)
        shutil.copy(cached / "durations.json", durations)
    else:
        config = tree / ".coveragerc"
        config.write_text("[run]\nsource = chaintheory\n", encoding="utf-8")
        left = [f"--ignore-glob=*{name}" for name in LEFT_OUT]
        command = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", "-p", "tests.mutants.timing", "tests"]
        subprocess.run([*command, *left], cwd=tree, env=environment(tree), check=False)
        if cached:
            cached.mkdir(parents=True)
            shutil.copy(data, cached)
            shutil.copy(durations, cached)
    seconds = json.loads(durations.read_text(encoding="utf-8"))
    from coverage import CoverageData
    from coverage.numbits import numbits_to_nums

    where: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    CoverageData(str(data)).read()
    with sqlite3.connect(data) as base:
        query = (
            "select file.path, context.context, line_bits.numbits from line_bits "
            "join file on file.id = line_bits.file_id join context on context.id = line_bits.context_id"
        )
        for path, context, bits in base.execute(query):
            short = path.partition("/chaintheory/")[2]
            if context in seconds:
                for line in numbits_to_nums(bits):
                    where[f"chaintheory/{short}"][line].append(context)
    return where, seconds


def lines_around(path: str, line: int) -> set[int]:
    """Lines of the innermost function that holds a line; of a constant of the module, the lines that name it."""
    source = (ROOT / path).read_text(encoding="utf-8")
    tree, every = ast.parse(source), range(1, source.count("\n") + 2)
    found = every
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            inner = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
            if line in inner and len(inner) < len(found):  # a default or a decorator is run when the file is loaded
                found = inner
    if found is not every:
        return set(found)
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= line <= (node.end_lineno or 0):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            read = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
            return {one.lineno for one in read if one.id in names} or set(every)
    return set(every)


def tests_of(
    mutant: Mutant, where: dict[str, dict[int, list[str]]], seconds: dict[str, float], longest: float
) -> list[str]:
    """The tests to run, the quickest first, within the time allowed for one mutant."""
    if mutant.path.endswith(".py"):
        lines = where.get(mutant.path, {})
        # A continuation line is noted where its statement begins, a constant where it is read.
        for near in ({mutant.line}, lines_around(mutant.path, mutant.line), set(lines)):
            names = {name for line in near for name in lines.get(line, [])}
            if names:
                break
    else:
        names = {name for name in seconds if any(part in name for part in COMPILED[mutant.path])}
    chosen, total = [], 0.0
    # One of each function first: parameters of one test see much the same.
    seen: set[str] = set()
    order = sorted(names, key=lambda name: (seconds[name], name))
    first = [name for name in order if not (name.split("[")[0] in seen or seen.add(name.split("[")[0]))]
    rest = [name for name in order if name not in set(first)]
    for name in [*first, *rest]:
        if len(chosen) < MOST and total + seconds[name] <= longest:
            chosen.append(name)
            total += seconds[name]
    return chosen


class Copy:
    """A copy of the tree, with a process that runs pytest in it."""

    def __init__(self, where: Path) -> None:
        self.tree = copy_of_the_tree(where)
        self._server: subprocess.Popen[str] | None = None

    def pytest(self, arguments: list[str]) -> int | None:
        """Exit code of pytest; None where it had to be given up."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.mutants.server"],
                cwd=self.tree,
                env=environment(self.tree),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(arguments) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def outcome(self, mutant: Mutant, tests: list[str], seconds: dict[str, float]) -> str:
        """``killed``, ``survived``, ``not reached``, ``not compiled`` or ``stuck``."""
        if not tests:
            return "not reached"
        path = self.tree / mutant.path
        compiled = not mutant.path.endswith(".py")
        with tempfile.TemporaryDirectory() as folder:
            # The compiled modules are put back as they were, with their times, instead of compiled again.
            changed = products(self.tree) if compiled else [path]
            kept = {one: Path(folder) / str(number) for number, one in enumerate(changed)}
            for one, copy in kept.items():
                shutil.copy2(one, copy)
            path.write_text(mutant.source, encoding="utf-8")
            try:
                if compiled and not build(self.tree):
                    return "not compiled"
                limits = {name: seconds.get(name, 60.0) for name in tests}
                (self.tree / "limits.json").write_text(json.dumps(limits), encoding="utf-8")
                options = ["-x", "-q", "-W", PRELOADED, "-p", "no:cacheprovider", "-p", "tests.mutants.timing"]
                code = self.pytest([*options, *tests])
                return "stuck" if code is None else "killed" if code else "survived"
            finally:
                for one, copy in kept.items():
                    shutil.copy2(copy, one)


def lot(place: Place, seed: int) -> bytes:
    """The order of a place in the draw, from itself alone: a change of one file draws no others in the rest."""
    return sha256(f"{seed} {place.path} {place.kind} {place.occurrence}".encode()).digest()


def sample(number: int, seed: int, only: str) -> list[Mutant]:
    """A seeded sample over all files, in proportion to their mutants, of which a fifth is C and Cython."""
    python = [path for room in PYTHON for path in sorted((ROOT / "chaintheory" / room).rglob("*.py"))]
    names = [str(path.relative_to(ROOT)) for path in python]
    compiled = [name for name in COMPILED if (ROOT / name).exists()]
    found: list[Mutant] = []
    for files, part in ((names, number - number // 5), (compiled, number // 5)):
        pool = [place for name in files if only in name for place in places(ROOT, name)]
        pool.sort(key=lambda place: lot(place, seed))
        made = (place.mutant(ROOT) for place in pool)
        found += islice((mutant for mutant in made if mutant), part)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=300, help="mutants in the sample")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default="", help="files whose path holds this text")
    parser.add_argument("--output", type=Path, help="a journal: every outcome is added to it, as a line of JSON")
    parser.add_argument(
        "--coverage", type=Path, help="directory in which the coverage of one state of the tree is kept"
    )
    parser.add_argument("--longest", type=float, default=LONGEST, help="seconds of tests for one mutant")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--control", action="store_true", help="change nothing: every mutant must survive")
    options = parser.parse_args()
    chosen = sample(options.number, options.seed, options.only)
    if options.control:
        chosen = [replace(mutant, source=(ROOT / mutant.path).read_text(encoding="utf-8")) for mutant in chosen]
    known = {
        (one["path"], one["before"], one["after"]): "killed" if one.get("sanitized") else "equivalent"
        for one in tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))["mutant"]
    }
    results: list[dict[str, object]] = []
    if options.output and options.output.exists():
        results = [json.loads(line) for line in options.output.read_text(encoding="utf-8").splitlines()]
    judged_before = {one["mutant"] for one in results}
    with tempfile.TemporaryDirectory() as folder:
        copies = [Copy(Path(folder) / str(worker)) for worker in range(options.workers)]
        where, seconds = reached(copies[0].tree, options.coverage)
        free = list(copies)

        def judge(mutant: Mutant) -> None:
            copy = free.pop()
            try:
                started = time.monotonic()
                found = copy.outcome(mutant, tests_of(mutant, where, seconds, options.longest), seconds)
            finally:
                free.append(copy)
            results.append({"mutant": mutant.name, "kind": mutant.kind, "outcome": found})
            if options.output:
                with options.output.open("a", encoding="utf-8") as journal:
                    journal.write(json.dumps(results[-1]) + "\n")
            print(f"{len(results):4} {found:12} {time.monotonic() - started:6.1f} s  {mutant.name}", flush=True)

        with ThreadPoolExecutor(len(copies)) as pool:
            list(pool.map(judge, (mutant for mutant in chosen if mutant.name not in judged_before)))
    judged = {
        mutant.name: known.get((mutant.path, mutant.before.strip(), mutant.after.strip()), "survived")
        for mutant in chosen
    }
    outcomes = [
        judged.get(str(one["mutant"]), "survived") if one["outcome"] == "survived" else one["outcome"]
        for one in results
    ]
    counts = {kind: outcomes.count(kind) for kind in sorted(set(map(str, outcomes)))}
    decided = sum(counts.get(kind, 0) for kind in ("killed", "survived", "not reached"))
    share = counts.get("killed", 0) / max(decided, 1)
    print(f"\n{len(results)} mutants: {counts}; killed of those that are not equivalent: {share:.1%} (goal 95 %)")
    return 0 if share >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
