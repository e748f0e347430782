r"""The particle's motion past masses that are held at their places, and the force integral along it.

With the masses at rest energy is conserved,

.. math:: v(u)^2 = v^2 - \frac{8\pi^2}{\mu}\,\bigl[U(u) - U_\mathrm{ref}\bigr] ,

so that the time t(u) along the motion is one integral and the force on a phonon of frequency omega another,

.. math:: F(\omega) = \int \Phi'(u)\, e^{2\pi i\omega t(u)}\, \frac{du}{v(u)} , \qquad
          A(\omega) = 2\pi^2 |F(\omega)|^2 .

``A`` replaces the energy taken at constant speed in Eqs. 6 and 10, and it knows the sign of the interaction, which
Eq. 7 does not.

F is exponentially small at low speed. Where the interaction is analytic the contour is therefore deformed to u + i c,
along which the small factor stands in front of the integral instead of arising by cancellation; the imaginary offset c
is the best of a row of values for which v(u)^2 stays away from its branch points. Past a single mass with an algebraic
tail, whose singularities all lie above the mass, the contour is turned by 45 degrees there, towards steepest descent,
so that the phonon's factor falls exponentially where the force does not. What cancellation leaves uncertain is computed
beside F.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.base import Interaction
from chaintheory.interactions.formula import NumericalInteraction
from chaintheory.lattice.dispersion import band_top
from chaintheory.lattice.rigid_lattice import (
    MOST_MASSES,
    barrier_place,
    lattice_barrier,
    lattice_potential,
    mass_barrier,
    masses_within,
    terms_of_sum,
)
from chaintheory.parameters import SystemParameters, acceleration, squared_speed
from chaintheory_ext.generated.dissipation import energy_of_force

Array = NDArray[np.float64]

ORDER = 16  # nodes per panel
PHASE = 10.0  # of a phonon per panel, which they resolve to rounding
TINY = 1e-300
MOST_TRANSIT = 30_000  # nodes from a mass to midway
MOST_VALUES = 4e6  # of the phonons, or of eight masses, along all paths: some tenths of a second
SAMPLE = 8  # phonons that choose the paths for all
VALUES_AT_ONCE = 2**20
LEFT_OUT = 50.0  # exponent of what is left out
# Logarithms of what may be uncertain beside A: eight digits past a mass, four where an algebraic tail is cut.
UNCERTAIN, UNCERTAIN_TAIL = 2.0 * math.log(0.5e-8), 2.0 * math.log(0.5e-4)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(ORDER)
# Integral of a function from -1 to each node, from its values at the nodes; exact to degree ORDER - 1.
_LEGENDRE = np.polynomial.legendre.legvander(NODES, ORDER - 1)
_PRIMITIVE = np.stack(
    [np.polynomial.legendre.legval(NODES, np.polynomial.legendre.legint(row, lbnd=-1)) for row in np.eye(ORDER)],
    axis=1,
)
CUMULATE = _PRIMITIVE @ np.linalg.inv(_LEGENDRE)
_HIGHEST_TWO = np.linalg.inv(_LEGENDRE)[-2:]  # Legendre coefficients, from the values at the nodes
RESOLVED = 1e-6  # of these beside the values: Gauss's rule has twice the order, and with it the square of the error
RESOLVED_KINK = 1e-12  # of an interaction that is not analytic: Gauss's rule is hardly better than the polynomial
RESOLVED_FORCE = 1e-13  # of its largest value: what phonons take may be far less than that would give
MOST_HALVINGS = 40  # of a panel towards a branch point or a kink


class RigidLatticeMotion:
    """One motion: past a single mass, or through the lattice at rest.

    Parameters
    ----------
    system
        The system; its mass and the sign of its interaction matter here.
    speed
        Speed far from the mass, or midway between masses.
    lattice
        Whether all masses act on the particle, or one alone.

    """

    def __init__(self, system: SystemParameters, speed: float, *, lattice: bool = False) -> None:
        self.system = system
        self.speed = speed
        self.lattice = lattice

    def squared_speed(self, u: NDArray[Any]) -> NDArray[Any]:
        """v(u)^2, for real or complex u."""
        energy = lattice_potential(self.system, u) if self.lattice else self.system.interaction.potential(u)
        return np.asarray(squared_speed(self.system, self.speed, energy))

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        """Smallest and largest squared speed."""
        panels = transit_panels(self.system) if self.lattice else _panels(self.system.interaction, 1.0)
        squared = self.squared_speed(np.concatenate([[0.0], panels.nodes]))
        barrier = lattice_barrier(self.system) if self.lattice else mass_barrier(self.system)
        lowest = squared_speed(self.system, self.speed, barrier)
        return float(min(squared.min(), lowest)), float(max(squared.max(), self.speed**2))

    @property
    def passes(self) -> bool:
        """Whether the particle gets past the mass."""
        return self._extremes[0] > 1e-12 * self.speed**2

    @property
    def slowest(self) -> float:
        """The smallest speed."""
        return math.sqrt(max(self._extremes[0], 0.0))

    @property
    def fastest(self) -> float:
        """The largest speed."""
        return math.sqrt(self._extremes[1])

    @property
    def at_constant_speed(self) -> bool:
        """Whether the speed does not change in double precision, and no phonon tells one place from another.

        In a dense lattice the potential is no double above 0 (a Gaussian of 6 spacings): the speed does not change.
        """
        if self.lattice and not landscape(self.system)[0].any():
            return True
        wave = 2.0 * math.pi * band_top(self.system.chain) * self.system.interaction.width
        return self.fastest - self.slowest <= 1e-16 * self.speed and wave < self.speed

    @cached_property
    def transit_time(self) -> float:
        """Time from one mass to the next."""
        panels = transit_panels(self.system)
        return 2.0 * float(panels.weights @ (1.0 / np.sqrt(self.squared_speed(panels.nodes))))

    @property
    def mean_speed(self) -> float:
        """Spacing over transit time."""
        return self.system.chain.spacing / self.transit_time

    @property
    def mean_speed_per_energy(self) -> float:
        """Derivative of the mean speed in the energy: 4 pi^2/mu times mean speed^2/spacing times integral of v^-3."""
        panels = transit_panels(self.system)
        slowness = 2.0 * float(panels.weights @ self.squared_speed(panels.nodes) ** -1.5)
        return float(acceleration(self.system, self.mean_speed**2 / self.system.chain.spacing * slowness))

    def spectrum(self, omega: Array) -> tuple[Array, Array, float]:
        """Logarithms of A(omega), of what of it is uncertain by cancellation, and a bound at all higher frequencies.

        A(omega) is the energy that phonons of these frequencies, a row, take in a pass.
        The bound is that of the integrand's modulus along the path, which falls with the frequency where the
        imaginary part of the time is positive.

        Raises
        ------
        ValueError
            A speed so small that it takes more than ``MOST_VALUES`` values of the force.

        """
        interaction = self.system.interaction
        if interaction.discontinuous:
            return self._log_energy_emitted_by_kicks(omega), np.full(omega.shape, -np.inf), math.inf
        if not omega.size or interaction.reach() == 0.0:  # nothing to integrate
            return np.full(omega.shape, -np.inf), np.full(omega.shape, -np.inf), -math.inf
        turned = math.isfinite(interaction.tail) and not self.lattice
        offsets = self._offsets()
        fewest = 2.0 * math.pi * float(omega.max()) * _end(interaction) / (max(self.slowest, TINY) * PHASE)
        masses = terms_of_sum(self.system) if self.lattice else 1
        if not turned:
            self._refuse_too_many(ORDER * fewest * offsets.size * max(min(omega.size, SAMPLE), masses / 8))
        on_axis = self._panels_of_turned(omega) if turned else self._cut_at_kinks(_panels(interaction, fewest))
        self._refuse_too_many(on_axis.nodes.size * offsets.size * max(min(omega.size, SAMPLE), masses / 8))
        self._refuse_too_many(on_axis.nodes.size * omega.size)
        if omega.size > 1 and omega.size * on_axis.nodes.size > VALUES_AT_ONCE:
            halves = [self.spectrum(half) for half in np.array_split(omega, 2)]
            value, noise = (np.concatenate([half[i] for half in halves]) for i in (0, 1))
            return value, noise, halves[-1][2]
        best = _Best(omega)
        if omega.size > SAMPLE and offsets.size > 1:  # those that are best for a few phonons serve those between
            few = _Best(omega[np.argsort(omega)[np.linspace(0, omega.size - 1, SAMPLE).astype(int)]])
            self._integrate(few, on_axis, offsets, turned)
            offsets = np.unique(few.offset)
        self._refuse_too_many(on_axis.nodes.size * omega.size * offsets.size)
        self._integrate(best, on_axis, offsets, turned)
        return best.value, best.noise, float(best.bound[int(np.argmax(omega))])

    def _refuse_too_many(self, values: float) -> None:
        if values > MOST_VALUES:
            raise ValueError(
                f"speed is not allowed: the force integral along the motion, {self.speed:.6g} where it is free and "
                f"{self.slowest:.3g} where it is slowest, needs more than {MOST_VALUES:.0e} values"
            )

    def _integrate(self, best: _Best, on_axis: _Panels, offsets: Array, turned: bool) -> None:
        """The force integral along the contour of each offset; ``best`` keeps the one that cancels least."""
        interaction, omega = self.system.interaction, best.omega
        stiffness = float(self.squared_speed(on_axis.nodes).min())
        direction = 1.0 + 1.0j if turned else 1.0
        for offset in offsets.tolist():
            start = 1j * offset if offset or turned else 0.0
            panels, squared = self._resolved(on_axis, start, direction, 0.3 * stiffness if offset else 0.0)
            if offset and not np.all(squared.real > 0.3 * stiffness):
                break  # a branch point of v(u) may be near
            path = start + direction * panels.nodes
            rate = direction / np.sqrt(squared)
            terms = panels.weights * interaction.slope(path) * rate
            # (omega, node); the imaginary part of the time makes this grow or fall along the path
            time = panels.cumulative(rate)
            terms = terms * np.exp(2j * math.pi * np.outer(omega, time))
            integral = terms.sum(axis=1)
            cut = np.zeros(omega.shape)
            if not turned and _end(interaction) < interaction.reach():
                # Beyond the last node by parts, along an algebraic tail.
                beyond = 1j * interaction.slope(path[-1:]) * np.exp(2j * math.pi * omega * panels.total(rate))
                beyond = beyond / (2.0 * math.pi * omega)
                integral = integral + beyond
                # The next order; a tail falls like a power of up to 3.
                cut = np.abs(beyond) * 3.0 * self.fastest / (2.0 * math.pi * omega * panels.nodes[-1])
            rounding = 1e-15 * np.abs(terms if offset or turned else terms.imag).max(axis=1)
            delay = self._delay(offset)
            # Falls with the frequency along all of the path.
            bounded = offset > 0.0 and not turned and float(time.imag.min()) + delay > 0.0
            bound = np.abs(terms).sum(axis=1) if bounded else np.full(omega.shape, math.inf)
            best.offer(offset, np.abs(integral.imag), rounding, cut, bound, 4.0 * math.pi * omega * delay)

    def _panels_of_turned(self, omega: Array) -> _Panels:
        """Panels along u = i offset + (1 + i) x: the nearer to the mass the shorter, until nothing is left."""
        width = self.system.interaction.width
        longest = 0.2 * PHASE * self.slowest / (2.0 * math.pi * float(omega.max()))
        end = LEFT_OUT * self.fastest / (2.0 * math.pi * float(omega.min()))
        edges = [min(0.02 * width, longest)]
        while edges[-1] < end:  # between the mass and the first wavelength there is the tail alone
            edges.append(edges[-1] * (2.0 if 10.0 * width < edges[-1] < 0.5 * longest else 1.2))
        return _Panels(np.array([0.0, *edges]))

    def _delay(self, offset: float) -> float:
        """The time from u = 0 to i offset, divided by i."""
        if not offset:
            return 0.0
        panels, squared = self._resolved(_Panels(np.array([0.0, offset])), 0.0, 1j, 0.0)
        return float(panels.total(1.0 / np.sqrt(squared)).real)

    def _resolved(
        self, panels: _Panels, start: complex, direction: complex, least: float
    ) -> tuple[_Panels, NDArray[Any]]:
        """The panels of u = start + direction x, halved until they resolve 1/v, and v^2 at their nodes.

        1/v is singular where v = 0, at a branch point that may lie close to the path. The halving ends early where the
        real part of v^2 falls below ``least``, since the path is not used.

        An interaction that is not analytic has kinks where ``_cut_at_kinks`` does not know of them, towards
        which its panels are halved as well.
        """
        squared = self.squared_speed(start + direction * panels.nodes)
        tolerance = RESOLVED
        if not self.system.interaction.analytic_width:
            rounding = 1e-14 * (self.fastest / max(self.slowest, TINY)) ** 2  # of 1/v where the particle is slow
            tolerance = max(RESOLVED_KINK, min(rounding, RESOLVED))
        for _ in range(MOST_HALVINGS):
            coarse = panels.unresolved(1.0 / np.sqrt(squared), tolerance)
            if not coarse.any() or not np.all(squared.real > least):
                break
            old = ~np.repeat(coarse, 1 + coarse)
            panels, before = panels.halved(coarse), squared.reshape(-1, ORDER)[~coarse]
            squared = np.empty((old.size, ORDER), dtype=squared.dtype)
            squared[old] = before
            new = panels.nodes.reshape(-1, ORDER)[~old]
            self._refuse_too_many(panels.nodes.size * SAMPLE)  # where rounding shows in v, no halving resolves it
            squared[~old] = self.squared_speed(start + direction * new)
            squared = squared.ravel()
        return panels, squared

    def _cut_at_kinks(self, panels: _Panels) -> _Panels:
        """The panels with edges where the force or a potential that is not analytic has kinks.

        These are the masses, the ends of tables and formulas, and the knots in panels that are unresolved without.
        """
        interaction = self.system.interaction
        if interaction.analytic_width:
            return panels
        if isinstance(interaction, NumericalInteraction):
            force = interaction.slope(panels.nodes)
            coarse = panels.unresolved(force + 2.0 * np.abs(force).max(), RESOLVED_FORCE)
            knots = interaction.panels.edges
            panel = np.searchsorted(panels.edges, knots, side="right") - 1
            panels = panels.cut(knots[np.append(coarse, False)[np.minimum(panel, coarse.size)]])
        masses = min(2.0 * masses_within(self.system), MOST_MASSES) if self.lattice else 0.0
        sites = self.system.chain.spacing * np.arange(masses + 1.0)
        return panels.cut(np.ravel(sites[:, None] + _kinks_of_one(interaction)))

    def _offsets(self) -> Array:
        """Imaginary parts of the path to try, from the real axis on."""
        interaction = self.system.interaction
        width = min(interaction.analytic_width, 12.0 * interaction.width)
        if not width:
            return np.zeros(1)
        count = 40 if math.isinf(interaction.tail) else 8 if self.lattice else 12
        return 0.97 * width * np.sin(np.linspace(0.0, 0.5 * math.pi, count))

    def _log_energy_emitted_by_kicks(self, omega: Array) -> Array:
        """A square well acts at its two walls only, by the change of speed there."""
        well = self.system.interaction
        if self.lattice and 2.002 * well.width >= self.system.chain.spacing:
            raise ValueError(
                f"interaction must not overlap with the next mass's, which is at {self.system.chain.spacing:g}, "
                f"for the motion through the lattice, got {well!r}"
            )
        inside = math.sqrt(float(self.squared_speed(np.array(0.0))))
        outside = math.sqrt(float(self.squared_speed(np.array(1.001 * well.width))))
        kick = 4.0 * abs(float(well.potential(0.0))) / (inside + outside)  # mass/(2 pi^2) times the change of speed
        wave = np.abs(np.sin(2.0 * math.pi * omega * well.width / inside))
        with np.errstate(divide="ignore"):
            return math.log(energy_of_force(1.0, 0.0)) + 2.0 * np.log(kick * wave)


class _Best:
    """For each phonon the path along which the force integral cancels least."""

    def __init__(self, omega: Array) -> None:
        self.omega = omega
        self.value, self.noise, self.bound = np.full((3, omega.size), -np.inf)
        self.offset = np.zeros(omega.shape)
        self._lost = np.full(omega.shape, np.inf)

    def offer(self, offset: float, integral: Array, rounding: Array, cut: Array, bound: Array, exponent: Array) -> None:
        """The modulus of the integral along one path, its errors, its bound, and the exponent before their squares."""
        with np.errstate(divide="ignore", over="ignore"):
            lost = rounding / np.maximum(integral, TINY)
            better = (lost < self._lost) | np.isinf(self._lost)
            for kept, new in ((self.value, integral), (self.noise, rounding + cut), (self.bound, bound)):
                # Both halves of the motion contribute alike.
                kept[better] = (math.log(energy_of_force(2.0, 0.0)) + 2.0 * np.log(new) - exponent)[better]
        self.offset[better] = offset
        self._lost[better] = lost[better]


class _Panels:
    """Gauss's rule on panels from 0 on, with the integral up to each node."""

    def __init__(self, edges: Array) -> None:
        self.edges = edges
        self.half = 0.5 * np.diff(edges)
        self.middle = 0.5 * (edges[1:] + edges[:-1])
        self.nodes = (self.middle[:, None] + self.half[:, None] * NODES).ravel()
        self.weights = (self.half[:, None] * WEIGHTS).ravel()

    def unresolved(self, values: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
        """For each panel whether it is too long for the polynomial through the values at its nodes."""
        by_panel = values.reshape(self.half.size, ORDER)
        return np.asarray(np.abs(by_panel @ _HIGHEST_TWO.T).max(axis=1) > tolerance * np.abs(by_panel).max(axis=1))

    def halved(self, chosen: NDArray[np.bool_]) -> _Panels:
        """The same panels, the chosen ones in two."""
        return _Panels(np.union1d(self.edges, self.middle[chosen]))

    def cut(self, places: Array) -> _Panels:
        """The same panels with further edges, where these lie within."""
        end = self.edges[-1]
        edges = np.union1d(self.edges, places[(places > 0.0) & (places < end)])
        return _Panels(edges[np.diff(edges, prepend=-end) > 1e-13 * end])  # equal edges may differ by rounding

    def total(self, values: Array) -> Array:
        """Integral over all panels."""
        return values @ self.weights

    def cumulative(self, values: Array) -> Array:
        """Integral from 0 to each node."""
        by_panel = values.reshape(self.half.size, ORDER)
        within = self.half[:, None] * (by_panel @ CUMULATE.T)
        whole = self.half * (by_panel @ WEIGHTS)
        before = np.concatenate([[0.0], np.cumsum(whole)[:-1]])
        return (before[:, None] + within).ravel()


def _panels(interaction: Interaction, fewest: float) -> _Panels:
    """Panels that resolve the interaction and, as there are at least ``fewest`` per length, the phonons."""
    end = _end(interaction)
    near = min(end, 10.0 * interaction.width)
    longest = end / max(fewest, 1.0)
    edges = [np.linspace(0.0, near, max(24, math.ceil(near / longest)) + 1)]
    if interaction.analytic_width and math.isfinite(interaction.analytic_width):
        # The shifted path comes close to the singularity above the mass.
        edges[0] = np.union1d(edges[0], edges[0][1] * 0.5 ** np.arange(1, 6))
    while edges[-1][-1] < end:  # twice as far each time, along an algebraic tail
        start = edges[-1][-1]
        stop = min(2.0 * start, end)
        edges.append(np.linspace(start, stop, max(8, math.ceil((stop - start) / longest)) + 1)[1:])
    return _Panels(np.concatenate(edges))


def _kinks_of_one(interaction: Interaction) -> Array:
    """The mass, and where its table or formula ends."""
    if isinstance(interaction, NumericalInteraction):
        return interaction.panels.edges[-1] * np.array([-1.0, 0.0, 1.0])
    return np.zeros(1)


def _end(interaction: Interaction) -> float:
    """Where the force is negligible; an algebraic tail is cut at 300 widths."""
    if math.isinf(interaction.analytic_width):  # Gaussians, perhaps of very different widths
        return interaction.reach() or interaction.width
    return min(interaction.reach() or math.inf, 300.0 * interaction.width)  # no reach: amplitude 0


@lru_cache(maxsize=64)
def transit_panels(system: SystemParameters) -> _Panels:
    """Panels from a mass to midway, refined where the particle may nearly stop: at both ends and at the barrier."""
    half = 0.5 * system.chain.spacing
    steps = half * 0.25 ** np.arange(1, 13)
    top, _ = barrier_place(system)
    walls = [system.interaction.width] if system.interaction.discontinuous else []
    parts: list[ArrayLike] = [
        [0.0, half, top],
        steps,
        half - steps,
        np.linspace(0.0, half, 17),
        top - steps,
        top + steps,
        walls,
    ]
    edges = np.unique(np.concatenate([np.asarray(part) for part in parts]))
    panels = _Panels(edges[(edges >= 0.0) & (edges <= half)])
    if system.interaction.analytic_width or system.interaction.discontinuous:
        return panels
    at_one = _kinks_of_one(system.interaction)
    panels = panels.cut(np.abs(at_one - system.chain.spacing * np.rint(at_one / system.chain.spacing)))
    least = 1e-4 * float(np.abs(system.interaction.potential(panels.nodes)).max())  # below, rounding shows
    for _ in range(MOST_HALVINGS):  # towards kinks elsewhere, to 1e-10 of the potential
        energy = lattice_potential(system, panels.nodes)
        coarse = panels.unresolved(energy - energy.min() + np.ptp(energy) + least, 1e-10)
        if not coarse.any() or panels.nodes.size > MOST_TRANSIT:
            break
        panels = panels.halved(coarse)
    return panels


@lru_cache(maxsize=64)
def landscape(system: SystemParameters) -> tuple[Array, float, float]:
    """Squared speeds at the nodes of ``transit_panels``, at a mass and midway, of the slowest motion that passes."""
    nodes = transit_panels(system).nodes
    squared = RigidLatticeMotion(system, 0.0, lattice=True).squared_speed(
        np.concatenate([nodes, [0.0, 0.5 * system.chain.spacing]])
    )
    lowest = squared_speed(system, 0.0, lattice_barrier(system))
    squared = squared - min(squared.min(), lowest)
    return squared[:-2], float(squared[-2]), float(squared[-1])


def motion_of_mean_speed(system: SystemParameters, mean_speed: float) -> RigidLatticeMotion:
    """The motion through the lattice at rest that has this mean speed.

    Raises
    ------
    ValueError
        When there is none (a particle that passes a cusp cannot be arbitrarily slow), or when it almost stops:
        slower than 1e-7 of its fastest, doubles do not tell it from one that is caught.

    >>> from chaintheory import Chain, Gaussian, System
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
    >>> motion = motion_of_mean_speed(system, 20.0)
    >>> round(motion.mean_speed, 9), round(motion.speed, 3), round(motion.slowest, 3)
    (20.0, 21.111, 16.963)

    """
    from scipy.optimize import brentq

    weights = transit_panels(system).weights
    squared, _, midway = landscape(system)

    def too_fast(log_energy: float) -> float:
        """Logarithm of the mean speed over the wanted one; the energy is the smallest squared speed."""
        transit = 2.0 * float(weights @ (1.0 / np.sqrt(math.exp(log_energy) + squared)))
        return math.log(system.chain.spacing / transit / mean_speed)

    refusal = ValueError(f"speed must be the mean of a motion that passes the masses at rest, got {mean_speed:.6g}")
    if mean_speed**2 == 0.0:
        raise refusal
    low = math.log(1e-14 * (float(squared.max()) + mean_speed**2))
    high = 2.0 * math.log(mean_speed)
    if low >= high or too_fast(low) > 0.0:
        raise refusal
    # The mean lies between the extremes, so that the smallest speed is at most the mean.
    energy = math.exp(brentq(too_fast, low, high + 1e-9, xtol=1e-14, rtol=1e-14))
    return RigidLatticeMotion(system, math.sqrt(energy + midway), lattice=True)
