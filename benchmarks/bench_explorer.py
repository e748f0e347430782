"""The explorer in a browser: its size, a frame while a slider moves, the live run, and its numbers beside Python's.

python -m benchmarks explorer; it needs playwright and a chromium or chrome, and measures nothing without them.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import chaintheory as ct
from benchmarks.common import Figure, at_most
from chaintheory.explorer.page import write_explorer

TITLE = "The explorer in a browser"

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NAMES = ("omega_fast", "spacing", "amplitude", "width", "mass", "bias")
# Ends of the page's sliders, and whether their steps are ratios.
SLIDERS = {
    "omega_fast": (1.01, 100.0, True),
    "spacing": (0.5, 500.0, True),
    "amplitude": (-10.0, 10.0, False),
    "width": (0.1, 100.0, True),
    "mass": (0.01, 100.0, True),
    "bias": (1e-6, 10.0, True),
}
PAPER = dict(zip(NAMES, (10.0, 40.0, 2.0, 4.0, 1.0, 0.01), strict=True))

# Steps of a slider, each drawn before the next; the pause before lets an earlier picture be finished.
MOVES = """async ([name, steps]) => {
  const slider = document.getElementById(name), begun = slider.value, frame = () => new Promise(requestAnimationFrame);
  for (let k = 0; k < steps; k++) {
    slider.value = 300 + Math.round(400 * Math.abs(2 * k / steps - 1));
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    await frame();
  }
  slider.value = begun;
  slider.dispatchEvent(new Event("input", {bubbles: true}));
}"""
RUN = "given => { chaintheory.simulate(given, {position: 220, speed: 50, duration: 100}); }"


def processor_seconds(page: Any, session: Any, script: str, given: object) -> float:
    """Time of the page's thread in a script, which a busy machine hardly lengthens."""

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    before = spent()
    page.evaluate(script, given)
    return spent() - before


def system_of(given: dict[str, float]) -> ct.System:
    """The system that these parameters of the page describe."""
    chain = ct.Chain(given["omega_fast"], given["spacing"])
    return ct.System(chain, ct.Gaussian(given["amplitude"], given["width"]), given["mass"], given["bias"])


def worst_difference(page: Any, systems: int) -> float:
    """Largest relative difference of single pass and mean dissipation from Python's, ends of the sliders among them."""
    rng = np.random.default_rng(7)
    worst = 0.0
    for _ in range(systems):
        given = {}
        for name, (low, high, ratios) in SLIDERS.items():
            part = rng.choice([0.0, 1.0, rng.uniform()], p=[0.25, 0.25, 0.5])
            given[name] = float(low * (high / low) ** part if ratios else low + (high - low) * part)
        system = system_of(given)
        speeds = given["spacing"] * np.geomspace(0.25, 2.5, 4) * rng.uniform(1.0, 1.1)
        for name, function in (
            ("singlePass", system.single_pass_dissipation),
            ("meanDissipation", system.mean_dissipation),
        ):
            found = page.evaluate(f"([given, speeds]) => Array.from(chaintheory.{name}(given, speeds))",
                                  [given, speeds.tolist()])  # fmt: skip
            true = function(speeds)
            seen = true > 1e-290  # below, a double has fewer digits
            worst = max(worst, float(np.max(np.abs(found - true)[seen] / true[seen], initial=0.0)))
    return worst


def measure() -> list[Figure]:
    """Measure and print."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        print("\nExplorer: not measured, needs playwright and a chromium or chrome")
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = Path(folder) / "explorer.html"
        write_explorer(target, system_of(PAPER))
        browser = driver.chromium.launch(executable_path=program)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
        page = context.new_page()
        page.goto(target.as_uri())
        page.evaluate("window.chaintheory.ready")
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        frames = {}
        for name in (*SLIDERS, "temperature"):
            page.wait_for_timeout(800)  # the finer picture of the slider before
            frames[name] = 1e3 * processor_seconds(page, session, MOVES, [name, 60]) / 60
        page.wait_for_timeout(800)
        run = statistics.median(processor_seconds(page, session, RUN, PAPER) for _ in range(5))
        worst = worst_difference(page, 125)
        size = target.stat().st_size / 1e3
        browser.close()
    slowest = max(frames, key=frames.__getitem__)
    figures = [
        at_most("explorer: size of the page", size, 1000, "kB"),
        at_most("explorer: processor time of a frame while a slider moves", frames[slowest], 33, "ms",
                f"the slowest of {len(frames)}, {slowest}; median {statistics.median(frames.values()):.1f} ms"),
        at_most("explorer: run to tau = 100", run, 1.0, "s", "processor time, every step kept"),
        at_most("explorer: 1,000 losses beside Python's, ends of the sliders too", worst, 1e-10, "relative"),
    ]  # fmt: skip
    return figures
