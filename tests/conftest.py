"""What several modules share: all figures, quickly drawn, theory beside simulation, one quick report with both."""

import json
import shutil

import pytest

from chaintheory.comparison import with_simulation
from chaintheory.figures import NAMES, make
from chaintheory.report import page as report

MEASURED = [
    {
        "figure": "mean dissipation on 89,001 speeds",
        "measured": "0.0512 s",
        "goal": "at most 0.2",
        "reached": "yes",
        "note": "every root found; the scripts' search on 55 points loses the pair beside a resonance",
    }
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def browser():
    """A browser with no window; skipped where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is on the path")
    driver = pytest.importorskip("playwright.sync_api", reason="needs playwright, which drives the browser")
    with driver.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Every figure with its numbers, from a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINTHEORY_CACHE", str(tmp_path_factory.mktemp("cache")))
        return {name: make(name, quick=True) for name in NAMES}


@pytest.fixture(scope="session")
def theory_rows():
    """All rows of theory beside simulation; each entry of the table was told when it was done."""
    told = []
    rows = with_simulation.compare_with_theory(progress=told.append)
    assert told == [1] * len(with_simulation.TABLE)
    return rows


@pytest.fixture(scope="session")
def made(pictures, theory_rows, tmp_path_factory):
    """One quick report with every section: its directory, whether it passed, and the pieces that were told."""

    def drawn_before(name, *, quick):
        assert quick
        return pictures[name]

    def compared_before(progress):
        for _ in with_simulation.TABLE:
            progress(1)
        return theory_rows

    folder = tmp_path_factory.mktemp("reports")
    (folder / "results.json").write_text(json.dumps(MEASURED))
    pieces = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chaintheory.figures.make", drawn_before)
        patch.setattr(with_simulation, "compare_with_theory", compared_before)
        passed = report.write_report(
            folder / "report",
            benchmarks=folder / "results.json",
            quick=True,
            progress=lambda *told: pieces.append(told),
        )
    return folder / "report", passed, pieces
