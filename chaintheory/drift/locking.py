r"""How a drift locks in time: the approach to a resonance of the lower band edge like :math:`\tau^{-2/3}`.

A particle that comes down to a resonance v_r is held below it where the bias exceeds what the other phonons carry off.
There the wave in step with the particle is evanescent: its wave number is complex, x_r + i p and x_r - i p, with

.. math:: p^2 = 4\omega^2\varepsilon/|\Lambda''|, \qquad \varepsilon = 1 - v/v_r ,

and it carries nothing off. It stores the energy

.. math:: W = \frac{\omega^2|a|^2}{\pi p} = \frac{s\,\varepsilon^{-3/2}}{8\pi x_r}, \qquad
          |a| = \frac{2\pi|\hat F(x_r)|}{|\Lambda''|\,p} ,

with s, the singularity of the resonance: the amplitude grows like 1/p and the length like 1/p as v comes closer to v_r.
So v can come closer only as fast as the wave is fed. What the bias gives more than the other phonons carry off, per
pass, feeds it:

.. math:: \frac{dW}{d\tau} = (\beta - \bar\Delta_{other})\frac{v_r}{\alpha}, \qquad
          \varepsilon = \left(8\pi x_r \frac{(\beta - \bar\Delta_{other})\, v_r\,\tau}{\alpha s}\right)^{-2/3} .

The inverse square root of the Green's function alone (van Hove singularity) would let one expect :math:`\tau^{-1/2}`.
The law holds to second order in the interaction, for late times, and until the masses swing by about the width of the
interaction (drift/continuation.py); in the paper's system that takes tau of 1e7.

At any coupling a slow drift passes through exact steady drifts, each of which would come back to its own bias at the
rate nu = -D/D' of the determinant of its perturbations (dissipation/wave_stability.py), so that

.. math:: \frac{dv}{d\tau} = (\bar\Delta(v) - \beta)\, \nu(v) \Big/ \frac{d\bar\Delta}{dv} .

``approach`` solves it. Runs at the amplitudes 2 and -2, n = 2 to 4, follow it from tau = 725 to 2,900 to 0.04 per cent
of their distance from the resonance; the law of leading order errs there by 12 to 63 per cent.

**What unlocks a drift.** A locked particle follows its branch (drift/continuation.py) as the bias changes, until a
perturbation grows or the branch turns back at the peak. ``holding_biases`` finds where, ``least_bias`` the smallest
bias that any solution below the resonance has. In the paper's system (width 4,
mass 1, spacing 40, band top 10), from the slow side of each resonance:

=== ========= ==================================== ===================================================
n   amplitude stable at the biases                 ended by
=== ========= ==================================== ===================================================
1   +2        0.0050 to 4.52                       the peak, 4.524, beside which a steady growth begins
1   -2        0.0033 to 4.84                       a steady growth at the peak, 4.87
2   +2        0.0045 to 3.34                       an oscillation, below the peak, 3.3917
2   -2        0.0031 to 0.0054; 1.29 to 3.176      a flip from pass to pass; the peak, 3.176
3   +2        up to 0.0064                         an oscillation before 0.0076
3   -2        2.00 to 2.16                         a flip at 1.9 and below
4   +2        up to 0.0015                         a flip before 0.0023
4   -2        none                                 a flip at all biases up to the first peak, 1.360
=== ========= ==================================== ===================================================

At n = 4, amplitude -2, a flip begins to grow at the bias 0.0015 on the way down to the smallest, 0.0013, where the
falling bias still makes the drift unstable, and grows from there to the peak; on the rest of the branch, which passes
the resonance twice more and has its largest bias, 1.4055, one or two modes grow. The masses swing by two widths there,
and the pulse needs up to 20 points in a width.

Runs that start on the branch n = 2, amplitude -2, stay on it at the bias 0.0048, and leave it at 0.0058 with the
growth rate 0.218 per pass that the determinant has; at n = 4, amplitude -2, they leave at 0.00135 with 1.61 (tests). At
n = 4, amplitude +2, they stay at 0.0015 and leave at 0.0023 with 0.587; at n = 3, amplitude -2, they leave at 1.9 with
0.683 and stay at 2.0, 2.1 and 2.15: all as the determinant has it. The oscillations grow too slowly for that. At n = 2,
amplitude +2, runs stay for 2,000 passes at 3.1, 3.25 and 3.3, and also at 3.35 and 3.38 (5e-6 and 5e-5 per pass); at
n = 3, amplitude +2, for 1,000 passes at 0.006 and 0.0064, and also at 0.0076 and 0.0089 (1.1e-4 and 4.5e-4).

At n = 1, amplitude +2, runs stay at the bias 4.47; at 4.97 (a tenth beyond the peak), where no stable drift is left,
they are still within 1e-5 of v_r at tau = 8,000: what the bias gives too much goes into the wave that keeps up. Runs of
that length cannot confirm that peak. On a loop beside the branch, with masses that swing by 10 l_slow and more, there
are steady drifts up to the bias 4.993; at the six biases from 4.3 to 4.99 that were looked at a mode of each grows by a
factor of 2 or more per transit. Several solutions may have one bias: at n = 1, amplitude +2, bias 0.01, one that is
stable lies 1.3e-13 (relative) above v_r, and a run that starts on it stays within 2.4e-10 of its speed to tau = 20,000;
one that is not lies below it, where the bias falls with the speed, however slowly that grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.travelling_wave import travelling_wave
from chaintheory.dissipation.wave_equations import Force, NoSteadyDrift, WaveEquations
from chaintheory.dissipation.wave_stability import Perturbation
from chaintheory.drift.continuation import (
    FIRST_DISTANCE,
    MOST_ON_GRID,
    NEAR,
    NO_FURTHER,
    ByDistance,
    Point,
    between,
    grid_of,
    refuse_rough,
    sharp_solution,
    solution,
    through_resonance,
)
from chaintheory.drift.resonances import ResonantSpeed
from chaintheory.parameters import SystemParameters, refuse_damping
from chaintheory.support.validation import positive, real_array

BESIDE = 1.5e-3  # distance p, a part in a thousand below the resonance, from which the least bias is sought
APPROACH = 0.8  # factor from one distance to the next
SLOPE_STEP = 1e-3  # of the distance from a resonance, for the slope of the mean dissipation
MOST_LOOKS = 32  # points of a branch at which stability is examined first
BISECTIONS = 6  # of the interval in which it changes, some 10 per cent of the bias
NEUTRAL = 0.2  # phase of a growing mode from pass to pass (radians) that counts as none, or as a half turn


def locking_distance(system: SystemParameters, resonance: ResonantSpeed, time: ArrayLike) -> NDArray[np.float64]:
    """Relative distance 1 - v/v_r of the mean speed from a resonance that holds the particle, at late times.

    Parameters
    ----------
    system
        Its bias must exceed the ``finite_limit`` of the resonance.
    resonance
        Of the lower band edge.
    time
        In t_slow, counted from the approach; positive, any shape.

    Returns
    -------
    numpy.ndarray
        A pure number, in the shape of ``time``. Runs at amplitude 0.2 of the paper's system give a growth of its power
        -3/2 that deviates by 0.1 and 3 per cent (either sign), at amplitude 2 by 15 per cent.

    Raises
    ------
    ValueError
        A resonance that does not hold the particle; times that are not positive.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
    >>> second, = (r for r in system.resonant_speeds(19.9, 20.1) if r.edge == "lower")
    >>> locking_distance(system, second, [1000.0, 8000.0]).round(7).tolist()
    [0.0020226, 0.0005057]
    """
    refuse_damping(system.chain, "what holds a particle for ever")
    times = real_array("time", time)
    if np.any(times <= 0.0):
        raise ValueError(f"time must be positive, got {float(times.min())!r}")
    if resonance.edge != "lower" or not abs(system.bias) > resonance.finite_limit:
        raise ValueError(
            f"resonance must be of the lower band edge, with a loss on its finite side below the bias {system.bias:g}, "
            f"got one of the {resonance.edge} edge with {resonance.finite_limit:g}"
        )
    power = (abs(system.bias) - resonance.finite_limit) * resonance.speed / system.chain.spacing
    stored = 8.0 * math.pi * resonance.root * power * times / resonance.singularity
    return np.asarray(stored ** (-2.0 / 3.0))[()]


def approach(
    system: SystemParameters, resonance: ResonantSpeed, distance: float, duration: float
) -> tuple[float, float]:
    """Relative distance 1 - v/v_r from a resonance after a duration, from that at its beginning, at any coupling.

    Parameters
    ----------
    system
        Its bias must exceed the exact mean dissipation at that distance.
    resonance
        Of the lower band edge.
    distance
        1 - v/v_r at the beginning, a pure number, positive.
    duration
        In t_slow.

    Returns
    -------
    tuple of float
        The distance, and the change of it that memory may delay: the order that is left out.

    Raises
    ------
    ValueError
        A resonance of the upper edge; a bias that does not bring the particle closer; a distance at which there is no
        steady drift (NoSteadyDrift).

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
    >>> second, = (r for r in system.resonant_speeds(19.9, 20.1) if r.edge == "lower")
    >>> distance, left_out = approach(system, second, 0.0022, 2170.0)
    >>> round(distance, 5), left_out < 1e-5
    (0.00086, True)
    """
    from scipy.integrate import solve_ivp

    refuse_damping(system.chain, "what holds a particle for ever")
    distance, duration = positive("distance", distance), positive("duration", duration)
    if resonance.edge != "lower":
        raise ValueError(f"resonance must be of the lower band edge, got one of the {resonance.edge} edge")
    bias, left_out = abs(system.bias), 0.0

    def growth(_: float, power: NDArray[np.float64]) -> list[float]:
        """Of the power -3/2 of the distance, which is almost constant."""
        nonlocal left_out
        here = float(power[0]) ** (-2.0 / 3.0)
        speeds = resonance.speed * (1.0 - here * np.array([1.0 + SLOPE_STEP, 1.0, 1.0 - SLOPE_STEP]))
        low, at, high = (travelling_wave(system, float(speed)) for speed in speeds)
        if not at.bias < bias:
            raise ValueError(
                f"the bias must exceed the exact mean dissipation on the way, got {bias:g} and {at.bias:g} at the "
                f"distance {here:.3g}"
            )
        rate, delay = Perturbation(at.equations, at.pulse).quasi_steady
        slope = (high.bias - low.bias) / float(speeds[2] - speeds[0])
        closer = (bias - at.bias) * -rate / (slope * resonance.speed)
        left_out = max(left_out, abs(delay * closer / here))
        return [1.5 * here**-2.5 * closer]

    # One long step is enough most often; the error allowed is below what is left out.
    solved = solve_ivp(growth, (0.0, duration), [distance**-1.5], first_step=duration, rtol=1e-4, atol=0.0)
    found = float(solved.y[0, -1]) ** (-2.0 / 3.0)
    return found, left_out * found


def least_bias(system: SystemParameters, resonance: ResonantSpeed) -> Point:
    """The exact locked drift below a resonance of the lower band edge that needs the smallest bias.

    For an attracted particle of the paper's system the exact mean dissipation on the slow side falls towards the
    resonance, as the wave in step with the particle grows, and rises again from where the masses swing by about the
    width of the interaction. Between lies its minimum: at a smaller bias there is no drift to lock to. A run that comes
    down to the resonance needs more: what the other phonons carry off before that wave is there, which takes very long
    (``approach``). For a repelled particle the mean dissipation may rise or fall all the way (amplitude 2: n = 2 and
    1), which is refused.

    The stability of the drift is not examined. In the paper's system a mode that flips from pass to pass grows at the
    amplitude -8 for n = 1, -3 for n = 2, -2 for n = 3, and none does at -6, -2, -1. Runs that start on the drift stay
    at -1 and -2 (n = 1, 2), and leave it within 50 t_slow at -8 (n = 1, 2) and -4 (n = 2).

    Parameters
    ----------
    system
        Chain, interaction and mass; its bias plays no part.
    resonance
        Of the lower band edge.

    Returns
    -------
    Point
        ``bias`` (hbar Omega_slow), the minimum to a relative 1e-5, and ``speed`` (l_slow/t_slow), where it is. The
        minimum is sought on the first grid of branches and given on one that resolves the pulse there. In the paper's
        system, amplitudes -0.5 to -30, it is at most 7e-6 above that of a search a thousand times as fine.

    Raises
    ------
    ValueError
        A damped chain, a resonance of the upper edge, an interaction without all derivatives, a mean dissipation
        that has no minimum beside the resonance, or solutions that could not be followed to it.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=-2.0, width=4.0))
    >>> first, = (r for r in system.resonant_speeds(39.9, 40.1) if r.edge == "lower")
    >>> least = least_bias(system, first)
    >>> round(least.bias, 5), round(1e6 * (1.0 - least.speed / first.speed))
    (0.00292, 6)
    """
    from scipy.optimize import minimize_scalar

    refuse_damping(system.chain, "the least bias that a resonance holds")
    family = _through(system, resonance)
    if math.isfinite(system.interaction.smoothness):  # the grid of branches is off by per cents
        raise ValueError(f"interaction must have all derivatives for the least bias, got {system.interaction!r}")
    pulse = WaveEquations(
        system, family.force, family.speed_beside(BESIDE, above=False), family.grid
    ).from_weak_coupling()
    points = [_followed(family, -BESIDE, np.append(pulse, [0.0, 0.0]))]
    while points[-1].bias <= 1.1 * min(one.bias for one in points) and points[-1].distance < -FIRST_DISTANCE:
        points.append(_followed(family, APPROACH * points[-1].distance, points[-1].unknowns))
    lowest = int(np.argmin([one.bias for one in points]))
    if lowest in {0, len(points) - 1}:
        raise ValueError(
            f"mean dissipation must have a minimum just below the resonance at speed {resonance.speed:.9g}, got one "
            f"that {'falls' if lowest else 'rises'} towards it; follow system.drag_curve"
        )
    found = points[lowest]

    def bias(logarithm: float) -> float:
        nonlocal found
        here = _followed(family, -math.exp(logarithm), points[lowest].unknowns)
        found = min(found, here, key=lambda one: one.bias)
        return here.bias

    bounds = tuple(math.log(-points[index].distance) for index in (lowest + 1, lowest - 1))
    minimize_scalar(bias, bounds=bounds, method="bounded", options={"xatol": 0.01})
    resolved = sharp_solution(family, found.distance, found.unknowns)
    if resolved is None:
        raise NoSteadyDrift(
            f"the least bias below the resonance at speed {resonance.speed:.9g} is not resolved by {MOST_ON_GRID} "
            "points; take a smaller amplitude"
        )
    return resolved


def _through(system: SystemParameters, resonance: ResonantSpeed) -> ByDistance:
    """The solutions beside a resonance, which must be of the lower band edge to hold a particle."""
    if resonance.edge != "lower":
        raise ValueError(f"resonance must be of the lower band edge, got one of the {resonance.edge} edge")
    force = Force.of(system)
    return ByDistance(system, force, grid_of(system, force), resonance)


def _followed(family: ByDistance, distance: float, unknowns: NDArray[np.floating[Any]]) -> Point:
    """The solution at a distance from a resonance."""
    found = solution(family, distance, unknowns)
    if found is None:
        speed = family.resonance.speed
        raise NoSteadyDrift(f"no solution at the distance {distance:.3g} from the resonance at speed {speed:.9g}")
    return found


@dataclass(frozen=True)
class Hold:
    """Biases between which a branch through a resonance is stable.

    Attributes
    ----------
    lowest, highest
        Bias (hbar Omega_slow) at both ends of the stable stretch; ``highest`` is the bias that unlocks the drift.
    speed
        Mean speed at ``highest``, in l_slow/t_slow.
    ended_by
        What ends it at ``highest``: ``"peak"``, where the branch turns back and no steady drift has a larger bias;
        ``"flip"``, a deviation that changes its sign from pass to pass; ``"oscillation"``, one with a period of
        several passes; ``"growth"``, one that grows steadily, however slowly; ``"unknown"``, where a mode is so close
        to neutral that the growing ones cannot be counted or found, which is not counted as stable.
    below, above
        The last stable solution below ``highest`` and the first one beyond it (None at a peak).
    """

    lowest: float
    highest: float
    speed: float
    ended_by: str
    below: Point
    above: Point | None


def holding_biases(system: SystemParameters, resonance: ResonantSpeed, *, looks: int = MOST_LOOKS) -> list[Hold]:
    """The biases at which a resonance of the lower band edge holds the particle, against all small perturbations.

    The branch is followed from the slow side of the resonance to its largest bias; the number of growing modes is
    counted at some points of it, and where it changes the place is bisected. It takes a minute.

    Parameters
    ----------
    system
        Chain, interaction and mass; its bias plays no part.
    resonance
        Of the lower band edge.
    looks
        Number of points at which stability is examined first. A stretch between them is missed, so that an empty list
        proves nothing. With 32 two lie in the first stretch of n = 2, amplitude -2, and five in the second.

    Returns
    -------
    list of Hold
        The stable stretches, from the slow side on. The ends are known to a per cent of the bias.

    Raises
    ------
    ValueError
        A resonance of the upper edge; a branch that could not be followed past the resonance.
    """
    refuse_damping(system.chain, "the biases that a resonance holds")
    family = _through(system, resonance)
    force = family.force
    speed = family.speed_beside(NEAR, above=False)
    refuse_rough(system, force, family.grid, speed)
    pulse = WaveEquations(system, force, speed, family.grid).from_weak_coupling()
    branch = through_resonance(family, family.of_speed(speed), np.append(pulse, [0.0, 0.0]), NEAR)
    if branch.end == NO_FURTHER:
        raise NoSteadyDrift(
            f"the branch of the resonance at speed {resonance.speed:.9g} was followed to "
            f"{branch.points[-1].speed:.9g} only: {branch.end}; take another amplitude, or follow system.drag_curve"
        )
    largest = int(np.argmax([one.bias for one in branch.points]))
    if largest == len(branch.points) - 1:
        raise NoSteadyDrift(
            f"the bias of the branch of the resonance at speed {resonance.speed:.9g} has no peak, it still rises where "
            f"the branch ends ({branch.end}); take a smaller amplitude, or follow system.drag_curve"
        )
    # At the peak a mode is neutral, and at the resonance itself the slope, which tells of slow growth, has no sign.
    peak, points = branch.points[largest], [one for one in branch.points[:largest] if one.distance]
    # Dense where the bias changes, which is beside the resonance.
    way = np.cumsum([0.0, *np.abs(np.diff(np.log([one.bias for one in points])))]) + np.linspace(0.0, 1.0, len(points))
    looked = np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], looks)))
    chosen = [points[index] for index in looked]
    stable = [_stable(family, one) for one in chosen]
    holds = []
    first: Point | None = chosen[0] if stable[0] else None
    for index in range(1, len(chosen)):
        if stable[index] == stable[index - 1]:
            continue
        before, after = _boundary(family, points[looked[index - 1] : looked[index] + 1], stable[index])
        if stable[index]:
            first = after
        elif first is not None:
            highest = 0.5 * (before.bias + after.bias)
            holds.append(Hold(first.bias, highest, before.speed, _instability(after), before, after))
            first = None
    if first is not None:
        holds.append(Hold(first.bias, peak.bias, peak.speed, "peak", chosen[-1], None))
    return holds


def _stable(family: ByDistance, one: Point) -> bool:
    """Whether nothing grows, however slowly; not where that is unknown."""
    equations, grid = one.equations, one.equations.grid
    family = replace(family, grid=grid)
    errors = family.equations((1.0 + SLOPE_STEP) * one.distance).errors(one.unknowns) - equations.errors(one.unknowns)
    change = -np.linalg.solve(equations.jacobian(one.unknowns), errors)
    slope = float(np.sum(change[: grid.count])) / (family.speed_change(one.distance) * one.distance)
    return Perturbation(equations, one.unknowns).kind(slope) == "stable"


def _boundary(family: ByDistance, points: list[Point], end_is_stable: bool) -> tuple[Point, Point]:
    """Two neighbours on the branch between which the stability changes, once."""
    low, high = 0, len(points) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _stable(family, points[middle]) == end_is_stable else (middle, high)
    before, after = points[low], points[high]
    for _ in range(BISECTIONS):
        if abs(after.bias - before.bias) < 0.01 * abs(before.bias):
            break
        middle_distance = 0.5 * (before.distance + after.distance)
        grid, unknowns = between(before, after, 0.5)
        amid = solution(replace(family, grid=grid), middle_distance, unknowns)
        if amid is None or not middle_distance:  # at the resonance itself the slope has no sign
            break
        before, after = (before, amid) if _stable(family, amid) == end_is_stable else (amid, after)
    return before, after


def _instability(one: Point) -> str:
    """How the fastest mode grows: ``"growth"``, ``"flip"``, ``"oscillation"``, or ``"unknown"``."""
    growing = Perturbation(one.equations, one.unknowns)
    try:
        if not growing.number_unstable:  # the slope alone tells
            return "growth"
        phase = abs(float(growing.growth_rates[0].imag)) * growing.transit_time
    except ArithmeticError:  # not counted, or counted and not found
        return "unknown"
    return "growth" if phase < NEUTRAL else "flip" if phase > math.pi - NEUTRAL else "oscillation"
