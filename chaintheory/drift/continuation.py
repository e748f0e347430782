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
then 16.6, 17.2, 27.4 and on). Those that no branch of weak coupling meets lie on loops of their own, which are not
followed.

The branches are followed in the pulse, a, and p (or the speed) by pseudo-arclength continuation, each on finer grids
from where its pulse needs them: where the masses swing by two widths, a bias on the first grid has ripples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
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

    def equations(self, parameter: float) -> WaveEquations:
        """The equations at a distance p, with the amplitude of the resonant wave among the unknowns."""
        x = self.zero(parameter)
        slope = math.sqrt(self.squared_slope(x)[0].real)
        return WaveEquations(self.system, self.force, slope * self.system.chain.spacing, self.grid, resonant=x)

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

    def speed_beside(self, parameter: float, *, above: bool) -> float:
        """The speed at a distance p > 0 above or below the resonance."""
        real = above == (self.resonance.edge == "lower")
        return math.sqrt(self.squared_slope(self.zero(parameter if real else -parameter))[0].real) * self.grid.spacing

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


def through_resonance(family: ByDistance, parameter: float, unknowns: Array, nearest: float) -> Branch:
    """The branch that begins at a distance p, until it leaves the neighbourhood of the resonance."""
    begun = solution(family, parameter, unknowns)
    if begun is None:
        return Branch([], "no solution to begin with", family.resonance)
    curve = Continuation(family, parameter, begun.unknowns)
    resolved = curve.resolved(begun)
    if resolved is None:
        return Branch([], f"the first solution is not resolved by {MOST_ON_GRID} points", family.resonance)
    points, passages = [resolved], 0
    if curve.along_parameter(-1e-3 * parameter) is None:
        return Branch(points, NO_FURTHER, family.resonance)
    while len(points) < MOST_POINTS:
        towards = curve.tangent[-1] * curve.parameter < 0.0
        landed = curve.land() if towards and abs(curve.parameter) < LANDING_BEGINS else None
        if landed is not None:
            points.append(landed)
            passages += 1
            if passages > MOST_PASSAGES:
                return Branch(points, f"followed through the resonance {MOST_PASSAGES} times", family.resonance)
            side = -math.copysign(1.0, points[-2].distance)
            curve = Continuation(curve.family, 0.0, landed.unknowns, step=1e-3)
            here = curve.along_parameter(side * FIRST_DISTANCE)
        else:
            here = curve.advance()
        if here is None:
            return Branch(points, NO_FURTHER, family.resonance)
        points.append(here)
        if abs(here.distance) > nearest:
            return Branch(points, "left the resonance", family.resonance)
    return Branch(points, f"followed for {MOST_POINTS} points", family.resonance)


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
