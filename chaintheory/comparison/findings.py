"""Why data leave our run: each known fault is made on purpose, its one parameter fitted, and the residual looked at.

A fault is found where the residual then falls to what noise and sampling explain, or by a large factor. What gives the
same residual cannot be told apart, and the finding says so.

Faults that act from the first pass on (units, parameters, time step) have a model that is a run in another system, or
on another scale. Those that act later (a ring of too few masses, a memory that is cut off) are looked for around the
time at which the data leave our run. A chain at a temperature has random losses, which no run repeats: their size, and
that they are random, is what is compared.

Data of a scheme with a finite step hide a late fault until the step is known, which is fitted in the first two passes.
A fault that acts within these spoils that fit. Measured with a memory cut off after 2.1 t_slow in data of the published
map (60 steps): named as 2.102 where a pass takes 0.8 t_slow (omega_fast 10, spacing 40, speed 50; the residual falls
by 1e7); named as 1.907 with omega_fast 3, spacing 20, speed 25 (by 51 only: the code is right, its time is not); not
named at speed 14, where a pass takes 2.9 t_slow. The time at which the data leave our run is stated in each case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.faulty_runs import explicit_chain, ring
from chaintheory.comparison.fits import EXPLAINED, Fit, Model, Problem, Start
from chaintheory.comparison.sampling import CELL, Rows, midpoints, slopes
from chaintheory.dissipation.thermal import loss_variance
from chaintheory.interactions.base import Interaction
from chaintheory.lattice.dispersion import band_top, sound_speed
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.support.resources import cores

Array = NDArray[np.float64]

# A fault is found where the misfit falls by this factor, or by the smaller one down to what noise explains.
LARGE, SMALL = 10.0, 3.0
# Of rows with noise: where the sum of squares, in units of the noise, falls by so much (5.5 standard errors).
LIKELY = 30.0
# Models whose misfits lie within this factor cannot be told apart; with noise: whose sums of squares lie within this
# difference (a likelihood ratio of 400).
ALIKE, UNLIKELY = 2.0, 12.0
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
NEAR = 1.01
UNITS = (*(value for value in NAMED.values() if value > 0.0), 0.9, 1.1)
GRID = (-1.0, *np.geomspace(0.03, 30.0, 13), 0.9, 1.1)


@dataclass(frozen=True)
class Finding:
    """A fault that explains the data: code, one sentence, by what factor the residual falls, and its parameters.

    No run repeats random losses: ``improvement`` of a temperature is how much they scatter beyond their own errors.
    ``parameters`` are numbers by name (masses a number, times in t_slow, temperatures and energies in hbar Omega_slow).
    ``harmless``: the fault is an error of the time step that leaves the losses right to a few per cent.
    ``alternatives``: other faults that the data do not tell from this one, which the sentence names too.
    """

    code: str
    text: str
    improvement: float
    parameters: dict[str, float] = field(default_factory=dict)
    misfit: float = field(default=math.nan, repr=False)
    harmless: bool = False
    alternatives: tuple[Finding, ...] = ()
    explains: bool = field(default=True, repr=False)


def find_faults(problem: Problem) -> list[Finding]:
    """The fault that explains why the data leave our run, with its alternatives; none where they follow it."""
    if problem.leaves_at is None:
        return []
    plain = problem.fit(problem.plain, np.empty(0), problem.time.size, problem.fitted_start)
    if plain.explained:
        return []
    judge = Judge(problem, plain.misfit)
    found: list[Finding] = []
    # Units and parameters act at once, unless they hide: in noise they do.
    late = problem.leaves_at - problem.start.time > problem.passing
    if late and problem.noise is None:
        found += judge.accepted(of_late_onset(problem))
    if not judge.done(found):
        found += judge.accepted(of_parameters(problem, plain.misfit))
    if late and problem.noise is not None:
        found += judge.accepted(of_late_onset(problem))
    if not judge.done(found):
        errors = list(step_errors(problem))
        found += judge.accepted(of_time_step(problem, errors))
        best = min(errors, key=lambda one: one.left, default=None)
        if not found and best is not None and best.before >= SMALL * best.left:
            found += judge.accepted(of_late_onset(problem.less(best.error), best, problem))
    if not found:
        found = judge.accepted(of_temperature(problem))
    return judge.told_apart(found)


@dataclass(frozen=True)
class Judge:
    """Which faults count as found, and which of them the data tell apart: ``before`` is the misfit without any."""

    problem: Problem
    before: float

    @property
    def count(self) -> int:
        """Independent numbers that a misfit is the mean square of."""
        problem = self.problem
        return problem.weighed(problem.residual).size

    def accepted(self, tried: Iterable[Finding]) -> list[Finding]:
        """Those that explain the data: the residual falls by a large factor, or to what noise explains."""
        return [one for one in tried if one.improvement >= LARGE or (one.explains and self._enough(one))]

    def _enough(self, one: Finding) -> bool:
        if self.problem.noise is None:
            return one.improvement >= SMALL
        return (self.before**2 - one.misfit**2) * self.count >= LIKELY

    def done(self, found: Sequence[Finding]) -> bool:
        """Whether what was found leaves nothing to explain (in noise another fault may do as well)."""
        sure = any(one.explains and one.improvement >= LARGE for one in found)
        return self.problem.noise is None and sure

    def told_apart(self, found: Sequence[Finding]) -> list[Finding]:
        """The best, and in its sentence what the data do not tell from it."""
        if not found:
            return []
        best, *others = sorted(found, key=lambda one: (not one.explains, one.misfit))
        alike: dict[str, Finding] = {}
        for one in others:
            if one.code != best.code and one.explains == best.explains and self._alike(best, one):
                alike.setdefault(one.code, one)
        if not alike:
            return [replace(best, text=f"{best.text}: {_falls(best)}.")]
        texts = [best.text, *(one.text for one in alike.values())]
        either = " or ".join(text[0].lower() + text[1:] for text in texts)
        text = f"Either {either}: the data do not tell them apart, and {_falls(best)}."
        return [replace(best, text=text, alternatives=tuple(alike.values()))]

    def _alike(self, best: Finding, other: Finding) -> bool:
        if self.problem.noise is None:
            return other.misfit <= ALIKE * max(best.misfit, 1.0)
        return (other.misfit**2 - best.misfit**2) * self.count <= UNLIKELY * max(best.misfit**2, 1.0)


def _falls(found: Finding) -> str:
    if found.code == "temperature":  # which makes the size of a residual, not the residual
        return f"the scatter is {found.improvement:.3g} times what the rows leave uncertain"
    return f"the residual falls by a factor of {found.improvement:.3g}"


# ---------------------------------------------------------------- velocities beside positions

POINTS = 40  # at which velocities are compared with slopes
OFF, STEADY = 5.0, 0.02  # errors of a slope by which a velocity may be off; scatter of a factor that is one


def of_velocities(rows: Rows, within: float) -> Finding | None:
    """Velocities that are not the slope of the positions: in other units, or at other times."""
    if rows.position is None or rows.velocity is None:
        return None
    near = np.unique(np.linspace(4, rows.time.size - 5, POINTS).astype(int))
    found = slopes(rows.time, rows.position, rows.time[near], within=within)
    given = rows.velocity[near]
    off = np.abs(given - found.velocity)
    usual = float(np.median(np.abs(found.velocity)))
    if np.median(off) <= OFF * np.median(found.error) + 1e-6 * usual:
        return None
    largest = float(np.median(off)) / usual
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = given / found.velocity
    low, middle, high = np.quantile(factor[np.isfinite(factor)], (0.25, 0.5, 0.75))
    if high - low <= STEADY * abs(middle) and abs(middle - 1.0) > STEADY:
        times = named_factor(float(middle), 0.5 * float(high - low))
        words = f"The velocities are {times} times the slope of the positions"
        parameters = {"factor": float(middle)}
    else:
        words = f"The velocities differ from the slope of the positions by {100.0 * largest:.2g} % (another time?)"
        parameters = {"difference": largest}
    improvement = float(np.median(off) / max(float(np.median(found.error)), 1e-300))
    return Finding("velocity-unit", f"{words}; they are not used.", improvement, parameters, harmless=largest < STEADY)


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
    parts = sorted({*(problem.rows_of(n) for n in (4.0, 12.0, 40.0)), problem.time.size})
    parts = [part for part in parts if part > problem.followed_rows]
    # Without a bias the energies' factor is the amplitude's, and there is none of the bias.
    scales = [one for one in SCALES if problem.system.bias != 0.0 or one.code not in ("energy-unit", "bias")]
    tracks = [track for scale in scales for track in _tracks(problem, scale, parts[0])]
    for part in parts:
        problem.tell(f"units and parameters, {part} of {problem.time.size} rows")
        with ThreadPoolExecutor(cores()) as pool:
            many = pool.map(Track.followed, tracks, repeat(problem), repeat(part))
            tracks = [one for one in many if one is not None]
        tracks = _different(tracks)
        plain = problem.misfit(problem.plain, np.empty(0), problem.fitted_start, part)
        least = min((one.fit.misfit for one in tracks), default=math.inf)
        most = min(KEPT * max(least, 1.0), plain / SMALL)
        if problem.noise is not None:
            most = min(
                plain, math.sqrt(max(least, 1.0) ** 2 * (1.0 + HOPELESS / problem.weighed(problem.seen[:part]).size))
            )
        tracks = [one for one in tracks if one.fit.misfit <= most]
    best: dict[str, Track] = {}
    for one in sorted(tracks, key=lambda one: one.fit.misfit):
        best.setdefault(one.scale.code, one)
    for one in best.values():
        if abs(one.factor - 1.0) >= max(LEAST_CHANGE, 5.0 * one.error):
            words = one.scale.words.format(factor=named_factor(one.factor, one.error))
            found = {"factor": one.factor, "error": one.error}
            yield _finding(one.scale.code, words, before, one.fit, found)
    if problem.system.bias == 0.0:
        yield from _unknown_bias(problem, before)


LARGEST_LOGARITHM = math.log(60.0)  # factors beyond are not looked for
MET, OF_ERROR = 1e-3, 1.0  # factors this near, or within this part of their errors, are the same
ROUGH = 0.03  # part of the sum of squares that a fit to a part of the data need not find
HOPELESS = 100.0  # sums of squares, in noise, that lie this much above the least are not followed
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

    def meets(self, other: Track) -> bool:
        """Whether the two are the same but for their errors."""
        near = max(MET * abs(other.factor), OF_ERROR * min(self.error, other.error))
        return self.scale is other.scale and abs(self.factor - other.factor) <= near

    def followed(self, problem: Problem, part: int) -> Track | None:
        """The same fitted to so many rows; None where the fit fails."""
        rough = ROUGH if part < problem.time.size else 0.0
        fit = problem.fit(self.scale.model(problem, self.sign), self.fit.parameters, part, self.fit.start, rough)
        within = math.isfinite(fit.misfit) and abs(float(fit.parameters[0])) < LARGEST_LOGARITHM
        return replace(self, fit=fit) if within else None


def _different(tracks: Sequence[Track]) -> list[Track]:
    """The tracks without those that have met a better one of the same kind."""
    kept: list[Track] = []
    for one in sorted(tracks, key=lambda one: one.fit.misfit):
        if not any(one.meets(other) for other in kept):
            kept.append(one)
    return kept


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
    tracks = [one for one in tracks[:2] if math.isfinite(one.fit.misfit)]
    if problem.noise is not None:  # a fault that hides in it at first is small
        plain = problem.misfit(problem.plain, np.empty(0), start, first)
        tracks = [*(one for one in tracks if one.fit.misfit <= LARGE * plain), track(NEAR)]
    return tracks


def _unknown_bias(problem: Problem, before: float) -> Iterator[Finding]:
    """A bias in data of a system without one."""
    kinetic = float(problem.system.kinetic_energy(problem.start.velocity))

    def model(x: Array, start: Start, times: Array) -> Array:
        return _in_system(problem, start, times, bias=float(x[0]) * kinetic)

    parameters, at = np.array([0.0]), problem.fitted_start
    for passes in (4.0, 12.0, 40.0, math.inf):
        fit = problem.fit(model, parameters, problem.rows_of(passes), at)
        parameters, at = fit.parameters, fit.start
    bias = float(fit.parameters[0]) * kinetic
    if abs(fit.parameters[0]) > 5.0 * fit.error[0]:
        words = f"There is a bias of {bias:.4g} hbar Omega_slow per spacing, where the system has none"
        yield _finding("bias", words, before, fit, {"bias": bias})


def _finding(code: str, words: str, before: float, fit: Fit, parameters: dict[str, float], **more: Any) -> Finding:
    improvement = before / max(fit.misfit, 1e-300)
    return Finding(code, words, improvement, parameters, fit.misfit, explains=fit.explained, **more)


# ---------------------------------------------------------------- the integrator


MOST_STEPS, LONGER = 12_000, 4.0  # of an explicit chain; of few rows far apart so many times as many
FIRST_PASSES = 2.0  # in which the step is fitted: an echo comes later
# Schemes, each with the power of the step at which its error falls.
SCHEMES = {"kick and exact chain": 2, "Verlet": 2, "symplectic Euler": 1, "Runge-Kutta": 4}
# Steps in a fast period that are tried first: where the error is in proportion to a power of the step, and coarser.
RATES = (100.0, 60.0, 20.0, 10.0, 7.0, 5.5, 4.5, 3.6)
TRIALS, SETTLED = 4, 1e-3  # of the step until it changes by less
HARMLESS = 0.05  # of the losses
SURE = 100.0  # fall of the residual at which the scheme itself is believed, though a part is left


@dataclass(frozen=True)
class StepError:
    """The error that a scheme makes at the first rows: scaled, and the start shifted, to fit them.

    ``left`` and ``before``: misfits of what it was fitted to, with and without.
    """

    scheme: str
    time_step: float
    scale: float
    shift: float
    error: Array
    left: float
    before: float

    @property
    def settles_at(self) -> float:
        """The step whose error needs no scale, if it goes with its power."""
        return float(self.time_step * self.scale ** (1.0 / SCHEMES[self.scheme]))


def step_errors(problem: Problem) -> Iterator[StepError]:
    """The error of each scheme, at the step that fits the first passes best: what comes later may be another fault."""
    top = band_top(problem.system.chain)
    first = float(problem.time[problem.rows_of(FIRST_PASSES) - 1])
    for scheme in SCHEMES:
        problem.tell(f"time step of {scheme}")
        tried = [_fitted_error(problem, scheme, 1.0 / (top * rate), first) for rate in RATES]
        best = _settled(problem, min((one for one in tried if one is not None), key=lambda one: one.left, default=None))
        if best is None:
            continue
        whole = _error_of(problem, scheme, best.time_step, problem.duration)
        if whole is not None:
            whole = best.scale * whole + best.shift * problem.growth[: whole.size] * problem.start.velocity_error
            yield replace(best, error=whole)


def _settled(problem: Problem, best: StepError | None) -> StepError | None:
    """The step that its error in proportion to a power of it leads to, until that changes little."""
    for _ in range(TRIALS if best is not None else 0):
        assert best is not None
        if abs(best.settles_at / best.time_step - 1.0) < SETTLED:
            break
        found = _fitted_error(problem, best.scheme, best.settles_at, float(problem.time[best.error.size - 1]))
        if found is None or found.left >= best.left:
            break
        best = found
    return best


def _fitted_error(problem: Problem, scheme: str, step: float, duration: float) -> StepError | None:
    """The error at one step, scaled (and the start shifted) to fit; None where it is not like that of the data."""
    if not step < STABLE[scheme] / (math.pi * band_top(problem.system.chain)):
        return None
    error = _error_of(problem, scheme, step, duration)
    if error is None:
        return None
    rest = problem.residual[: error.size]
    moved = problem.growth[: error.size] * problem.start.velocity_error
    columns = np.stack([problem.weighed(error), problem.weighed(moved)], axis=1)
    weighed = problem.weighed(rest)
    # The slope of rows that a scheme made is not its velocity, by a power of the step: the shift is free.
    scale, shift = np.linalg.lstsq(columns, weighed, rcond=None)[0]
    if not 1e-4 < scale < 1e4:
        return None
    fitted = scale * error + shift * moved
    return StepError(scheme, step, scale, shift, fitted, problem.size_of(rest - fitted), problem.size_of(rest))


# Largest stable step, in units of 1/(pi omega_fast).
STABLE = {"kick and exact chain": 1.0, "Verlet": 1.0, "symplectic Euler": 1.0, "Runge-Kutta": 1.4}


def _error_of(problem: Problem, scheme: str, step: float, duration: float) -> Array | None:
    """What a scheme sees at the rows of the first part of the data, less what our run does; None where it is refused.

    An explicit chain is carried no longer than it is worth.
    """
    start = problem.fitted_start
    if scheme != "kick and exact chain":
        duration = min(duration, MOST_STEPS * step / (4.0 if scheme == "Runge-Kutta" else 1.0))
    last = min(max(24, int(np.searchsorted(problem.time, duration, "right"))), problem.time.size)
    times = problem.time[:last]
    if scheme != "kick and exact chain" and times[-1] > LONGER * MOST_STEPS * step:
        return None  # a step so small that no error of it shows
    try:
        if scheme == "kick and exact chain":
            other = problem.simulated(problem.system, start, times, order=2, time_step=step)
        else:
            whole = float(times[-1]) + 2.0 * step
            run = explicit_chain(problem.system, scheme, start.position, start.velocity, whole, step)
            other = problem.look(run, times)
    except (ValueError, EnergyBalanceError):
        return None
    return np.asarray(other - problem.look(problem.run, times))


def of_time_step(problem: Problem, errors: Sequence[StepError]) -> Iterator[Finding]:
    """An integrator of finite step, judged over as much of the data as its explicit chain was carried."""
    least = min((one.left for one in errors), default=math.inf)
    tried: list[tuple[StepError, Fit, float]] = []
    for early in errors:
        if early.left > KEPT * max(least, 1.0):
            continue
        one = _settled(problem, _fitted_error(problem, early.scheme, early.settles_at, problem.duration))
        if one is None:
            continue
        rest = problem.residual[: one.error.size]
        left = rest - one.error
        fit = Fit(np.empty(0), problem.fitted_start, problem.size_of(left), np.empty(0), problem.explained(left, 2))
        tried.append((one, fit, problem.size_of(rest)))
    if not tried:
        return
    # Euler's symplectic method is Verlet's with velocities of another time: the usual name comes first.
    best, fit, before = tried[0]
    for one, other, size in tried[1:]:
        if max(other.misfit, 1.0) * ALIKE < max(fit.misfit, 1.0):
            best, fit, before = one, other, size
    order = SCHEMES[best.scheme]
    alike = [
        one.scheme
        for one, other, _ in tried
        if SCHEMES[one.scheme] == order and max(other.misfit, 1.0) <= ALIKE * max(fit.misfit, 1.0)
    ]
    if len(alike) > 1:
        kind = f"{' or '.join(alike)}, which the data do not tell apart"
    else:
        sure = fit.explained or before >= SURE * fit.misfit
        kind = best.scheme if sure else f"nearest to {best.scheme}, but the scheme is not told apart"
    words = f"The integrator is one of order {order} ({kind}) with a step of {best.settles_at:.3g} t_slow"
    found = {"order": float(order), "time_step": best.settles_at}
    yield _finding("time-step", words, before, fit, found, harmless=_harmless(problem))


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


def of_late_onset(problem: Problem, known: StepError | None = None, whole: Problem | None = None) -> Iterator[Finding]:
    """A ring of too few masses; a memory that is cut off.

    ``known``: the error of the step that was taken off the data of ``whole``. Of the published scheme it is made again.
    """
    if problem.leaves_at is None:
        return
    before = problem.misfit(problem.plain, np.empty(0), problem.fitted_start, problem.time.size)
    for one in of_echo(problem, before):
        yield one
        if one.explains:
            return
    if known is not None and whole is not None and known.scheme == "kick and exact chain":
        start = problem.fitted_start
        start = replace(start, velocity=start.velocity + known.shift * whole.start.velocity_error)
        rate = 1.0 / (known.settles_at * problem.system.chain.omega_fast)
        yield from of_cut_memory(problem, whole, start, rate)
    else:
        yield from of_cut_memory(problem, problem, problem.fitted_start)


MOST_TRIED, FEW_MASSES = 800, 64


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
    if not tried:
        return
    problem.tell(f"echo in rings of {tried[-1]} to {tried[0]} masses")
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
    last = problem.time.size
    if best <= FEW_MASSES:  # integrated as a whole, which takes ten milliseconds for each t_slow
        last = min(last, int(np.searchsorted(problem.time, since + LONGEST_DIRECT)))
        before = problem.misfit(problem.plain, np.empty(0), start, last)
    fit = problem.fit(lambda _, at, times: predict(best, at, times), np.empty(0), last, start)
    words = f"The chain is a ring of {best} masses, whose sound comes back"
    yield _finding("echo", words, before, fit, {"masses": float(best)})


def of_cut_memory(problem: Problem, judged: Problem, start: Start, given: float | None = None) -> Iterator[Finding]:
    """A memory kernel that is cut off: what it forgets is missing from the time of the cut on.

    ``judged``: the data that runs from ``start`` with ``given`` steps in a fast period are laid beside.
    """
    leaves, system = problem.leaves_at, problem.system
    assert leaves is not None
    since = leaves - problem.start.time
    if since > MOST_MEMORY:
        return
    problem.tell("memory that is cut off")
    rate = given or _coarse_rate(problem)
    fine_rate = given or 2.0 * rate

    def predict(cutoff: float, at: Start, times: Array, rate: float) -> Array:
        return judged.simulated(system, at, times, method="direct", kernel_cutoff=cutoff, steps_per_fast_period=rate)

    def misfit(cutoff: float, rate: float) -> float:
        last = min(problem.time.size, max(24, int(np.searchsorted(problem.time, since + 0.8 * problem.passing))))
        return judged.misfit(
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
        finer = list(pool.map(lambda cutoff: misfit(cutoff, fine_rate), fine))
    from scipy.optimize import minimize_scalar

    best = fine[int(np.argmin(finer))]
    found = minimize_scalar(lambda cutoff: misfit(cutoff, fine_rate), bounds=(best - 0.05 / top, best + 0.05 / top),
                            method="bounded", options={"xatol": 2e-4, "maxiter": 12})  # fmt: skip
    cutoff = float(found.x) if found.fun < min(finer) else best
    last = min(problem.time.size, int(np.searchsorted(problem.time, LONGEST_DIRECT)))

    def after(x: Array, at: Start, times: Array) -> Array:
        return predict(float(x[0]), at, times, fine_rate)

    if given is None:
        fit = judged.fit(lambda _, at, times: after(np.array([cutoff]), at, times), np.empty(0), last, start)
    else:  # of the step, the start is known better than of the slope
        left = judged.misfit(after, np.array([cutoff]), start, last)
        fit = Fit(np.array([cutoff]), start, left, np.zeros(1), left <= EXPLAINED)
    plain = judged.misfit(judged.plain, np.empty(0), start, last)
    words = f"The memory is cut off after {cutoff:.4g} t_slow"
    yield _finding("cut-memory", words, plain, fit, {"cutoff": cutoff})


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

SEEDS = 6
BY_CHANCE = 1e-4  # that the mean of random losses differs so much from that of our run (of many: 4 standard errors)
LEAST_LOSSES = 8  # that show that they are random: six of a wrong width look so
RANDOM = 0.5  # correlation of neighbouring losses below which they are called random


def of_temperature(problem: Problem) -> Iterator[Finding]:
    r"""A chain at a temperature: losses scatter by sqrt(2 k T Delta), Delta being the single-pass dissipation.

    (A harmonic chain takes work that is Gaussian, and its mean and variance are bound by the fluctuation theorem.) The
    scatter gives the temperature; runs in a chain drawn at it must scatter alike.
    """
    if problem.rows.position is None:
        return
    from scipy.stats import ttest_1samp

    given, error, speed = _deviations(problem, problem.rows)
    if given.size < LEAST_LOSSES:
        return
    rms = float(np.sqrt(np.mean(given**2)))
    unexplained = rms / max(float(np.sqrt(np.mean(error**2))), 1e-300)
    if unexplained < SMALL or ttest_1samp(given, 0.0).pvalue < BY_CHANCE:
        return
    try:
        per_energy = float(np.mean(loss_variance(problem.system, speed, 1.0, "classical")))
    except ValueError:
        return
    problem.tell("temperature")
    temperature = (rms**2 - float(np.mean(error**2))) / per_energy
    start = problem.fitted_start
    scatter, correlation = [], []
    for seed in range(SEEDS):
        try:
            run = problem.carried(
                problem.system, start, problem.duration, temperature=temperature, sampling="classical", seed=seed
            )
        except (ValueError, EnergyBalanceError):
            return
        lost, _, _ = _deviations(problem, Rows(run.time + problem.start.time, run.position, None))
        scatter.append(float(np.sqrt(np.mean(lost**2))))
        correlation.append(_correlation(lost))
    # Losses of slow passes go together, as the chain has not forgotten: as much as in these runs.
    spread = max(float(np.std(correlation)), 1.0 / math.sqrt(given.size))
    if _correlation(given) > max(RANDOM, float(np.mean(correlation)) + 2.0 * spread):
        return
    variances = np.square(scatter)
    ratio = rms**2 / float(variances.mean())
    if not 0.25 < ratio < 4.0:
        return
    temperature *= ratio
    # One run's variance scatters as chi-squared does, more where losses go together, and the seeds' mean as well.
    relative = max(float(np.std(variances, ddof=1) / variances.mean()), math.sqrt(2.0 / given.size))
    uncertain = temperature * relative * math.sqrt(1.0 + 1.0 / SEEDS)
    words = (
        f"The losses of {given.size} passes scatter at random by {rms:.2g} hbar Omega_slow a pass, as in a chain at a "
        f"temperature of k T = {temperature:.2g} +- {uncertain:.1g} hbar Omega_slow"
    )
    found = {"temperature": temperature, "error": uncertain, "scatter": rms}
    yield Finding("temperature", words, unexplained, found, 1.0)


def _correlation(losses: Array) -> float:
    """Correlation of neighbouring losses."""
    apart = losses - losses.mean()
    return float(np.sum(apart[1:] * apart[:-1]) / max(float(np.sum(apart**2)), 1e-300))


def _deviations(problem: Problem, rows: Rows) -> tuple[Array, Array, Array]:
    """Loss in each pass less that of our run in the same pass, its error, and the speed."""
    system, run = problem.system, problem.run
    found = midpoints(system, rows)
    nothing = np.empty(0), np.empty(0), np.empty(0)
    if not found.time.size or not run.crossings.size:
        return nothing
    # A start midway between masses may lie a little before or behind it.
    shift = int(np.argmax(run.crossings["position"] == found.position[0]))
    skip = int(np.argmax(found.position == run.crossings["position"][0])) if not shift else 0
    crossings = run.crossings[shift:]
    count = min(found.time.size - skip, crossings.size)
    same = found.position[skip : skip + count] == crossings["position"][:count]
    count = int(np.argmin(same)) if not same.all() else count
    if count < 2:
        return nothing
    part = slice(skip, skip + count)
    velocity, energy = np.abs(found.velocity[part]), 2.0 * float(system.kinetic_energy(1.0))
    small = _small_deviations(problem, rows, found.time[part])
    if small is not None:
        moved, error = small
        return -np.diff(energy * velocity * moved), *_of_pass(energy * velocity * error, velocity)
    kinetic = np.asarray(system.kinetic_energy(velocity))
    own = np.asarray(system.kinetic_energy(crossings["speed"][:count]))
    return -np.diff(kinetic) + np.diff(own), *_of_pass(energy * velocity * found.error[part], velocity)


def _of_pass(error: Array, velocity: Array) -> tuple[Array, Array]:
    """Error of the loss in each pass from those of the energies, and the speed before it."""
    return np.hypot(error[1:], error[:-1]), velocity[:-1]


NEARBY = 0.05  # of the width: residuals within which energies differ by the slope of the residual alone


def _small_deviations(problem: Problem, rows: Rows, near: Array) -> tuple[Array, Array] | None:
    """Deviations of the velocity from our run, and their errors, where rows follow it: the slope of a small residual.

    What the polynomials miss of the motion is in the run as well, and drops out.
    """
    assert rows.position is not None
    times = rows.time - problem.start.time
    inside = (times >= 0.0) & (times <= problem.run.time[-1])
    rest = rows.position[inside] - problem.run.at(times[inside])[0]
    way = float(np.median(np.abs(np.diff(rows.position))))
    usual = float(np.median(np.abs(np.diff(rest))))
    if np.max(np.abs(rest)) > NEARBY * problem.system.interaction.width or not usual > 0.0:
        return None
    found = slopes(rows.time[inside], rest, near, within=CELL * problem.system.chain.spacing * usual / way)
    return np.sign(problem.start.velocity) * found.velocity, found.error
