"""Units and parameters that are off by a factor: it is fitted, and the run in that system laid beside the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.comparison.finding import KEPT, LARGE, LARGER, SMALL, Finding, fitted
from chaintheory.comparison.fits import FIRST, Fit, Model, Problem, Start
from chaintheory.parameters import SystemParameters
from chaintheory.simulation.stated_units import METRES, OF_MODEL, in_si_units, size_of
from chaintheory.support.resources import cores

Array = NDArray[np.float64]

# A factor this near to 1 is none that anyone would mistake.
LEAST_CHANGE = 1e-4
TWO_PI = 2.0 * math.pi
ANGSTROM = METRES["angstrom"] / METRES["bohr"]
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
    "1.88973 (bohr for angstrom)": ANGSTROM,
    "0.529177 (angstrom for bohr)": 1.0 / ANGSTROM,
    "10": 10.0,
    "1/10": 0.1,
    "-1": -1.0,
}
# Units that data of physicists are in.
TIMES, LENGTHS = ("s", "ns", "ps", "fs"), ("m", "nm", "Å", "pm", "bohr")
# Where factors are looked for: of units, and of parameters.
NEAR = 1.01
UNITS = (*(value for value in NAMED.values() if value > 0.0), 0.9, 1.1)
GRID = (-1.0, *np.geomspace(0.03, 30.0, 13), 0.9, 1.1)


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
    return _in_system(problem, start, times, interaction=problem.system.interaction.scaled(factor, 1.0))


def _energy(problem: Problem, factor: float, start: Start, times: Array) -> Array:
    bias = problem.system.bias * _positive(factor)
    return _in_system(problem, start, times, interaction=problem.system.interaction.scaled(factor, 1.0), bias=bias)


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


def named_factor(factor: float, error: float, own: Mapping[str, float] = NAMED) -> str:
    """The factor in words: a known one within its error, or its digits.

    >>> named_factor(6.2831853, 1e-6), named_factor(1.2345, 1e-3)
    ('2 pi', '1.234')
    """
    for name, value in own.items():
        if abs(factor - value) <= max(3.0 * error, 1e-3 * abs(value)):
            return name
    return f"{factor:.4g}"


def known_factors(system: SystemParameters, code: str) -> dict[str, float]:
    """Factors by name: those of the system's physical units in the model's, before what others are mistaken for."""
    names, what = {"time-unit": (TIMES, "time"), "length-unit": (LENGTHS, "position")}.get(code, ((), ""))
    plain = {name: value for name, value in NAMED.items() if "bohr" not in name or code == "length-unit"}
    if system.units is None or not names:
        return plain
    model = OF_MODEL[what]
    sizes = {name: size_of(what, system.units) / in_si_units(name, what) for name in names}
    return {f"{size:.6g} ({name} for {model})": size for name, size in sizes.items()} | plain


def of_parameters(problem: Problem, before: float) -> Iterator[Finding]:
    """Fit each factor: looked for on a grid in the first passes, then followed to more and more of the data.

    From part to part only those go on that come near the best and are better than no fault.
    """
    parts = sorted({*(problem.rows_of(n) for n in (FIRST, 12.0, 40.0)), problem.time.size})
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
            known = known_factors(problem.system, one.scale.code)
            words = one.scale.words.format(factor=named_factor(one.factor, one.error, known))
            found = {"factor": one.factor, "error": one.error}
            yield fitted(one.scale.code, words, before, one.fit, found, enough=LARGER)
    yield from of_bias(problem, before)


LARGEST_LOGARITHM = math.log(60.0)  # factors beyond are not looked for
MET, OF_ERROR = 1e-3, 1.0  # factors this near, or within this part of their errors, are the same
ROUGH = 0.03  # part of the sum of squares that a fit to a part of the data need not find
HOPELESS = 100.0  # sums of squares, in noise, that lie this much above the least are not followed


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


def of_bias(problem: Problem, before: float) -> Iterator[Finding]:
    """A bias in data of a system without one, or none in data of one with a bias: no factor."""
    own = problem.system.bias
    if own != 0.0:
        fit = problem.fit(
            lambda _, start, times: _in_system(problem, start, times, bias=0.0), np.empty(0), problem.time.size,
            problem.fitted_start,
        )  # fmt: skip
        words = f"There is no bias, where the system has one of {own:.4g} hbar Omega_slow per spacing"
        yield fitted("bias", words, before, fit, {"factor": 0.0}, enough=LARGER)
        return
    kinetic = float(problem.system.kinetic_energy(problem.usual_speed))

    def model(x: Array, start: Start, times: Array) -> Array:
        return _in_system(problem, start, times, bias=float(x[0]) * kinetic)

    parameters, at = np.array([0.0]), problem.fitted_start
    for passes in (FIRST, 12.0, 40.0, math.inf):
        fit = problem.fit(model, parameters, problem.rows_of(passes), at)
        parameters, at = fit.parameters, fit.start
    bias = float(fit.parameters[0]) * kinetic
    if abs(fit.parameters[0]) > 5.0 * fit.error[0]:
        words = f"There is a bias of {bias:.4g} hbar Omega_slow per spacing, where the system has none"
        yield fitted("bias", words, before, fit, {"bias": bias}, enough=LARGER)
