"""Random harmonic chains against brute force: kernel, losses, resonances, drift velocities, and runs in a ring.

Pinned and gapless, with up to five couplings of both signs, damped or not. Prints the largest deviations over a
hundred systems, those of travelling waves over twenty, and how much slower a general chain is than the paper's.

    python -m benchmarks chains
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

import chaintheory as ct
from benchmarks.common import Figure, at_most, median_seconds

TITLE = "Any harmonic chain"

Array = NDArray[np.float64]
SYSTEMS, RINGS, WAVES = 100, 12, 20


def omega_squared(chain: ct.Chain, theta: Array) -> Array:
    """The dispersion relation, typed once more: brute force shares nothing with the package."""
    theta = np.asarray(theta)
    terms = (4.0 * k * np.sin(j * theta) ** 2 for j, k in enumerate(chain.couplings, 1))
    return sum(terms, np.full(theta.shape, chain.confinement))


def random_chain(random: np.random.Generator, *, damped: bool) -> ct.Chain:
    """A stable chain: every second without wells, up to five couplings."""
    while True:
        wells = 0.0 if random.random() < 0.5 else random.uniform(0.05, 2.0)
        couplings = random.uniform(-1.0, 3.0, random.integers(1, 6)) * random.uniform(0.2, 2.0)
        try:
            return ct.Chain.from_springs(
                wells, couplings.tolist(), random.uniform(10.0, 50.0), random.uniform(0.05, 0.8) if damped else 0.0
            )
        except ValueError:
            continue


def random_system(seed: int) -> ct.System:
    """A system with such a chain; every third is damped."""
    random = np.random.default_rng(seed)
    chain = random_chain(random, damped=seed % 3 == 2)
    width = chain.spacing * random.uniform(0.05, 0.2)
    # Adaptive quadrature of the damped loss to a cusp takes minutes.
    kind = ct.Exponential if seed % 2 and not chain.damping else ct.Gaussian
    interaction = kind(random.uniform(0.1, 1.0), width)
    return ct.System(chain, interaction, mass=random.uniform(0.5, 2.0))


def kernel_by_quadrature(chain: ct.Chain, n: int, times: Array) -> Array:
    """The memory kernel by the mean over 20,000 angles."""
    theta = (np.arange(20_000) + 0.5) * (math.pi / 20_000)
    root = np.sqrt(omega_squared(chain, theta) - 0.25 * chain.damping**2 + 0j)
    values = [np.mean(np.cos(2 * n * theta) * (np.sin(2.0 * math.pi * t * root) / root).real) for t in times]
    return np.exp(-math.pi * chain.damping * times) * np.array(values)


def loss(system: ct.System, nu: Array, speed: float) -> Array:
    """Energy that a mode of frequency nu takes in a pass."""
    transform = np.asarray(system.interaction.transform(2.0 * math.pi * nu / speed))
    return 8.0 * math.pi**4 * nu**2 / speed**4 * transform**2


def brute_single_pass(system: ct.System, speed: float) -> float:
    """Eq. 6 by the mean over 200,000 angles; with damping over 600 angles, each by adaptive quadrature."""
    chain, gamma = system.chain, system.chain.damping
    if not gamma:
        theta = (np.arange(200_000) + 0.5) * (math.pi / 200_000)
        return float(np.mean(loss(system, np.sqrt(omega_squared(chain, theta)), speed)))
    squares = omega_squared(chain, (np.arange(64) + 0.5) * (0.5 * math.pi / 64))

    def density(nu: float) -> float:
        taken = np.mean(gamma * nu**2 / ((squares - nu**2) ** 2 + (gamma * nu) ** 2))
        return float(2.0 / math.pi * loss(system, np.float64(nu), speed) * taken)

    top = math.sqrt(float(squares.max()))
    return sum(
        quad(density, *ends, epsabs=0.0, epsrel=1e-11, limit=2000)[0]
        for ends in ((0.0, 1.5 * top), (1.5 * top, np.inf))
    )


def brute_roots(chain: ct.Chain, slope: float, points: int = 400_001) -> Array:
    """Roots of omega(x) = slope x on a dense grid, refined by Brent's method."""
    end = math.sqrt(float(omega_squared(chain, np.linspace(0.0, math.pi, 20_001)).max())) / slope * 1.0001

    def excess(x: Array | float) -> Array:
        # Over x: without wells x = 0 is no root.
        return np.sqrt(omega_squared(chain, math.pi * np.asarray(x))) / x - slope

    x = np.linspace(1e-7, end, points)
    signs = np.sign(excess(x))
    return np.array([brentq(excess, x[i], x[i + 1], xtol=1e-14) for i in np.flatnonzero(np.diff(signs))])


def brute_mean_dissipation(system: ct.System, speed: float) -> float:
    """Eq. 10 over roots by a dense search; with damping adaptive quadrature between the roots without it."""
    chain, gamma = system.chain, system.chain.damping
    slope = speed / chain.spacing
    x = brute_roots(chain, slope)
    if not gamma:
        step = 1e-4
        at = [omega_squared(chain, math.pi * (x + i * step)) for i in (-2, -1, 1, 2)]
        change = (at[0] - 8.0 * at[1] + 8.0 * at[2] - at[3]) / (12.0 * step)
        nu = slope * x
        return float(np.sum(loss(system, nu, speed) / np.abs(0.5 * change / nu / slope - 1.0)))

    def density(y: float) -> float:
        nu = slope * y
        taken = gamma * nu**2 / ((omega_squared(chain, math.pi * y) - nu**2) ** 2 + (gamma * nu) ** 2)
        return float(2.0 / math.pi * slope * loss(system, np.float64(nu), speed) * taken)

    last = float(x.max(initial=1.0)) + 1.0
    ends = np.unique([0.0, *x, *np.arange(0.5, last, 0.5), last])
    total = sum(quad(density, a, b, epsabs=0.0, epsrel=1e-11, limit=400)[0] for a, b in pairwise(ends.tolist()))
    return total + quad(density, last, 5.0 * last, epsabs=1e-13 * total, epsrel=1e-9, limit=2_000)[0]


def brute_tangencies(chain: ct.Chain, lowest: float, highest: float) -> Array:
    """Speeds at which omega(x)/x is stationary, on a dense grid, refined by a parabola's bounded search."""
    from scipy.optimize import minimize_scalar

    top = math.sqrt(float(omega_squared(chain, np.linspace(0.0, math.pi, 20_001)).max()))
    end = top * chain.spacing / lowest

    def ratio(x: Array | float) -> Array:
        return np.sqrt(omega_squared(chain, math.pi * np.asarray(x))) / x

    x = np.linspace(1e-3, end, 400_001)
    turn = np.flatnonzero(np.diff(np.sign(np.diff(ratio(x))))) + 1
    found = []
    for i in turn:
        sign = 1.0 if ratio(x[i]) < ratio(x[i - 1]) else -1.0
        best = minimize_scalar(lambda y, s=sign: s * float(ratio(y)), bounds=(x[i - 1], x[i + 1]), method="bounded",
                               options={"xatol": 1e-12})  # fmt: skip
        found.append(chain.spacing * float(ratio(best.x)))
    speeds = np.sort(found)
    return speeds[(speeds >= lowest) & (speeds <= highest)]


def deviations(system: ct.System, seed: int) -> dict[str, float]:
    """Deviations of one system from brute force: absolute for the kernel, relative for the others."""
    chain, random = system.chain, np.random.default_rng(1000 + seed)
    times = random.uniform(0.05, 6.0, 3)
    n = int(random.integers(0, 5))
    result = {"kernel": float(np.abs(chain.memory_kernel(n, times)[0] - kernel_by_quadrature(chain, n, times)).max())}
    top = chain.band[1]
    speed = chain.spacing * top / random.uniform(2.0, 6.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        single = float(system.single_pass_dissipation(speed))
        result["single pass"] = abs(single / brute_single_pass(system, speed) - 1.0)
        mean = float(system.mean_dissipation(speed))
        brute = brute_mean_dissipation(system, speed)
        result["mean dissipation"] = abs(mean / brute - 1.0) if brute else abs(mean)
        low, high = 0.8 * speed, 1.3 * speed
        known = brute_tangencies(chain, low, high)
        found = np.array([one.speed for one in system.resonant_speeds(low, high)])
        same = found.size == known.size
        result["resonances"] = float(np.abs(found / known - 1.0).max(initial=0.0)) if same else math.inf
        result["drift"] = drift_deviation(system, speed, mean)
    return result


def drift_deviation(system: ct.System, speed: float, mean: float) -> float:
    """With the mean dissipation at a speed as the bias that speed is a root, and no sign change on a grid is missed."""
    if not mean > 0.0:
        return 0.0
    driven = ct.System(system.chain, system.interaction, system.mass, bias=mean)
    low, high = 0.97 * speed, 1.03 * speed
    found = driven.drift_velocities(low, high)
    speeds = np.array([one.speed for one in found])
    grid = np.linspace(low, high, 400)
    signs = np.sign(driven.mean_dissipation(grid) - mean)
    for i in np.flatnonzero(np.diff(signs)):
        if not np.any((speeds >= grid[i] * (1.0 - 1e-9)) & (speeds <= grid[i + 1] * (1.0 + 1e-9))):
            return math.inf
    return float(np.abs(speeds / speed - 1.0).min(initial=math.inf))


@dataclass(frozen=True)
class Ring:
    """The end of a run in a ring of masses."""

    position: float
    velocity: float
    dissipated: float


def of_ring(
    system: ct.System, position: float, speed: float, duration: float, masses: int, moving: Array | None = None
) -> Ring:
    """The motion in an explicit ring, by SciPy's DOP853 at 1e-11; ``moving`` has displacements and velocities first.

    Mass 0 is the one in the middle, masses // 2.
    """
    chain = system.chain
    places = np.arange(masses) - masses // 2

    def flow(_: float, y: Array) -> Array:
        u, w, (sigma, v) = y[:masses], y[masses : 2 * masses], y[2 * masses : 2 * masses + 2]
        restoring = -chain.confinement * u
        for j, k in enumerate(chain.couplings, 1):
            restoring = restoring - k * (2.0 * u - np.roll(u, j) - np.roll(u, -j))
        slope = np.asarray(system.interaction.slope(places * chain.spacing + u - sigma))
        unit = (2.0 * math.pi) ** 2
        change = unit * (restoring - slope) - 2.0 * math.pi * chain.damping * w
        driven = unit / system.mass * (slope.sum() + system.bias / chain.spacing)
        heat = chain.damping / (2.0 * math.pi) * np.sum(w * w)
        return np.concatenate([w, change, [v, driven, heat]])

    start = np.zeros(2 * masses + 3)
    if moving is not None:
        start[: 2 * masses] = moving.ravel()
    start[2 * masses : 2 * masses + 2] = position, speed
    end = solve_ivp(flow, (0.0, duration), start, method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    return Ring(*(float(one) for one in end[2 * masses :]))


def of_waves(seed: int) -> dict[str, float]:
    """Of a travelling wave: momentum against energy, of the bias, and at weak coupling the bias against Eq. 10."""
    random = random_system(seed)
    chain = random.chain
    speed = chain.spacing * chain.band[1] / np.random.default_rng(2000 + seed).uniform(1.5, 3.0)

    def system(scale: float) -> ct.System:
        gaussian = ct.Gaussian(scale * random.interaction.amplitude, 0.2 * chain.spacing)
        return ct.System(chain, gaussian, random.mass)

    # The next order is odd in the amplitude, so that the mean over both signs is without it.
    weak = 0.5 * sum(system(scale).travelling_wave(speed).bias for scale in (1e-3, -1e-3))
    return {
        "momentum from energy": system(1.0).travelling_wave(speed).energy_balance,
        "Eq. 10 at weak coupling": abs(weak / brute_mean_dissipation(system(1e-3), speed) - 1.0),
    }


def slowness() -> dict[str, float]:
    """How many times slower a general chain is than the paper's."""
    paper = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    general = ct.System(ct.Chain.from_springs(1.0, [24.75, 1e-9], 40.0), paper.interaction)
    v = np.linspace(10.0, 90.0, 2000)
    calls = {
        "mean dissipation": lambda s: s.mean_dissipation(v),
        "single pass, quadrature": lambda s: s.single_pass_dissipation(v, method="quadrature"),
        "a run of 20": lambda s: s.simulate(20.0, 50.0, 20.0),
    }
    return {
        name: median_seconds(lambda c=call: c(general), 3) / median_seconds(lambda c=call: c(paper), 3)
        for name, call in calls.items()
    }


def measure() -> list[Figure]:
    """Deviations of a hundred random chains."""
    goals = {"kernel": 1e-11, "single pass": 1e-9, "mean dissipation": 1e-7, "resonances": 1e-7, "drift": 1e-6}
    rows = [deviations(random_system(seed), seed) for seed in range(SYSTEMS)]
    figures = [
        at_most(f"{name}, {SYSTEMS} random chains, largest deviation from brute force",
                max(row[name] for row in rows), goal, "")
        for name, goal in goals.items()
    ]  # fmt: skip
    waves = [of_waves(seed) for seed in range(WAVES)]
    figures += [
        at_most(f"travelling waves of {WAVES} random chains, largest deviation, {name}",
                max(row[name] for row in waves), goal, "")
        for name, goal in {"momentum from energy": 1e-10, "Eq. 10 at weak coupling": 1e-8}.items()
    ]  # fmt: skip
    off = []
    for seed in range(RINGS):
        system = random_system(seed)
        system = ct.System(system.chain, ct.Gaussian(1.0, 4.0), system.mass, bias=0.05)
        run = system.simulate(0.5 * system.chain.spacing, 40.0, 2.0, time_step=1.0 / 400.0)
        end = float(run.time[-1])
        # No wave may get around the ring.
        masses = 2 * math.ceil(system.chain.sound_speed / system.chain.spacing * end) + 80
        ring = of_ring(system, 0.5 * system.chain.spacing, 40.0, end, masses)
        off.append(abs(float(run.position[-1]) - ring.position))
    figures.append(at_most(f"position at the end of {RINGS} runs, from DOP853 in a ring", max(off), 1e-8, "l_slow"))
    figures += [
        at_most(f"{name}: general chain over the paper's", factor, 1e4, "times") for name, factor in slowness().items()
    ]
    return figures
