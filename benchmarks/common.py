"""What the benchmarks share: compiled comparators, medians, figures beside their goals."""

from __future__ import annotations

import ctypes
import shlex
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.ctypeslib import ndpointer

HERE = Path(__file__).parent
# The flags of setup.py.
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared"]


@dataclass(frozen=True)
class Figure:
    """One measured figure with its goal, ``bound`` being "at least" or "at most"."""

    what: str
    bound: str
    measured: float
    goal: float
    unit: str = ""
    note: str = ""

    @property
    def row(self) -> dict[str, str]:
        """A line of the table, as it is printed and kept."""
        reached = self.measured >= self.goal if self.bound == "at least" else self.measured <= self.goal
        return {
            "figure": self.what,
            "measured": f"{self.measured:.3g} {self.unit}".strip(),
            "goal": f"{self.bound} {self.goal:g}",
            "reached": "yes" if reached else "NO",
            "note": self.note,
        }


def at_least(what: str, measured: float, goal: float, unit: str = "", note: str = "") -> Figure:
    """A figure that is to be as large as its goal."""
    return Figure(what, "at least", measured, goal, unit, note)


def at_most(what: str, measured: float, goal: float, unit: str = "", note: str = "") -> Figure:
    """A figure that is to be as small as its goal."""
    return Figure(what, "at most", measured, goal, unit, note)


def median_seconds(function: Callable[[], object], runs: int) -> float:
    """Median wall time of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def comparators() -> ctypes.CDLL:
    """Compile comparators.c with the extension's flags and dispatch, and load it."""
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "comparators.so"
        include = HERE.parent / "chaintheory_ext" / "src"
        command = [compiler, *FLAGS, f"-I{include}", str(HERE / "comparators.c"), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        loaded = ctypes.CDLL(str(library))
    numbers = ndpointer(np.float64, flags="C")
    double, integer = ctypes.c_double, ctypes.c_long
    loaded.published_map.argtypes = [numbers, numbers, integer, integer] + [double] * 8
    loaded.leapfrog_chain.argtypes = [numbers, numbers, integer, integer, integer] + [double] * 9
    loaded.published_map.restype = loaded.leapfrog_chain.restype = double
    return loaded
