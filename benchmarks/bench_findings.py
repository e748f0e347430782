"""Faults planted in data of an own finite-chain program, and what ``compare`` finds: the confusion table.

python -m benchmarks findings
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tabulate import tabulate

import chaintheory as ct
from benchmarks.common import Figure, at_least, at_most
from benchmarks.own_program import Ring, forgetful
from chaintheory.comparison.with_published import read_published

TITLE = "Findings"

# Both signs, fast and slow, other bands and lattices: the program's parameters, and the speed at the start.
CASES = {
    "repulsive, 50": (Ring(), 50.0),
    "attractive, 14": (Ring(amplitude=-2.0), 14.0),
    "repulsive, 25": (Ring(omega_fast=3.0, spacing=20.0, amplitude=1.0, width=2.0, bias=0.02), 25.0),
    "attractive, 90": (Ring(omega_fast=5.0, spacing=30.0, amplitude=-1.5, mass=0.7), 90.0),
}
PASSES = 16
PUBLISHED = Path(__file__).parents[2] / "shared" / "published"


def system_of(ring: Ring) -> ct.System:
    """The system that the program's data are said to be of."""
    chain = ct.Chain(ring.omega_fast, ring.spacing)
    return ct.System(chain, ct.Gaussian(ring.amplitude, ring.width), mass=ring.mass, bias=ring.bias)


def long_enough(ring: Ring, speed: float, duration: float) -> Ring:
    """A ring from which no echo comes back."""
    reach = math.pi * (ring.omega_fast - 1.0) + speed / ring.spacing
    return ring.changed(masses=2 * (int(reach * duration * 0.55) + 30))


def data(ring: Ring, speed: float, passes: float = PASSES) -> tuple[np.ndarray, np.ndarray]:
    """Times and positions without an error of the step, from midway between two masses."""
    duration = passes * ring.spacing / speed
    times = np.arange(0.0, duration, 0.1 * ring.width / speed)
    whole = ring if ring.masses != Ring.masses else long_enough(ring, speed, duration)
    return times, whole.accurate(5.5 * ring.spacing, speed, duration, times)


def faults(ring: Ring, speed: float) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray], float]]:
    """Name of each fault, data that have it, and its size where it may be too small to be seen (else infinite)."""
    times, positions = data(ring, speed)
    yield "time-unit", (2.0 * math.pi * times, positions), math.inf
    yield "length-unit", (times, 2.0 * positions), math.inf
    yield "origin", (times, positions + 0.1 * ring.spacing), math.inf
    yield "mass", data(ring.changed(mass=1.2 * ring.mass), speed), math.inf
    yield "amplitude", data(ring.changed(amplitude=0.9 * ring.amplitude), speed), math.inf
    yield "bias", data(ring.changed(bias=2.0 * ring.bias), speed), math.inf
    factor = 2.0 * math.pi if abs(ring.amplitude) < 1.8 or speed > 40.0 else 0.5
    yield "energy-unit", data(ring.changed(amplitude=factor * ring.amplitude, bias=factor * ring.bias), speed), math.inf
    duration = PASSES * ring.spacing / speed
    reach = math.pi * (ring.omega_fast - 1.0) + speed / ring.spacing
    yield "echo", data(ring.changed(masses=int(0.5 * reach * duration)), speed), math.inf
    yield (
        "cut-memory",
        forgetful(ring, 5.5 * ring.spacing, speed, min(duration, 8.0), 1.0 / (60.0 * ring.omega_fast), 2.1),
        math.inf,
    )
    for rate in (20.0, 10.0):  # steps in a fast period
        whole = long_enough(ring, speed, 0.6 * duration)
        step = 1.0 / (rate * ring.omega_fast)
        yield "time-step", whole.verlet(5.5 * ring.spacing, speed, 0.6 * duration, step), step
    yield "temperature", data(ring.changed(temperature=0.02, seed=3), speed), math.inf


def clean(count: int) -> Iterator[tuple[Ring, float]]:
    """Systems and speeds at random."""
    random = np.random.default_rng(14)
    for _ in range(count):
        ring = Ring(
            omega_fast=random.uniform(2.0, 10.0), spacing=random.uniform(20.0, 50.0),
            amplitude=random.choice([-1.0, 1.0]) * random.uniform(0.3, 2.5), width=random.uniform(2.0, 4.5),
            mass=random.uniform(0.5, 2.0), bias=random.choice([0.0, 0.01, 0.03]),
        )  # fmt: skip
        yield ring, random.uniform(1.5, 5.0) * max(system_of(ring).capture_speed, 14.0)


def published() -> Iterator[bool]:
    """Whether each published trajectory, of speeds at their extrema, agrees with our run; none where they are not."""
    if PUBLISHED.is_dir():
        for one in read_published(PUBLISHED):
            start = (0.0, one.position, one.speed)
            compared = ct.compare(one.system, one.times, velocity=one.speeds, start=start, theory_points=0)
            yield compared.agrees


def measure() -> list[Figure]:
    """Plant, compare, count and print."""
    table: Counter[tuple[str, str]] = Counter()
    right = planted = 0
    slowest = 0.0
    for name, (ring, speed) in CASES.items():
        for fault, (times, positions), size in faults(ring, speed):
            begin = time.perf_counter()
            compared = ct.compare(system_of(ring), times, positions, theory_points=0)
            found = compared.findings
            slowest = max(slowest, time.perf_counter() - begin)
            code = found[0].code if found else "none"
            if not found and compared.agrees and size < compared.detectable.get(fault, 0.0):
                code = "hidden, and said so"
            table[fault, code] += 1
            planted += 1
            right += code in (fault, "hidden, and said so")
            print(f"{name:<16} {fault:<12} {found[0].text if found else '-'}", file=sys.stderr, flush=True)
    named = 0
    for ring, speed in clean(20):
        found = ct.compare(system_of(ring), *data(ring, speed)).findings
        table["clean", found[0].code if found else "none"] += 1
        named += bool(found)
        if found:
            print(f"{ring} at {speed}: {found[0].text}", file=sys.stderr, flush=True)
    codes = sorted({code for _, code in table})
    rows = sorted({fault for fault, _ in table})
    print(tabulate([[row, *(table[row, code] or "" for code in codes)] for row in rows], ["planted", *codes]))
    figures = [
        at_least("planted faults named right, or said to be hidden", right, planted, f"of {planted}"),
        at_most("clean runs with a finding", named, 0, "of 20"),
        at_most("slowest verdict", slowest, 60.0, "s"),
    ]
    if agree := list(published()):
        figures.append(at_least("published trajectories that agree", sum(agree), len(agree), f"of {len(agree)}"))
    return figures
