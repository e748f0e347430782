"""What the benchmarks share: compiled comparators, medians, a table with the goal beside each figure."""

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
from tabulate import tabulate

HERE = Path(__file__).parent
# The flags of setup.py.
FLAGS = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared"]


@dataclass(frozen=True)
class Figure:
    """One measured figure and its goal; ``reached`` compares them."""

    what: str
    measured: float
    goal: float
    unit: str
    larger_is_better: bool = True
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.measured >= self.goal if self.larger_is_better else self.measured <= self.goal


def show(title: str, figures: list[Figure]) -> None:
    """Print a table of figures."""
    rows = [
        (
            figure.what,
            f"{figure.measured:.3g} {figure.unit}",
            f"{'>=' if figure.larger_is_better else '<='} {figure.goal:g}",
            "reached" if figure.reached else "NOT REACHED",
            figure.note,
        )
        for figure in figures
    ]
    print(f"\n{title}")
    print(tabulate(rows, headers=["figure", "measured", "goal", "", "note"]), flush=True)


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
