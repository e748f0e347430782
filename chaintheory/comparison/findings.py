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

from chaintheory.comparison.faulty_runs import explicit_chain, ring
from chaintheory.comparison.fits import FARTHEST, Fit, Model, Problem, Start
from chaintheory.comparison.sampling import Rows, midpoints
from chaintheory.dissipation.thermal import loss_variance
from chaintheory.interactions.base import Interaction
from chaintheory.lattice.dispersion import band_top, sound_speed
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
# Where factors are looked for: of units, and of parameters.
UNITS = (*(value for value in NAMED.values() if value > 0.0), 0.9, 1.1)
GRID = (-1.0, *np.geomspace(0.03, 30.0, 13), 0.9, 1.1)


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
    found: list[Finding] = []
    if problem.leaves_at - problem.start.time > problem.passing:  # units and parameters act at once, unless they hide
        found += [one for one in of_late_onset(problem) if accepted(one)]
    late = any(one.misfit <= NOISE for one in found)
    if not late:
        found += [one for one in of_parameters(problem, before) if accepted(one)]
    if not any(one.misfit <= NOISE for one in found):
        errors = list(step_errors(problem))
        found += [one for one in of_time_step(problem, errors) if accepted(one)]
        best = min(errors, key=lambda one: one.early, default=None)
        if not found and best is not None and best.early_before >= SMALL * best.early:
            found += [one for one in of_late_onset(problem.less(best.error)) if accepted(one)]
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
    factors: tuple[float, ...]

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
    Scale("time-unit", "The times are {factor} times what they should be", _time, UNITS),
    Scale("length-unit", "The positions are {factor} times what they should be", _length, UNITS),
    Scale("energy-unit", "The interaction and the bias are {factor} times those of the system", _energy, UNITS),
    Scale("mass", "The mass of the particle is {factor} times that of the system", _mass, GRID[1:]),
    Scale("amplitude", "The amplitude of the interaction is {factor} times that of the system", _amplitude, GRID),
    Scale("bias", "The bias is {factor} times that of the system", _bias, GRID),
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

    From part to part only those go on that come near the best and are better than no fault.
    """
    parts = [int(np.searchsorted(problem.time, n * problem.passing)) for n in (4.0, 12.0, 40.0)]
    parts = [*(max(24, part) for part in parts if part < problem.time.size), problem.time.size]
    # Without a bias the energies' factor is the amplitude's, and there is none of the bias.
    scales = [one for one in SCALES if problem.system.bias != 0.0 or one.code not in ("energy-unit", "bias")]
    tracks = [track for scale in scales for track in _tracks(problem, scale, parts[0])]
    for part in parts:
        tracks = [track for one in tracks if (track := one.followed(problem, part)) is not None]
        plain = problem.misfit(problem.plain, np.empty(0), problem.fitted_start, part)
        least = min((one.fit.misfit for one in tracks), default=math.inf)
        tracks = [one for one in tracks if one.fit.misfit <= min(KEPT * max(least, 1.0), plain / SMALL)]
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


MOST_STEPS = 12_000  # of an explicit chain
FIRST_PASSES = 2.0  # in which the step is fitted: an echo comes later
# Schemes, each with the power of the step at which its error falls, and steps in 1/omega_fast to measure it with.
SCHEMES = {"kick and exact chain": (2, 60.0), "Verlet": (2, 60.0), "symplectic Euler": (1, 100.0),
           "Runge-Kutta": (4, 20.0)}  # fmt: skip
HARMLESS = 0.05  # of the losses


@dataclass(frozen=True)
class StepError:
    """The error that a scheme makes at the rows of the first part of the data, and the step that it speaks for."""

    scheme: str
    time_step: float
    error: Array
    early: float  # misfit of the first passes with and without it
    early_before: float


def step_errors(problem: Problem) -> Iterator[StepError]:
    """The error of each scheme: measured at one step, fitted to the first passes by its order, measured again."""
    top = band_top(problem.system.chain)
    for scheme, (_, rate) in SCHEMES.items():
        step, found = 1.0 / (top * rate), None
        for _ in range(2):
            try:
                found = _step_error(problem, scheme, step) or found
            except (ValueError, EnergyBalanceError):
                break
            # A finer chain costs more than it tells, a step near this one is known.
            if found is None or found.time_step < 1.25 * step or found.time_step > STABLE[scheme] / (math.pi * top):
                break
            step = found.time_step
        if found is not None:
            yield found


def _step_error(problem: Problem, scheme: str, step: float) -> StepError | None:
    """The error at one step, scaled to fit the first passes; None where it does not look like it."""
    error = _error_of(problem, scheme, step)
    first = min(max(24, int(np.searchsorted(problem.time, FIRST_PASSES * problem.passing))), error.size)
    tolerance, rest = problem.tolerance[:first], problem.residual[:first]
    moved = problem.growth[: error.size] * problem.start.velocity_error
    columns = np.stack([error[:first] / tolerance, moved[:first] / tolerance], axis=1)
    scale, shift = np.linalg.lstsq(columns, rest / tolerance, rcond=None)[0]
    shift = min(max(float(shift), -FARTHEST), FARTHEST)
    square = float(np.sum(columns[:, 0] ** 2))
    scale = float(np.sum(columns[:, 0] * (rest / tolerance - shift * columns[:, 1]))) / max(square, 1e-300)
    if not 1e-4 < scale < 1e4:
        return None
    whole = scale * error + shift * moved
    left, before = (float(np.sqrt(np.mean((one / tolerance) ** 2))) for one in (rest - whole[:first], rest))
    return StepError(scheme, step * scale ** (1.0 / SCHEMES[scheme][0]), whole, left, before)


# Largest stable step, in units of 1/(pi omega_fast).
STABLE = {"kick and exact chain": 1.0, "Verlet": 1.0, "symplectic Euler": 1.0, "Runge-Kutta": 1.4}


def _error_of(problem: Problem, scheme: str, step: float) -> Array:
    """What a scheme with a step sees at the rows of the first part of the data, less what our run does."""
    start = problem.fitted_start
    if scheme == "kick and exact chain":
        last = problem.time.size
        other = problem.simulated(problem.system, start, problem.time, order=2, time_step=step)
    else:
        duration = min(problem.duration, MOST_STEPS * step / (4.0 if scheme == "Runge-Kutta" else 1.0))
        last = max(24, int(np.searchsorted(problem.time, duration)))
        run = explicit_chain(problem.system, scheme, start.position, start.velocity, duration + 2.0 * step, step)
        last = min(last, problem.time.size)
        other = problem.look(run, problem.time[:last])
    return other - problem.look(problem.run, problem.time[:last])


def of_time_step(problem: Problem, errors: Sequence[StepError]) -> Iterator[Finding]:
    """An integrator of finite step, judged over as much of the data as its explicit chain was carried."""
    for one in errors:
        part = slice(0, one.error.size)
        rest, tolerance = problem.residual[part], problem.tolerance[part]
        before = float(np.sqrt(np.mean((rest / tolerance) ** 2)))
        after = float(np.sqrt(np.mean(((rest - one.error) / tolerance) ** 2)))
        order = SCHEMES[one.scheme][0]
        words = f"The integrator is one of order {order} ({one.scheme}) with a step of {one.time_step:.3g} t_slow"
        found = {"order": float(order), "time_step": one.time_step}
        yield _finding("time-step", words, before, after, found, harmless=_harmless(problem))


def _harmless(problem: Problem) -> bool:
    """Whether the losses are those of our run to a few per cent."""
    if problem.rows.position is None:
        return float(np.max(np.abs(problem.residual))) < 1e-3 * float(np.max(problem.seen))
    deviation, _, _ = _deviations(problem, problem.rows)
    lost = problem.run.passes["energy_lost"]
    if not deviation.size or not lost.size:
        return True
    return float(np.sqrt(np.mean(deviation**2))) < HARMLESS * float(np.sqrt(np.mean(lost**2)))


# ---------------------------------------------------------------- what acts late


def of_late_onset(problem: Problem) -> Iterator[Finding]:
    """A ring of too few masses; a memory that is cut off."""
    if problem.leaves_at is None:
        return
    before = problem.misfit(problem.plain, np.empty(0), problem.fitted_start, problem.time.size)
    for one in of_echo(problem, before):
        yield one
        if one.misfit <= NOISE:
            return
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

    def predict(cutoff: float, at: Start, times: Array, rate: float) -> Array:
        return problem.simulated(system, at, times, method="direct", kernel_cutoff=cutoff, steps_per_fast_period=rate)

    def misfit(cutoff: float, rate: float) -> float:
        last = min(problem.time.size, max(24, int(np.searchsorted(problem.time, since + 0.8 * problem.passing))))
        return problem.misfit(
            lambda x, at, times: predict(float(x[0]), at, times, rate), np.array([cutoff]), start, last
        )

    top = band_top(system.chain)
    grid = np.arange(max(0.02, since - 1.5 * problem.passing - 0.2), since + 0.05, 0.4 / top)
    with ThreadPoolExecutor(cores()) as pool:
        misfits = np.array(list(pool.map(lambda cutoff: misfit(cutoff, rate), grid.tolist())))
    if not misfits.size or not np.isfinite(misfits).any():
        return
    # The oscillations of the kernel at the top of the band give a minimum each: the three lowest are looked into.
    padded = np.pad(misfits, 1, constant_values=math.inf)
    lowest = np.flatnonzero((misfits <= padded[:-2]) & (misfits <= padded[2:]))
    lowest = lowest[np.argsort(misfits[lowest])][:3]
    fine = [cut for at in lowest for cut in np.linspace(grid[at] - 0.2 / top, grid[at] + 0.2 / top, 9)]
    fine = [float(cut) for cut in fine if cut > 0.0]
    with ThreadPoolExecutor(cores()) as pool:
        finer = list(pool.map(lambda cutoff: misfit(cutoff, 2.0 * rate), fine))
    from scipy.optimize import minimize_scalar

    best = fine[int(np.argmin(finer))]
    found = minimize_scalar(lambda cutoff: misfit(cutoff, 2.0 * rate), bounds=(best - 0.05 / top, best + 0.05 / top),
                            method="bounded", options={"xatol": 2e-4, "maxiter": 12})  # fmt: skip
    cutoff = float(found.x) if found.fun < min(finer) else best
    last = min(problem.time.size, int(np.searchsorted(problem.time, LONGEST_DIRECT)))

    def after(x: Array, at: Start, times: Array) -> Array:
        return predict(float(x[0]), at, times, 2.0 * rate)

    left = problem.misfit(after, np.array([cutoff]), start, last)
    plain = problem.misfit(problem.plain, np.empty(0), start, last)
    words = f"The memory is cut off after {cutoff:.4g} t_slow"
    yield _finding("cut-memory", words, plain, left, {"cutoff": cutoff})


MOST_MEMORY, LONGEST_DIRECT = 15.0, 30.0


def _coarse_rate(problem: Problem) -> float:
    """Steps per fast period of the direct method that is laid beside data first: half of the published ones."""
    from chaintheory.simulation.settings import fall_speed, time_scale

    system = problem.system
    cutoff = system.interaction.reach()
    fall = fall_speed(system, cutoff)
    per_time = 1.0 / (system.chain.omega_fast * time_scale(system, cutoff, problem.start.velocity, fall))
    return max(30.0, 12.0 * per_time)


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
    try:
        per_energy = float(np.mean(loss_variance(problem.system, speed, 1.0, "classical")))
    except ValueError:
        return
    temperature = (rms**2 - float(np.mean(error**2))) / per_energy
    start = problem.fitted_start
    scatter = []
    for seed in range(SEEDS):
        try:
            run = problem.carried(
                problem.system, start, problem.duration, temperature=temperature, sampling="classical", seed=seed
            )
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
