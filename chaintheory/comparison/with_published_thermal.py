"""The published losses of single passes in a hot chain (arXiv 2305.06027), beside theory and our own passes.

A row of ``single_pass_losses.csv`` has mean, deviation and quantiles of 100,000 losses at a temperature and a speed,
with errors from 50 blocks: neighbouring samples share chain masses, so that they are correlated. A published pass goes
from one midpoint between masses to the next, within 1.25 times the unhindered transit; what does not arrive is left
out. ``own`` passes are simulated by the same rule.

``drift_speeds_T*.csv`` have the speeds of 1,000 particles under a bias at five times, 25 of them in one chain of 250
masses in a ring, with a memory kernel that is cut off at 10. Own runs are those of one particle each in the infinite
chain, with the whole kernel (``compare_drifts``) or with that of the published runs (``memory``).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.faulty_runs import forgetful
from chaintheory.interactions.named import Gaussian
from chaintheory.simulation.record import Trajectory
from chaintheory.simulation.single_passes import between_midpoints, prepared
from chaintheory.system import Chain, System

Array = NDArray[np.float64]

FILE = "single_pass_losses.csv"
PATIENCE = 1.25
QUANTILES = (0.05, 0.5, 0.95)
# Below this speed second order does not hold at the published parameters: the particle nearly stops on the barrier.
LOWEST_OF_THEORY = 30.0
# Deviations in standard errors beyond which a row does not agree; of 100 numbers none is expected there.
MOST = 4.5
# What the neglected orders may change of the deviation, beyond its error; measured on our own passes.
NEGLECTED = 0.03
# Of the published drifts: times, particles in one chain, its masses, where the kernel ends.
DRIFT_TIMES = (0.0, 250.0, 500.0, 750.0, 1000.0)
IN_ONE_CHAIN, PUBLISHED_RING, PUBLISHED_MEMORY = 25, 250, 10.0
# p-value below which speeds are not alike; of 32 none is expected there.
LEAST_LIKENESS = 1e-3


@dataclass(frozen=True)
class ThermalRow:
    """One published file: deviations of theory and of our own passes, in standard errors.

    ``mean`` and ``std`` are published, ``theory_*`` of second order with recoil and broadening, ``own_*`` those of our
    own passes. ``mean_off``, ``std_off``: published less theory over the block error; ``own_mean_off`` and
    ``own_std_off`` likewise, over both errors; ``own_quantiles_off`` the largest of three quantiles.
    """

    temperature: float
    speed: float
    mean: float
    theory_mean: float
    own_mean: float
    mean_off: float
    own_mean_off: float
    std: float
    theory_std: float
    own_std: float
    std_error: float
    std_off: float
    own_std_off: float
    own_quantiles_off: float
    captured: float

    @property
    def ok(self) -> bool:
        """Whether our passes agree with the published ones, and theory where it applies."""
        own = max(abs(self.own_mean_off), abs(self.own_std_off), abs(self.own_quantiles_off)) <= MOST
        if self.speed < LOWEST_OF_THEORY:
            return own
        theory = abs(self.std - self.theory_std) <= MOST * self.std_error + NEGLECTED * self.std
        return own and theory and abs(self.mean_off) <= MOST


def published_system() -> System:
    """The system of the published passes."""
    return System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))


def read_losses(directory: Path) -> list[dict[str, float]]:
    """Rows of the table of published losses; ValueError if it is not what it should be."""
    try:
        with (directory / FILE).open(encoding="utf-8") as lines:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]
        if not rows or any("std_block_error" not in row for row in rows):
            raise KeyError("std_block_error")
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as problem:
        raise ValueError(f"--published-thermal must hold a table {FILE}, got {directory}: {problem}") from None
    return rows


def compare_row(row: dict[str, float], samples: int = 4000) -> ThermalRow:
    """Theory and our own passes beside one row.

    >>> published = {"temperature": 5.0, "speed": 50.0, "mean": 0.01414932, "mean_block_error": 0.002309694}
    >>> published |= {"std": 0.3729214, "std_block_error": 0.001601632, "samples": 100000.0}
    >>> published |= {"q05": -0.5991746, "q50": 0.0146943, "q95": 0.6275239}
    >>> compare_row(published, samples=1000).ok
    True
    """
    system, v, heat = published_system(), row["speed"], row["temperature"]
    theory_mean = float(system.single_pass_dissipation(v, temperature=heat))
    theory_std = math.sqrt(float(system.loss_variance(v, heat, broadening=True)))
    passes = between_midpoints(prepared(system, v, heat, "quantum"), system.chain.spacing, PATIENCE)
    losses = np.empty(samples)
    passes.losses(int(1000 * v + heat), 0, False, losses, through=True)
    arrived = losses[np.isfinite(losses)]
    mean, std, count = float(arrived.mean()), float(arrived.std()), arrived.size
    fourth = float(np.mean((arrived - mean) ** 4)) / std**4
    mean_error, std_error = std / math.sqrt(count), 0.5 * std * math.sqrt((fourth - 1.0) / count)
    # The block error of a quantile is about that of the mean, times the ratio for independent samples of a Gaussian.
    off = 0.0
    for part in QUANTILES:
        factor = 2.11 if part != 0.5 else 1.25
        error = factor * math.hypot(mean_error, row["mean_block_error"])
        off = max(off, abs(row[f"q{round(100 * part):02d}"] - float(np.quantile(arrived, part))) / error)
    return ThermalRow(
        heat, v, row["mean"], theory_mean, mean,
        (row["mean"] - theory_mean) / row["mean_block_error"],
        (row["mean"] - mean) / math.hypot(row["mean_block_error"], mean_error),
        row["std"], theory_std, std, row["std_block_error"],
        (row["std"] - theory_std) / row["std_block_error"],
        (row["std"] - std) / math.hypot(row["std_block_error"], std_error),
        off, 1.0 - count / samples,
    )  # fmt: skip


def compare_losses(
    rows: list[dict[str, float]], samples: int = 4000, progress: Callable[[int], object] | None = None
) -> list[ThermalRow]:
    """All rows, in their order."""
    compared = []
    for row in rows:
        compared.append(compare_row(row, samples))
        if progress is not None:
            progress(1)
    return compared


@dataclass(frozen=True)
class DriftRow:
    """Published speeds under a bias beside our runs at one temperature and time.

    ``change`` is the mean change of the speed since the start, ``off`` published less own over both errors, ``spread``
    the standard deviation of the change, ``likeness`` the p-value of Kolmogorov and Smirnov for the speeds.
    """

    temperature: float
    time: float
    change: float
    own_change: float
    own_error: float
    off: float
    spread: float
    own_spread: float
    likeness: float

    @property
    def ok(self) -> bool:
        """Whether our runs are like the published ones."""
        return abs(self.off) <= MOST and self.likeness >= LEAST_LIKENESS


def read_drifts(directory: Path) -> dict[float, Array]:
    """Published speeds by temperature, a row for each particle, at the times of ``DRIFT_TIMES``; ValueError for others.

    An empty directory has none.
    """
    found = {}
    for path in sorted(directory.glob("drift_speeds_T*.csv")):
        try:
            speeds = np.loadtxt(path, delimiter=",", comments="#", ndmin=2)
            if speeds.shape[1] != len(DRIFT_TIMES) or len(speeds) < IN_ONE_CHAIN or not np.isfinite(speeds).all():
                raise ValueError(f"{speeds.shape} numbers")
            found[float(path.stem.removeprefix("drift_speeds_T"))] = speeds
        except (OSError, ValueError) as problem:
            raise ValueError(f"--published-thermal must hold speeds at five times in {path.name}: {problem}") from None
    return dict(sorted(found.items()))


def compare_drifts(speeds: Array, temperature: float, runs: int, memory: float | None = None) -> list[DriftRow]:
    """Our runs from ``runs`` of the published starts, slow to fast, beside the published speeds at one temperature."""
    from scipy import stats

    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    order = np.argsort(speeds[:, 0], kind="stable")
    start = speeds[order[np.linspace(0, len(speeds) - 1, runs).astype(int)], 0]
    seeds, middle, last = list(range(runs)), 0.5 * system.chain.spacing, DRIFT_TIMES[-1]
    several: Sequence[Trajectory]
    if memory is None:
        several = system.simulate_many(middle, start, last, temperature=temperature, seed=seeds, every=10)
    else:
        several = [
            forgetful(
                system, middle, float(v), last, memory=memory, heat_ring=PUBLISHED_RING, temperature=temperature, seed=k
            )
            for k, v in zip(seeds, start, strict=True)
        ]
    rows = []
    for column, time in enumerate(DRIFT_TIMES[1:], 1):
        own = np.array([np.interp(time, run.time, run.velocity) for run in several])
        change, own_change = speeds[:, column] - speeds[:, 0], own - start
        chains = change[: len(change) // IN_ONE_CHAIN * IN_ONE_CHAIN].reshape(-1, IN_ONE_CHAIN).mean(axis=1)
        error = float(chains.std(ddof=1)) / math.sqrt(chains.size) if chains.size > 1 else math.inf
        own_error = float(own_change.std(ddof=1)) / math.sqrt(runs)
        rows.append(DriftRow(
            temperature, time, float(change.mean()), float(own_change.mean()), own_error,
            float(change.mean() - own_change.mean()) / math.hypot(error, own_error), float(change.std()),
            float(own_change.std()), float(stats.ks_2samp(own, speeds[:, column]).pvalue),
        ))  # fmt: skip
    return rows


def as_columns(rows: Sequence[ThermalRow | DriftRow]) -> list[dict[str, float]]:
    """Rows as dictionaries, for a table or JSON."""
    return [asdict(row) for row in rows]
