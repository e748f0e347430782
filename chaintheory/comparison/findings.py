"""Why data leave our run: each known fault is made on purpose, its one parameter fitted, and the residual looked at.

A fault is found where the residual then falls to what noise and sampling explain, or by a large factor. What gives the
same residual cannot be told apart, and the finding says so.

Faults that act from the first pass on (units, parameters, time step) have a model that is a run in another system, or
on another scale. Those that act later (a ring of too few masses, a memory that is cut off) are looked for around the
time at which the data leave our run. A chain at a temperature has random losses, which no run repeats: their size, and
that they are random, is what is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.faulty_runs import PLAIN, explicit_chain, hot_run, ring
from chaintheory.comparison.fits import Fit, Model, Problem, Start
from chaintheory.comparison.sampling import Rows, midpoints
from chaintheory.dissipation.single_pass import single_pass_dissipation
from chaintheory.interactions.base import Interaction
from chaintheory.lattice.dispersion import sound_speed
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.support.resources import cores

Array = NDArray[np.float64]

# A fault is found where the misfit falls by this factor, or by the smaller one down to what noise explains.
LARGE, SMALL, NOISE = 10.0, 3.0, 3.0
# Models whose misfits lie within this factor cannot be told apart.
ALIKE = 2.0
# A factor this near to 1 is none that anyone would mistake.
LEAST_CHANGE = 1e-4

TWO_PI = 2.0 * math.pi
# Factors that are mistaken for each other, by name.
NAMED = {
    "2 pi": TWO_PI,
    "1/(2 pi)": 1.0 / TWO_PI,
    "sqrt(2 pi)": math.sqrt(TWO_PI),
    "1/sqrt(2 pi)": 1.0 / math.sqrt(TWO_PI),
    "4 pi^2": TWO_PI**2,
    "1/(4 pi^2)": 1.0 / TWO_PI**2,
    "pi": math.pi,
    "1/pi": 1.0 / math.pi,
    "2": 2.0,
    "1/2": 0.5,
    "4": 4.0,
    "1/4": 0.25,
    "sqrt(2)": math.sqrt(2.0),
    "1/sqrt(2)": math.sqrt(0.5),
    "10": 10.0,
    "1/10": 0.1,
    "-1": -1.0,
}
GRID = (*NAMED.values(), *np.geomspace(0.03, 30.0, 13), 0.9, 0.95, 0.98, 0.99, 1.01, 1.02, 1.05, 1.1)


@dataclass(frozen=True)
class Finding:
    """A fault that explains the data: code, one sentence, by what factor the residual falls, and its parameters.

    ``parameters`` are numbers by name (masses a number, times in t_slow, temperatures and energies in hbar Omega_slow).
    ``harmless``: the fault is an error of the time step that leaves the losses right to a few per cent.
    """

    code: str
    text: str
    improvement: float
    parameters: dict[str, float] = field(default_factory=dict)
    misfit: float = field(default=math.nan, repr=False)
    harmless: bool = False


def find_faults(problem: Problem) -> list[Finding]:
    """The faults that explain why the data leave our run; the best first, none where they follow it."""
    if problem.leaves_at is None:
        return []
    before = problem.fit(problem.plain, np.empty(0), problem.time.size, problem.fitted_start).misfit
    if before <= NOISE:
        return []
    found = [one for one in of_parameters(problem, before) if accepted(one)]
    if not any(one.misfit <= NOISE for one in found):
        found += [one for one in (*of_time_step(problem, before), *of_late_onset(problem, before)) if accepted(one)]
    if not found:
        found = [one for one in of_temperature(problem) if accepted(one)]
    found.sort(key=lambda one: one.misfit)
    return _told_apart(found)


def accepted(one: Finding) -> bool:
    """Whether a fault explains the data: the residual falls by a large factor, or to what noise explains."""
    return one.improvement >= LARGE or (one.improvement >= SMALL and one.misfit <= NOISE)


def _told_apart(found: Sequence[Finding]) -> list[Finding]:
    """The best, and what cannot be told apart from it, which its sentence then says."""
    if not found:
        return []
    alike = [one for one in found[1:] if one.misfit <= ALIKE * max(found[0].misfit, 1.0) and one.code != found[0].code]
    names = ", ".join(dict.fromkeys(one.code for one in alike))
    best = found[0] if not alike else replace(found[0], text=f"{found[0].text} The data do not tell it from: {names}.")
    return [best, *alike]


# ---------------------------------------------------------------- units and parameters


def scaled(interaction: Interaction, factor: float) -> Interaction:
    """The interaction with its amplitude multiplied; ValueError where it has none."""
    if not hasattr(interaction, "amplitude"):
        raise ValueError("interaction must have an amplitude")
    changed: Any = interaction
    return replace(changed, amplitude=changed.amplitude * factor)


@dataclass(frozen=True)
class Scale:
    """A fault that is one factor: its code, its words, and the model of the data."""

    code: str
    words: str
    predict: Callable[[Problem, float, Start, Array], Array]
    factors: tuple[float, ...] = GRID

    def model(self, problem: Problem, sign: float) -> Model:
        """The model with the logarithm of the factor as parameter."""

        def predict(x: Array, start: Start, times: Array) -> Array:
            if not abs(float(x[0])) < LARGEST_LOGARITHM:
                raise ValueError("factor must be one that someone may mistake")
            return self.predict(problem, sign * math.exp(float(x[0])), start, times)

        return predict


def _in_system(problem: Problem, start: Start, times: Array, **change: Any) -> Array:
    return problem.simulated(replace(problem.system, **change), start, times)


def _mass(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    return _in_system(problem, start, times, mass=problem.system.mass * _positive(factor))


def _amplitude(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    return _in_system(problem, start, times, interaction=scaled(problem.system.interaction, factor))


def _energy(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    bias = problem.system.bias * _positive(factor)
    return _in_system(problem, start, times, interaction=scaled(problem.system.interaction, factor), bias=bias)


def _bias(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    return _in_system(problem, start, times, bias=problem.system.bias * factor)


def _time(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    """Times listed are ``factor`` times the true ones, so that speeds read off them are too small by it."""
    true = replace(start, velocity=start.velocity * _positive(factor))
    seen = problem.simulated(problem.system, true, times / factor)
    return seen / factor if problem.rows.position is None else seen


def _length(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    true = replace(start, position=start.position / _positive(factor), velocity=start.velocity / factor)
    return factor * problem.simulated(problem.system, true, times)


def _positive(factor: float) -> float:
    if not factor > 0.0:
        raise ValueError(f"factor must be greater than 0, got {factor!r}")
    return factor


SCALES = (
    Scale("time-unit", "The times are {factor} times what they should be", _time),
    Scale("length-unit", "The positions are {factor} times what they should be", _length),
    Scale("energy-unit", "The interaction and the bias are {factor} times those of the system", _energy),
    Scale("mass", "The mass of the particle is {factor} times that of the system", _mass),
    Scale("amplitude", "The amplitude of the interaction is {factor} times that of the system", _amplitude),
    Scale("bias", "The bias is {factor} times that of the system", _bias, (*GRID, 0.02, 50.0)),
)


def named_factor(factor: float, error: float) -> str:
    """The factor in words: a known one within its error, or its digits.

    >>> named_factor(6.2831853, 1e-6), named_factor(1.2345, 1e-3)
    ('2 pi', '1.234')
    """
    for name, value in NAMED.items():
        if abs(factor - value) <= max(3.0 * error, 1e-3 * abs(value)):
            return name
    return f"{factor:.4g}"


def of_parameters(problem: Problem, before: float) -> Iterator[Finding]:
    """Fit each factor: looked for on a grid in the first passes, then followed to more and more of the data.

    From part to part only those go on that come near the best.
    """
    parts = [int(np.searchsorted(problem.time, n * problem.passing)) for n in (4.0, 12.0, 40.0)]
    parts = [*(max(24, part) for part in parts if part < problem.time.size), problem.time.size]
    # Without a bias the energies' factor is the amplitude's, and there is none of the bias.
    scales = [one for one in SCALES if problem.system.bias != 0.0 or one.code not in ("energy-unit", "bias")]
    tracks = [track for scale in scales for track in _tracks(problem, scale, parts[0])]
    for part in parts:
        tracks = [track for one in tracks if (track := one.followed(problem, part)) is not None]
        least = min((one.fit.misfit for one in tracks), default=math.inf)
        tracks = [one for one in tracks if one.fit.misfit <= KEPT * max(least, 1.0)]
    best: dict[str, Track] = {}
    for one in sorted(tracks, key=lambda one: one.fit.misfit):
        best.setdefault(one.scale.code, one)
    for one in best.values():
        if abs(one.factor - 1.0) >= max(LEAST_CHANGE, 5.0 * one.error):
            words = one.scale.words.format(factor=named_factor(one.factor, one.error))
            found = {"factor": one.factor, "error": one.error}
            yield _finding(one.scale.code, words, before, one.fit.misfit, found)
    if problem.system.bias == 0.0:
        yield from _unknown_bias(problem, before)


LARGEST_LOGARITHM = math.log(60.0)  # factors beyond are not looked for
KEPT = 30.0  # misfits so many times the best one's are not followed


@dataclass(frozen=True)
class Track:
    """A factor on its way from the first part of the data to all of them."""

    scale: Scale
    sign: float
    fit: Fit

    @property
    def factor(self) -> float:
        """The factor."""
        return self.sign * math.exp(float(self.fit.parameters[0]))

    @property
    def error(self) -> float:
        """Standard error of the factor."""
        return abs(self.factor) * float(self.fit.error[0])

    def followed(self, problem: Problem, part: int) -> Track | None:
        """The same fitted to so many rows; None where the fit fails."""
        fit = problem.fit(self.scale.model(problem, self.sign), self.fit.parameters, part, self.fit.start)
        within = math.isfinite(fit.misfit) and abs(float(fit.parameters[0])) < LARGEST_LOGARITHM
        return replace(self, fit=fit) if within else None


def _tracks(problem: Problem, scale: Scale, first: int) -> list[Track]:
    """The two factors of the grid that fit the first rows best."""
    start = problem.fitted_start

    def track(factor: float) -> Track:
        sign = math.copysign(1.0, factor)
        parameters = np.array([math.log(abs(factor))])
        misfit = problem.misfit(scale.model(problem, sign), parameters, start, first)
        return Track(scale, sign, Fit(parameters, start, misfit, np.zeros(1)))

    with ThreadPoolExecutor(cores()) as pool:
        tracks = sorted(pool.map(track, scale.factors), key=lambda one: one.fit.misfit)
    return [one for one in tracks[:2] if math.isfinite(one.fit.misfit)]


def _unknown_bias(problem: Problem, before: float) -> Iterator[Finding]:
    """A bias in data of a system without one."""
    kinetic = float(problem.system.kinetic_energy(problem.start.velocity))

    def model(x: Array, start: Start, times: Array) -> Array:
        return _in_system(problem, start, times, bias=float(x[0]) * kinetic)

    parameters, at = np.array([0.0]), problem.fitted_start
    for passes in (4.0, 12.0, 40.0, math.inf):
        part = int(np.searchsorted(problem.time, passes * problem.passing))
        fit = problem.fit(model, parameters, max(24, part) if part < problem.time.size else problem.time.size, at)
        parameters, at = fit.parameters, fit.start
    bias = float(fit.parameters[0]) * kinetic
    if abs(fit.parameters[0]) > 5.0 * fit.error[0]:
        words = f"There is a bias of {bias:.4g} hbar Omega_slow per spacing, where the system has none"
        yield _finding("bias", words, before, fit.misfit, {"bias": bias})


def _finding(code: str, words: str, before: float, misfit: float, parameters: dict[str, float], **more: Any) -> Finding:
    improvement = before / max(misfit, 1e-300)
    return Finding(code, f"{words}: the residual falls by a factor of {improvement:.3g}.", improvement, parameters,
                   misfit, **more)  # fmt: skip


# ---------------------------------------------------------------- the integrator


MOST_MASS_STEPS = 4e8  # what an explicit chain may cost


def of_time_step(problem: Problem, before: float) -> Iterator[Finding]:
    """An integrator of finite step: its error is measured at one step, the step fitted by its order, and run again."""
    return iter(())


# ---------------------------------------------------------------- what acts late


def of_late_onset(problem: Problem, before: float) -> Iterator[Finding]:
    """A ring of too few masses; a memory that is cut off."""
    yield from of_echo(problem, before)
    yield from of_cut_memory(problem, before)


MOST_TRIED = 800


def of_echo(problem: Problem, before: float) -> Iterator[Finding]:
    """A ring of N masses: sound that meets the particle head on has gone N spacings less the particle's way.

    It cannot have come later than the data leave our run, which bounds N from above.
    """
    leaves, system, start = problem.leaves_at, problem.system, problem.fitted_start
    assert leaves is not None
    since = leaves - problem.start.time
    closing = (sound_speed(system.chain) + abs(start.velocity)) / system.chain.spacing
    most = math.ceil(closing * (since + 0.3)) + 4
    least = max(8, math.floor(0.55 * most) - 8)
    tried = list(range(most, least, -1))[:MOST_TRIED]
    step = problem.run.time[1]
    last = max(24, int(np.searchsorted(problem.time, 1.1 * since + 1.5 * problem.passing)))
    last = min(last, problem.time.size)

    def predict(masses: int, at: Start, times: Array) -> Array:
        run = ring(system, masses, at.position, at.velocity, float(times[-1]) + 2.0 * step, step)
        return problem.look(run, times)

    def misfit(masses: int) -> float:
        return problem.misfit(lambda _, at, times: predict(masses, at, times), np.empty(0), start, last)

    with ThreadPoolExecutor(cores()) as pool:
        misfits = list(pool.map(misfit, tried))
    if not misfits or not math.isfinite(min(misfits)):
        return
    best = tried[int(np.argmin(misfits))]
    fit = problem.fit(lambda _, at, times: predict(best, at, times), np.empty(0), problem.time.size, start)
    words = f"The chain is a ring of {best} masses, whose sound comes back"
    yield _finding("echo", words, before, fit.misfit, {"masses": float(best)})


def of_cut_memory(problem: Problem, before: float) -> Iterator[Finding]:
    """A memory kernel that is cut off: what it forgets is missing from the time of the cut on."""
    leaves, system, start = problem.leaves_at, problem.system, problem.fitted_start
    assert leaves is not None
    since = leaves - problem.start.time
    if since > MOST_MEMORY:
        return
    rate = _coarse_rate(problem)

    def predict(cutoff: float, at: Start, times: Array) -> Array:
        return problem.simulated(system, at, times, method="direct", kernel_cutoff=cutoff, steps_per_fast_period=rate)

    def misfit(cutoff: float) -> float:
        last = min(problem.time.size, max(24, int(np.searchsorted(problem.time, since + 2.0 * problem.passing))))
        return problem.misfit(lambda x, at, times: predict(float(x[0]), at, times), np.array([cutoff]), start, last)

    grid = np.arange(max(0.02, since - 2.5 * problem.passing - 0.5), since + 0.05, 0.25 / system.chain.omega_fast)
    with ThreadPoolExecutor(cores()) as pool:
        misfits = list(pool.map(misfit, grid.tolist()))
    if not misfits or not math.isfinite(min(misfits)):
        return
    from scipy.optimize import minimize_scalar

    at = int(np.argmin(misfits))
    width = float(grid[1] - grid[0]) if grid.size > 1 else 0.02
    found = minimize_scalar(misfit, bounds=(grid[at] - width, grid[at] + width), method="bounded",
                            options={"xatol": 1e-3, "maxiter": 20})  # fmt: skip
    cutoff = float(found.x)
    last = min(problem.time.size, int(np.searchsorted(problem.time, LONGEST_DIRECT)) or problem.time.size)
    after = problem.misfit(lambda x, s, times: predict(float(x[0]), s, times), np.array([cutoff]), start, last)
    plain = problem.misfit(problem.plain, np.empty(0), start, last)
    words = f"The memory is cut off after {cutoff:.4g} t_slow"
    yield _finding("cut-memory", words, plain, after, {"cutoff": cutoff})


MOST_MEMORY, LONGEST_DIRECT = 15.0, 30.0


def _coarse_rate(problem: Problem) -> float:
    """Steps per fast period of the direct method that is laid beside data: a quarter of the published ones."""
    from chaintheory.simulation.settings import fall_speed, time_scale

    system = problem.system
    cutoff = system.interaction.reach()
    fall = fall_speed(system, cutoff)
    per_time = 1.0 / (system.chain.omega_fast * time_scale(system, cutoff, problem.start.velocity, fall))
    return max(15.0, 12.0 * per_time)


# ---------------------------------------------------------------- temperature

SEEDS = 4
MOST_MEAN = 4.0  # standard errors by which the mean of random losses may differ from that of our run
RANDOM = 0.5  # correlation of neighbouring losses below which they are called random


def of_temperature(problem: Problem) -> Iterator[Finding]:
    r"""A chain at a temperature: losses scatter by sqrt(2 k T Delta), Delta being the single-pass dissipation.

    (A harmonic chain takes work that is Gaussian, and its mean and variance are bound by the fluctuation theorem.) The
    scatter gives the temperature; runs in a chain drawn at it must scatter alike.
    """
    if problem.rows.position is None:
        return
    given, error, speed = _deviations(problem, problem.rows)
    if given.size < 8:
        return
    rms = float(np.sqrt(np.mean(given**2)))
    unexplained = rms / max(float(np.sqrt(np.mean(error**2))), 1e-300)
    if unexplained < LARGE:
        return
    together = float(
        np.sum((given[1:] - given.mean()) * (given[:-1] - given.mean())) / np.sum((given - given.mean()) ** 2)
    )
    mean = abs(float(given.mean())) * math.sqrt(given.size) / rms
    if abs(together) > RANDOM or mean > MOST_MEAN:
        return
    per_energy = 2.0 * float(np.mean(single_pass_dissipation(problem.system, speed)))
    temperature = (rms**2 - float(np.mean(error**2))) / per_energy
    start = problem.fitted_start
    scatter = []
    for seed in range(SEEDS):
        try:
            run = hot_run(problem.system, temperature, start.position, start.velocity, problem.duration, seed)
        except (ValueError, EnergyBalanceError):
            return
        lost, _, _ = _deviations(problem, Rows(run.time + problem.start.time, run.position, None))
        scatter.append(float(np.sqrt(np.mean(lost**2))))
    ratio = rms / float(np.mean(scatter))
    if not 0.5 < ratio < 2.0:
        return
    temperature *= ratio**2
    words = (
        f"The losses scatter at random by {rms:.2g} hbar Omega_slow a pass, as in a chain at a temperature of k T = "
        f"{temperature:.2g} hbar Omega_slow: what is left of the scatter falls by a factor of {unexplained:.3g}."
    )
    yield Finding("temperature", words, unexplained, {"temperature": temperature, "scatter": rms}, 1.0)


def _deviations(problem: Problem, rows: Rows) -> tuple[Array, Array, Array]:
    """Loss in each pass less that of our run in the same pass, its error, and the speed."""
    system, run = problem.system, problem.run
    found = midpoints(system, rows)
    count = min(found.time.size, run.crossings.size)
    same = found.position[:count] == run.crossings["position"][:count]
    count = int(np.argmin(same)) if not same.all() else count
    if count < 2:
        return np.empty(0), np.empty(0), np.empty(0)
    kinetic = np.asarray(system.kinetic_energy(found.velocity[:count]))
    own = np.asarray(system.kinetic_energy(run.crossings["speed"][:count]))
    slope = 2.0 * float(system.kinetic_energy(1.0)) * np.abs(found.velocity[:count]) * found.error[:count]
    error = np.hypot(slope[1:], slope[:-1])
    return -np.diff(kinetic) + np.diff(own), error, np.abs(found.velocity[: count - 1])


# The power of the step at which the error of a plain integrator falls.
ORDERS = PLAIN
_ = explicit_chain, SystemParameters
