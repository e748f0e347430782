r"""Branches of exact steady drifts, followed through folds and through each resonance.

**What happens at a resonance.** At a resonance v_r two phonons coalesce in one whose group velocity is v_r. It travels
with the particle, which feeds it without end: in second order (Eq. 10) the mean dissipation diverges like
:math:`|v/v_r - 1|^{-1/2}`. The exact equations have no divergence. The amplitude a of the wave that is in step with the
particle is an unknown of its own, with

.. math:: \Lambda'(x)\, a = 2\pi i\, \hat F(x) .

Lambda'(x) is proportional to the distance p of the zero x from the point where two coalesce, and :math:`p^2` to
:math:`|v/v_r - 1|`. At v_r itself the pulse has no component at the resonant frequency, :math:`\hat F(x_r) = 0`, and
the wave, in which the masses swing by about the width of the interaction or more, is what cancels it: the particle
neither feeds it nor is braked by it. So a branch runs *through* the resonance. Its bias at v_r is finite, it is what
the other phonons carry off, and its tangent is vertical, because it is smooth in p and not in v. On the side where Eq.
10 diverges the resonant wave ahead of the particle carries off

.. math:: 4\pi^2 x |\hat F(x)|^2/\Lambda'(x) = x\, \Lambda'(x)\, |a|^2

per pass, and the one that follows as much near v_r. That follows Eq. 10 far from v_r, is largest where the masses swing
by about the width (``ByDistance.peak``), and vanishes at v_r with Lambda'. The peak is **finite**; its relative width
is :math:`p^2`, 2e-6 for n = 2 of the paper's system (bias 3.39 at v_r + 3.8e-5 for the amplitude 2). A branch may fold
before it leaves on the other side (amplitude -2: it passes v_r three times); in the paper's system each that was
followed joins the solutions on the two sides in one curve.

At v_r there are more solutions, with larger and larger waves (n = 2 of the paper's system: 6.07 l_slow on the branch,
and 5.55, 12.1 and on). Those that no branch of weak coupling meets lie on loops of their own. One loop at n = 2 has
5.55 and 12.09 at v_r, and folds at v_r - 1.5e-5 and v_r + 2.6e-5, where its bias is up to 3.38. In a strong system the
solution that continues from weak coupling in the amplitude, at a speed close to v_r, may be on such a loop.
``at_resonance`` looks for the solutions at v_r up to a largest wave, and ``both_ways`` follows the branch through any
solution to its ends, or around its loop.

The branches are followed in the pulse, a, and p (or the speed) by pseudo-arclength continuation, each on finer grids
from where its pulse needs them: where the masses swing by two widths, a bias on the first grid has ripples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.wave_equations import (
    FINER,
    Force,
    Grid,
    NoSteadyDrift,
    WaveEquations,
    highest_frequencies,
    interpolated,
)
from chaintheory.drift.resonances import ResonantSpeed
from chaintheory.lattice.dispersion import slope_of_square, square
from chaintheory.lattice.green_function import MovingDispersion
from chaintheory.parameters import SystemParameters

Array = NDArray[np.floating[Any]]

ROOM = 5.0  # widths that masses may be displaced by, beside the cutoff radius
POINTS_PER_WIDTH = 5.0  # of the first grid
RESOLVED = 1e-5  # spectrum of the pulse at the end of a grid; the relative error of the bias is about its square
MOST_ON_GRID = 1000  # points of the finest grid
ROUGH = 1e-6  # relative change of the bias on a finer grid by which a force with kinks is refused
NEAR = 0.012  # distance p from a resonance within which p replaces the speed
FIRST_DISTANCE = 1e-8  # from p = 0 on the other side
CORRECTIONS = 6  # of Newton's method in one step of the continuation
CORRECTED = 1e-10  # last correction, in units of the pulse and of the wave
LONGEST_STEP = 0.25  # in the same units
SHORTEST_STEP = 1e-7
LARGEST_TURN = 0.25  # of the secant from one step to the next, in radians
LANDING_BEGINS, LANDING = 3e-5, 0.02  # distance p from which, and longest step by which, p = 0 is reached
NO_FURTHER = "no further solution was found"
LEFT, CLOSED = "left the resonance", "came back to where it began"
LARGEST_WAVE = 2.5  # widths by which the masses may swing in the resonant wave of a solution looked for at v_r
AMPLITUDES, PHASES = 10, 8  # of the waves from which it is looked for
FORCED_CORRECTIONS, FORCED = 10, 1e-6  # of Newton's method, and the last of them, of the pulse
LOOKED_AT = (0.9, 0.3, 0.1, 0.03, 0.01)  # parts of the neighbourhood of a resonance, for ``from_weak_coupling``
FARTHEST = 0.05  # distance p from a resonance to which loops are followed
NEARLY_SAME, SAME_PULSE = 0.1, 1e-6  # of the largest force: where one solution may be another, and where it is
MOST_POINTS = 400  # of one branch
MOST_PASSAGES = 4  # of one branch through its resonance


@dataclass(frozen=True)
class Point:
    """One solution of a branch: ``distance`` is p, negative on the side of complex zeros; nan far from a resonance."""

    speed: float
    bias: float
    distance: float
    unknowns: Array
    equations: WaveEquations = field(compare=False)

    @property
    def wave_amplitude(self) -> float:
        """Largest displacement in the resonant wave, 2 abs(a), in l_slow; nan far from a resonance."""
        extra = self.unknowns[self.equations.grid.count :]
        return 2.0 * math.hypot(*extra) if extra.size else math.nan


@dataclass(frozen=True)
class Branch:
    """Solutions in the order in which they were followed, why it ends, and the resonance that it belongs to."""

    points: list[Point]
    end: str
    resonance: ResonantSpeed | None


@dataclass(frozen=True)
class BySpeed:
    """Solutions as a function of the mean speed."""

    system: SystemParameters
    force: Force
    grid: Grid
    scale: float

    def equations(self, parameter: float) -> WaveEquations:
        """The equations at a speed."""
        return WaveEquations(self.system, self.force, parameter, self.grid)

    def parameter_at(self, speed: float) -> float:
        """The parameter at a speed: itself."""
        return speed

    def speed_change(self, parameter: float) -> float:
        """The derivative of the speed in the parameter."""
        return 1.0

    def distance(self, parameter: float) -> float:
        """Not a number: no resonance is near."""
        return math.nan


@dataclass(frozen=True)
class ByDistance:
    """Solutions as a function of the distance p of the resonant zero from the point where two coalesce.

    For p > 0 the two are real; the one ahead of the particle is x = x_r + side p, and c = omega(x)/x. For p < 0 they
    are complex with the imaginary parts p and -p.
    """

    system: SystemParameters
    force: Force
    grid: Grid
    resonance: ResonantSpeed
    scale: float = 3e-3

    @property
    def side(self) -> float:
        """The sign of x - x_r ahead of the particle."""
        return self.resonance.side

    def squared_slope(self, x: complex) -> tuple[complex, complex]:
        """c^2 = omega(x)^2/x^2 and its derivative in x."""
        chain = self.system.chain
        squared, slope = square(chain, math.pi * x), slope_of_square(chain, math.pi * x)
        return squared / x**2, (x * slope - 2.0 * squared) / x**3

    def zero(self, parameter: float) -> complex:
        """The resonant zero x that is ahead of the particle."""
        x = complex(self.resonance.root)
        if parameter >= 0.0:
            return x + self.side * parameter
        x -= 1j * parameter
        for _ in range(30):
            value, derivative = self.squared_slope(x)
            change = value.imag / derivative.imag
            x -= change
            if abs(change) < 1e-16:
                break
        return x

    def speed(self, parameter: float) -> float:
        """The mean speed, without the creep of the masses."""
        return math.sqrt(self.squared_slope(self.zero(parameter))[0].real) * self.system.chain.spacing

    def equations(self, parameter: float) -> WaveEquations:
        """The equations at a distance p, with the amplitude of the resonant wave among the unknowns."""
        return WaveEquations(self.system, self.force, self.speed(parameter), self.grid, resonant=self.zero(parameter))

    def with_wave(self, parameter: float, pulse: Array) -> Array:
        """The pulse, and the amplitude of the resonant wave that it drives at a distance p, which is linear in it."""
        equations, count = self.equations(parameter), pulse.size
        alone = np.append(pulse, [0.0, 0.0])
        driven = np.linalg.solve(equations.jacobian(alone)[count:, count:], -equations.errors(alone)[count:])
        return np.append(pulse, driven)

    def speed_change(self, parameter: float) -> float:
        """The derivative of the speed in p: dc^2/dp = (c^2)' dx/dp, and dx/dp = -i to leading order for p < 0."""
        squared, change = self.squared_slope(self.zero(parameter))
        along = self.side * change.real if parameter >= 0.0 else change.imag
        return 0.5 * along / math.sqrt(squared.real) * self.grid.spacing

    def distance(self, parameter: float) -> float:
        """The distance p itself."""
        return parameter

    @property
    def _tangent_line(self) -> MovingDispersion:
        return MovingDispersion(self.system.chain, self.resonance.speed / self.system.chain.spacing)

    def of_speed(self, speed: float) -> float:
        """The distance p at a speed, to leading order: 0 = Lambda + Lambda'' p^2/2 at the tangency."""
        line, x = self._tangent_line, self.resonance.root
        excess = (line.slope * x) ** 2 * ((speed / self.resonance.speed) ** 2 - 1.0)
        squared = 2.0 * excess / float(line.second_derivative(x))
        return math.copysign(math.sqrt(abs(squared)), squared)

    def parameter_at(self, speed: float) -> float:
        """The distance p at a speed near the resonance, as well as rounding of the speed lets it be known."""
        p = self.of_speed(speed)
        for _ in range(3 if p else 0):
            corrected = p - (self.speed(p) - speed) / self.speed_change(p)
            p = corrected if corrected * p > 0.0 else p
        return p

    def speed_beside(self, parameter: float, *, above: bool) -> float:
        """The speed at a distance p > 0 above or below the resonance."""
        return self.speed(self.signed(parameter, above=above))

    def signed(self, parameter: float, *, above: bool) -> float:
        """The distance p above or below the resonance: negative where the resonant zeros are complex."""
        return parameter if above == (self.resonance.edge == "lower") else -parameter

    @property
    def peak(self) -> float:
        """Where the peak is: the p at which a particle at constant speed makes a wave as large as the width."""
        spacing, x = self.system.chain.spacing, self.resonance.root
        k = 2.0 * math.pi * x / spacing
        force = k * abs(float(self.system.interaction.transform(k))) / spacing
        return 2.0 * math.pi * force / (self.force.width * abs(float(self._tangent_line.second_derivative(x))))


Family = BySpeed | ByDistance


def finer(grid: Grid) -> Grid:
    """The next grid over the same range."""
    return Grid(grid.half_width, math.ceil(FINER * grid.count), grid.spacing)


def on_grid(unknowns: Array, old: Grid, new: Grid) -> Array:
    """The unknowns with their pulse interpolated on another grid."""
    if old == new:
        return unknowns
    return np.append(interpolated(unknowns[: old.count], old, new), unknowns[old.count :])


def between(before: Point, after: Point, part: float) -> tuple[Grid, Array]:
    """Unknowns so far on the way from one solution to another, on the finer one of their grids."""
    grid = max((one.equations.grid for one in (before, after)), key=lambda one: one.count)
    begin, end = (on_grid(one.unknowns, one.equations.grid, grid) for one in (before, after))
    return grid, begin + part * (end - begin)


def is_resolved(system: SystemParameters, pulse: Array, spectrum: float = RESOLVED) -> bool:
    """Whether a grid resolves a pulse; no grid that of a force with kinks, whose error ``refuse_rough`` bounds."""
    return math.isfinite(system.interaction.smoothness) or highest_frequencies(pulse) < spectrum


def grid_of(system: SystemParameters, force: Force) -> Grid:
    """The grid on which branches are followed, with room for the displacements at a resonance."""
    half_width = force.cutoff + ROOM * force.width
    return Grid(half_width, math.ceil(POINTS_PER_WIDTH * 2.0 * half_width / force.width), system.chain.spacing)


def refuse_rough(system: SystemParameters, force: Force, grid: Grid, speed: float) -> None:
    """NoSteadyDrift where the force has kinks and a finer grid, by a half, another bias at this speed."""
    if math.isinf(system.interaction.smoothness):  # the grid converges faster than any power
        return
    half_more = Grid(grid.half_width, math.ceil(1.5 * grid.count), grid.spacing)
    equations = [WaveEquations(system, force, speed, one) for one in (grid, half_more)]
    bias, better = (one.bias(one.from_weak_coupling()) for one in equations)
    if abs(bias - better) > ROUGH * abs(better):
        raise NoSteadyDrift(
            f"interaction {type(system.interaction).__name__} has kinks, by which the branches' bias would be off by "
            f"{abs(bias - better) / abs(better):.1g} at speed {speed:.6g}: take travelling_wave at single speeds"
        )


def solution(family: Family, parameter: float, unknowns: Array) -> Point | None:
    """The solution at a parameter near given unknowns."""
    equations = family.equations(parameter)
    solved = equations.solve(unknowns)
    return None if solved is None else point(family, parameter, solved, equations)


def point(family: Family, parameter: float, unknowns: Array, equations: WaveEquations) -> Point:
    """What is kept of a solution."""
    speed = equations.speed + equations.creep(unknowns)
    return Point(speed, equations.bias(unknowns), family.distance(parameter), unknowns, equations)


@dataclass
class Continuation:
    """Pseudo-arclength continuation (Keller): the curve of solutions in the space of unknowns and parameter.

    A step goes along the tangent; Newton's method then returns to the curve in the plane at right angles to it, with
    the parameter among the unknowns.
    """

    family: Family
    parameter: float
    unknowns: Array
    step: float = 0.02
    tangent: Array = field(init=False)
    largest_force: float = field(init=False)

    def __post_init__(self) -> None:
        self.largest_force = max(float(np.abs(self.unknowns[: self.family.grid.count]).max()), 1e-300)
        self.tangent = np.append(np.zeros(self.unknowns.size), 1.0)

    @property
    def weights(self) -> Array:
        """Units: the largest force (root mean square over some widths), the width, and the parameter's scale."""
        count = self.family.grid.count
        return np.concatenate([
            np.full(count, 1.0 / (self.largest_force * math.sqrt(count))),
            np.full(self.unknowns.size - count, 0.2 / self.family.force.width),
            [1.0 / self.family.scale],
        ])  # fmt: skip

    def along_parameter(self, change: float) -> Point | None:
        """The solution at the parameter changed by so much; the secant is the first direction."""
        equations = self.family.equations(self.parameter + change)
        solved = equations.solve(self.unknowns)
        if solved is None:
            return None
        secant = self.weights * np.append(solved - self.unknowns, change)
        self.tangent = secant / float(np.linalg.norm(secant))
        self.unknowns, self.parameter = solved, self.parameter + change
        return point(self.family, self.parameter, solved, equations)

    def advance(self) -> Point | None:
        """The next solution along the curve; None where the shortest step, or a finer grid, finds none."""
        while self.step > SHORTEST_STEP:
            predicted = np.append(self.unknowns, self.parameter) + self.step * self.tangent / self.weights
            found = None if self._crosses(predicted[-1]) else self._corrected(predicted)
            if found is not None:
                corrected, tangent, equations, corrections = found
                # A large turn may be a jump to a branch that passes nearby.
                turn = math.acos(min(1.0, abs(float(tangent @ self.tangent))))
                if turn < LARGEST_TURN:
                    self.unknowns, self.parameter, self.tangent = corrected[:-1], float(corrected[-1]), tangent
                    if corrections <= 3 and turn < 0.5 * LARGEST_TURN:
                        self.step = min(1.6 * self.step, LONGEST_STEP)
                    return self.resolved(point(self.family, self.parameter, self.unknowns, equations))
            self.step *= 0.5
        return None

    def resolved(self, here: Point) -> Point | None:
        """The solution at hand on a grid that resolves it, on which the curve goes on; None where there is none."""
        while not is_resolved(self.family.system, here.equations.pulse(here.unknowns)):
            old, new = self.family.grid, finer(self.family.grid)
            if new.count > MOST_ON_GRID:
                return None
            ahead = on_grid(self.tangent[:-1] / self.weights[:-1], old, new)
            along = self.tangent[-1:] / self.weights[-1:]
            self.family, self.unknowns = replace(self.family, grid=new), on_grid(self.unknowns, old, new)
            self.tangent = self.weights * np.append(ahead, along)
            self.tangent /= float(np.linalg.norm(self.tangent))
            found = self._corrected(np.append(self.unknowns, self.parameter))
            if found is None:
                return None
            corrected, self.tangent, equations, _ = found
            self.unknowns, self.parameter = corrected[:-1], float(corrected[-1])
            here = point(self.family, self.parameter, self.unknowns, equations)
        return here

    def _crosses(self, parameter: float) -> bool:
        """Whether p would change its sign, where the curve has a corner."""
        return isinstance(self.family, ByDistance) and parameter * self.parameter <= 0.0

    def _corrected(self, start: Array) -> tuple[Array, Array, WaveEquations, int] | None:
        """The solution in the plane through ``start``, its tangent, its equations, and the number of corrections."""
        here, row = start.copy(), self.tangent * self.weights
        ahead = np.zeros(start.size)
        ahead[-1] = 1.0
        try:
            for index in range(CORRECTIONS):
                parameter = float(here[-1])
                equations = self.family.equations(parameter)
                h = 1e-6 * (abs(parameter) if isinstance(self.family, ByDistance) else self.family.scale)
                errors = equations.errors(here[:-1])
                rate = (self.family.equations(parameter + h).errors(here[:-1]) - errors) / h
                matrix = np.block([[equations.jacobian(here[:-1]), rate[:, None]], [row[None, :]]])
                error = np.append(errors, row @ (here - start))
                change, tangent = np.linalg.solve(matrix, np.column_stack([-error, ahead])).T
                here = here + change
                size = float(np.abs(self.weights * change).max())
                if self._crosses(here[-1]) or not size < 1.0:
                    return None
                if size < CORRECTED:
                    tangent = tangent * self.weights
                    return here, tangent / float(np.linalg.norm(tangent)), equations, index + 1
        except (NoSteadyDrift, np.linalg.LinAlgError, ValueError):
            return None
        return None

    def land(self) -> Point | None:
        """The solution at p = 0, if the curve comes that near; the next step leaves on the other side."""
        start, tangent = self.parameter, self.tangent
        arrived = np.append(self.unknowns, start)
        here = self.along_parameter(-start)
        if here is not None and np.linalg.norm(self.weights * (np.append(self.unknowns, 0.0) - arrived)) < LANDING:
            return here
        self.unknowns, self.parameter, self.tangent = arrived[:-1], start, tangent
        return None


def through_resonance(
    family: ByDistance, parameter: float, unknowns: Array, nearest: float, direction: float = 0.0
) -> Branch:
    """The branch that begins at a distance p, until it leaves the neighbourhood of the resonance, or closes.

    ``direction`` is the sign of the first change of p; 0: towards the resonance.
    """
    begun = solution(family, parameter, unknowns)
    if begun is None:
        return Branch([], "no solution to begin with", family.resonance)
    direction = direction or -math.copysign(1.0, parameter)
    curve = Continuation(family, parameter, begun.unknowns)
    resolved = curve.resolved(begun)
    if resolved is None:
        return Branch([], f"the first solution is not resolved by {MOST_ON_GRID} points", family.resonance)
    points, passages = [resolved], 0
    if parameter:
        here = curve.along_parameter(1e-3 * direction * abs(parameter))
    else:
        curve, here = _leaving(curve, direction)
    if here is None:
        return Branch(points, NO_FURTHER, family.resonance)
    while len(points) < MOST_POINTS:
        towards = curve.tangent[-1] * curve.parameter < 0.0
        landed = curve.land() if towards and abs(curve.parameter) < LANDING_BEGINS else None
        if landed is not None:
            points.append(landed)
            if len(points) > 2 and passes(points[-2:], resolved):
                return Branch(points, CLOSED, family.resonance)
            passages += 1
            if passages > MOST_PASSAGES:
                return Branch(points, f"followed through the resonance {MOST_PASSAGES} times", family.resonance)
            curve, here = _leaving(curve, -math.copysign(1.0, points[-2].distance))
        else:
            here = curve.advance()
        if here is None:
            return Branch(points, NO_FURTHER, family.resonance)
        points.append(here)
        if abs(here.distance) > nearest:
            return Branch(points, LEFT, family.resonance)
        if len(points) > 2 and passes(points[-2:], resolved):
            return Branch([*points[:-1], resolved], CLOSED, family.resonance)
    return Branch(points, f"followed for {MOST_POINTS} points", family.resonance)


def _leaving(landed: Continuation, side: float) -> tuple[Continuation, Point | None]:
    """The continuation from the resonance itself, and its first solution, to the side p > 0 or p < 0."""
    curve = Continuation(landed.family, 0.0, landed.unknowns, step=1e-3)
    return curve, curve.along_parameter(side * FIRST_DISTANCE)


def both_ways(family: ByDistance, seed: Point, nearest: float) -> Branch:
    """The branch through a solution near the resonance, until it leaves the neighbourhood on both sides, or closes."""
    family = replace(family, grid=seed.equations.grid)
    ahead = through_resonance(family, seed.distance, seed.unknowns, nearest, 1.0)
    if ahead.end == CLOSED:
        return ahead
    back = through_resonance(family, seed.distance, seed.unknowns, nearest, -1.0)
    points = [*back.points[::-1], *ahead.points[1 if back.points else 0 :]]
    return Branch(points, f"one way: {back.end}; the other way: {ahead.end}", family.resonance)


def passes(points: list[Point], one: Point) -> bool:
    """Whether a branch through a resonance, or a part of it, passes through a solution."""
    for before, after in pairwise(points):
        change = after.distance - before.distance
        if not change or (before.distance - one.distance) * (after.distance - one.distance) > 0.0:
            continue
        grid, unknowns = between(before, after, (one.distance - before.distance) / change)
        pulse = on_grid(one.unknowns, one.equations.grid, grid)
        if np.abs((unknowns - pulse)[: grid.count]).max() > NEARLY_SAME * np.abs(pulse[: grid.count]).max():
            continue
        system, force, speed, x = (getattr(one.equations, name) for name in ("system", "force", "speed", "resonant"))
        equations = WaveEquations(system, force, speed, grid, x)
        here, there = (equations.solve(start) for start in (unknowns, pulse))
        if here is not None and there is not None and np.abs(here - there).max() < SAME_PULSE * np.abs(there).max():
            return True
    return False


def at_resonance(family: ByDistance, largest_wave: float = LARGEST_WAVE) -> list[Point]:
    """Solutions at the resonance itself in which the resonant wave is at most so large, in widths; by rising wave.

    The amplitude of that wave is given first, and Newton's method finds the pulse alone; then both, without the
    condition on the amplitude. It is tried for ``PHASES`` phases and for amplitudes up to the largest in steps of a
    quarter of the width; a solution that none of them leads to is missed.
    """
    equations, count = family.equations(0.0), family.grid.count
    largest = largest_wave * family.force.width
    found: list[Point] = []
    for phase in 2.0 * math.pi * np.arange(PHASES) / PHASES:
        pulse = -family.force.slope(-equations.undisturbed)  # of masses that do not respond
        for part in np.arange(1, AMPLITUDES + 1) / AMPLITUDES:
            wave = 0.5 * part * largest * np.array([math.cos(phase), math.sin(phase)])
            forced = _forced(equations, np.append(pulse, wave))
            if forced is None:
                continue
            pulse = forced[:count]
            here = sharp_solution(family, 0.0, forced)
            if here is not None and here.wave_amplitude <= largest and not any(same_pulse(here, one) for one in found):
                found.append(here)
    return sorted(found, key=lambda one: one.wave_amplitude)


def _forced(equations: WaveEquations, unknowns: Array) -> Array | None:
    """The pulse that a given resonant wave causes, by Newton's method, and the wave; None if it does not converge."""
    unknowns, count = unknowns.copy(), equations.grid.count
    for _ in range(FORCED_CORRECTIONS):
        try:
            matrix, errors = equations.jacobian(unknowns)[:count, :count], equations.errors(unknowns)[:count]
            change = np.linalg.solve(matrix, -errors)
        except (np.linalg.LinAlgError, ValueError):  # singular, or a distance that is not finite
            return None
        unknowns[:count] += change
        if float(np.abs(change).max()) < FORCED * float(np.abs(unknowns[:count]).max()):
            return unknowns
    return None


def from_weak_coupling(family: ByDistance, nearest: float) -> list[Point]:
    """Solutions that continue from weak coupling in the amplitude, at a few distances on both sides of a resonance."""
    found = []
    for above in (False, True):
        for part in LOOKED_AT:
            distance = family.signed(part * nearest, above=above)
            try:
                equations = WaveEquations(family.system, family.force, family.speed(distance), family.grid)
                pulse = equations.from_weak_coupling()
            except NoSteadyDrift:
                continue
            here = sharp_solution(family, distance, family.with_wave(distance, pulse))
            if here is not None:
                found.append(here)
    return found


def sharp_solution(family: ByDistance, parameter: float, unknowns: Array) -> Point | None:
    """The solution at a distance p near given unknowns, on the first grid that resolves it."""
    here = solution(family, parameter, unknowns)
    while here is not None and not is_resolved(family.system, here.equations.pulse(here.unknowns)):
        old, new = here.equations.grid, finer(here.equations.grid)
        if new.count > MOST_ON_GRID:
            return None
        here = solution(replace(family, grid=new), parameter, on_grid(here.unknowns, old, new))
    return here


def same_pulse(one: Point, other: Point) -> bool:
    """Whether two solutions at one speed are the same."""
    grid = one.equations.grid
    pulses = [on_grid(each.unknowns, each.equations.grid, grid)[: grid.count] for each in (one, other)]
    return bool(np.abs(pulses[0] - pulses[1]).max() < SAME_PULSE * np.abs(pulses[0]).max())


def by_speed(family: BySpeed, start: Point, towards: float) -> Branch:
    """The branch from a solution to a speed, or until it comes back to where it began."""
    begin = start.equations.speed  # without the creep of the masses, which is in Point.speed
    direction = math.copysign(1.0, towards - begin)
    curve = Continuation(family, begin, start.unknowns)
    resolved = curve.resolved(start)
    if resolved is None:
        return Branch([], f"the first solution is not resolved by {MOST_ON_GRID} points", None)
    points = [resolved]
    here = curve.along_parameter(1e-3 * direction * family.scale)
    while here is not None and len(points) < MOST_POINTS:
        if (here.equations.speed - towards) * direction > 0.0:
            last = solution(replace(family, grid=points[-1].equations.grid), towards, points[-1].unknowns)
            return Branch(points if last is None else [*points, last], "reached", None)
        if (here.equations.speed - begin) * direction < -1e-3 * family.scale:
            return Branch(points, "came back through a fold", None)
        points.append(here)
        here = curve.advance()
    return Branch(points, NO_FURTHER if here is None else "followed far", None)
