"""The published losses of single passes in a hot chain (arXiv 2305.06027), beside theory and our own passes.

A row of ``single_pass_losses.csv`` has mean, deviation and quantiles of 100,000 losses at a temperature and a speed,
with errors from 50 blocks: neighbouring samples share chain masses, so that they are correlated. A published pass goes
from one midpoint between masses to the next, within 1.25 times the unhindered transit; what does not arrive is left
out. ``own`` passes are simulated by the same rule.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from chaintheory.interactions.named import Gaussian
from chaintheory.simulation.single_passes import between_midpoints, prepared
from chaintheory.system import Chain, System

FILE = "single_pass_losses.csv"
PATIENCE = 1.25
QUANTILES = (0.05, 0.5, 0.95)
# Below this speed second order does not hold at the published parameters: the particle nearly stops on the barrier.
LOWEST_OF_THEORY = 30.0
# Deviations in standard errors beyond which a row does not agree; of 100 numbers none is expected there.
MOST = 4.5
# What the neglected orders may change of the deviation, beyond its error; measured on our own passes.
NEGLECTED = 0.03


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
    except (OSError, KeyError, TypeError, ValueError) as problem:
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


def as_columns(rows: list[ThermalRow]) -> list[dict[str, float]]:
    """Rows as dictionaries, for a table or JSON."""
    return [asdict(row) for row in rows]
