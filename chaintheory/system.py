"""What users call: a chain, a system of a particle in it, and the trajectory of a run.

Each method is one call downwards. Units throughout: length l_slow = sqrt(hbar/(m Omega_slow)), time
t_slow = 2 pi/Omega_slow, energy hbar Omega_slow, mass m. The band is
omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta with theta = q a/2.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory import units as physical
from chaintheory.dissipation import (
    damped,
    diffusion,
    finite_passes,
    loss_distribution,
    single_pass,
    steady_state,
    thermal,
    third_order,
    travelling_wave,
    validity,
)
from chaintheory.dissipation.loss_distribution import LossDistribution
from chaintheory.dissipation.validity import Validity, warn_of_large_losses
from chaintheory.drift import curves, drag_curve, resonances, velocities
from chaintheory.drift.curves import Curves
from chaintheory.drift.resonances import ResonantSpeeds
from chaintheory.drift.velocities import DriftVelocities
from chaintheory.explorer import page as explorer
from chaintheory.interactions.base import Interaction
from chaintheory.lattice import dispersion, memory_kernel, rigid_lattice, thermal_field
from chaintheory.parameters import ChainParameters, SystemParameters, refuse_other_chains
from chaintheory.plotting.tables import html_table
from chaintheory.simulation import ensemble, record, single_passes
from chaintheory.simulation import run as simulation
from chaintheory.simulation.ensemble import Ensemble
from chaintheory.simulation.light_cone import ChainSegment
from chaintheory.simulation.readers import read_columns
from chaintheory.simulation.stopping import Event
from chaintheory.support.threads import one_thread
from chaintheory.support.validation import angles, choice, real_array, shown, truth
from chaintheory.units import PhysicalChain, Units, scale_of

Array = NDArray[np.float64]


class Chain(ChainParameters):
    """An infinite chain of masses, each in its own harmonic well and coupled to its neighbours.

    Its band is omega(theta)^2 = 1 + (omega_fast^2 - 1) sin^2 theta, Eq. 1, in units of Omega_slow. ``from_springs``
    makes any other harmonic chain.

    Parameters
    ----------
    omega_fast
        Top of the phonon band (the bottom is 1); greater than 1.
    spacing
        Lattice spacing (alpha in the paper), in l_slow; positive.
    damping
        Rate gamma at which each mass is damped, in units of Omega_slow: rho'' = ... - 2 pi gamma rho'. A phonon then
        lives for 1/(pi gamma) in amplitude, in t_slow.

    Raises
    ------
    ValueError
        A parameter that is not a number in its range.

    >>> Chain(omega_fast=10.0, spacing=40.0).sound_speed
    1130.9733552923256
    """

    @classmethod
    def _of(cls, chain: ChainParameters) -> Chain:
        return cls.of(chain)

    @classmethod
    def from_springs(
        cls, confinement: float, couplings: Sequence[float], spacing: float, damping: float = 0.0
    ) -> Chain:
        """Any harmonic chain: omega(theta)^2 = confinement + sum_j 4 K_j sin^2(j theta), theta = q a/2.

        Frequencies are in units of a frequency Omega of choice, stiffness in m Omega^2, lengths in
        sqrt(hbar/(m Omega)), times in 2 pi/Omega and energies in hbar Omega; the paper's choice is Omega_slow.

        Parameters
        ----------
        confinement
            Stiffness kappa of the on-site springs; 0 for a chain without wells, whose band begins at 0 (acoustic).
        couplings
            Stiffness K_j of the springs between masses j = 1, 2, ... apart, of either sign; an empty list is a crystal
            of independent oscillators (Einstein's).
        spacing
            Lattice spacing; positive.
        damping
            Rate gamma of the damping of each mass: rho'' = ... - 2 pi gamma rho'.

        Returns
        -------
        Chain
            ``confinement=1, couplings=[(omega_fast**2 - 1)/4]`` is ``Chain(omega_fast, spacing)``.

        Raises
        ------
        ValueError
            A chain that is not stable: omega^2 is not positive in the whole zone (0 at its centre without wells).

        >>> chain = Chain.from_springs(confinement=0.0, couplings=[24.75, -2.0], spacing=40.0)
        >>> round(float(chain.frequency(np.pi / 2)), 6), round(chain.sound_speed, 3)
        (9.949874, 1047.577)
        """
        return super().from_springs(confinement, couplings, spacing, damping)

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency of the phonons, in the unit frequency.

        >>> Chain.from_springs(confinement=0.0, couplings=[4.0], spacing=40.0).band
        (0.0, 4.0)
        """
        return dispersion.band_edges(self)

    def _repr_latex_(self) -> str:
        springs = [
            rf"{4.0 * stiffness:+.8g}\,\sin^2{'' if j == 1 else j}\theta"
            for j, stiffness in enumerate(self.couplings, 1)
        ]
        return (
            rf"$\omega(\theta)^2 = {self.confinement:.8g} {' '.join(springs)},\quad \theta = qa/2,\quad "
            rf"a = {self.spacing:.8g}\,l_\mathrm{{slow}}$"
        )

    @property
    def sound_speed(self) -> float:
        """Largest group speed, in l_slow/t_slow.

        pi spacing (omega_fast - 1) of the paper's chain, reached at sin^2 theta = 1/(omega_fast + 1).

        >>> round(Chain(omega_fast=2.0, spacing=1.0).sound_speed, 6)
        3.141593
        """
        return dispersion.sound_speed(self)

    def frequency(self, theta: ArrayLike) -> Array:
        """Phonon frequency omega(theta) in units of Omega_slow (Eq. 1), for theta = q a/2; the shape of ``theta``.

        Raises
        ------
        ValueError
            An angle that is not a finite real number.

        >>> Chain(omega_fast=10.0, spacing=40.0).frequency([0.0, np.pi / 2]).tolist()
        [1.0, 10.0]
        """
        return dispersion.frequency(self, angles("theta", theta))

    @classmethod
    def from_physical(
        cls, mass: Any, confinement: Any, coupling: Any, spacing: Any, *, damping: Any = 0.0, units: str = "SI"
    ) -> Chain:
        """The chain of masses (kg) in wells and with springs (stiffness, N/m) at a spacing (m).

        omega_fast^2 = 1 + 4 coupling/confinement, and the spacing in units of sqrt(hbar/(m Omega_slow)). With
        ``units="metal"`` in u, eV/angstrom^2 and angstrom; quantities of pint bring their own units. A list of
        couplings is that of ``from_springs``, whose confinement may be 0: the unit frequency is then
        sqrt(coupling[0]/mass).
        ``damping`` is the rate at which a free mass loses its momentum, in 1/s (1/ps).

        Raises
        ------
        ValueError
            A parameter that is not positive, or a chain outside the range of ``Chain``.

        >>> chain = Chain.from_physical(mass=6.6e-26, confinement=0.066, coupling=1.6335, spacing=1.6e-9)
        >>> round(chain.omega_fast, 9), round(chain.spacing, 3)
        (10.0, 40.027)
        """
        return cls._from_physical(mass, confinement, coupling, spacing, damping, units)[0]

    @classmethod
    def _from_physical(
        cls, mass: Any, confinement: Any, coupling: Any, spacing: Any, damping: Any, units: str
    ) -> tuple[Chain, Units]:
        if isinstance(coupling, list | tuple):
            well, springs, length, rate, own = physical.springs_from_physical(
                mass, confinement, coupling, spacing, damping, units
            )
            return cls.from_springs(well, springs, length, rate), own
        omega_fast, length, own = physical.from_physical(mass, confinement, coupling, spacing, units)
        return cls(omega_fast, length, physical.in_si("damping", damping, "rate", units) / own.omega_slow), own

    def to_physical(self, units: Units) -> PhysicalChain:
        """The chain in physical units: mass (kg), confinement, couplings (N/m), spacing (m), damping (1/s).

        A TypeError for units that are not ``Units``.

        >>> from chaintheory.units import Units
        >>> physical = Chain(10.0, 40.0).to_physical(Units(mass=6.6e-26, omega_slow=1e12))
        >>> f"{physical.coupling:.4f} N/m, {physical.spacing:.4e} m"
        '1.6335 N/m, 1.5989e-09 m'
        """
        return physical.to_physical(self.confinement, self.couplings, self.spacing, self.damping, units)

    def memory_kernel(self, lags: ArrayLike, times: ArrayLike) -> Array:
        """Memory kernel Gamma_n(tau) of Eq. 5, the response of mass l + n at tau to an impulse on mass l at 0.

        (2/pi) int_0^{pi/2} cos(2 n theta) sin(2 pi tau omega)/omega dtheta, a pure number, even in n and odd in tau.

        Parameters
        ----------
        lags, times
            Whole numbers n, and times tau in t_slow; one-dimensional, or one number.

        Returns
        -------
        numpy.ndarray
            Shape (len(lags), len(times)); the error is about 1e-15 (see ``chaintheory.lattice.memory_kernel``).

        Raises
        ------
        ValueError
            Lags that are no whole numbers, or anything that is not finite.

        >>> Chain(10.0, 40.0).memory_kernel([0, 1], [0.0, 0.25]).round(6).tolist()
        [[0.0, 0.06207], [0.0, 0.034863]]
        """
        return memory_kernel.memory_kernel(self, lags, times)

    def thermal_correlation(
        self, lags: ArrayLike, times: ArrayLike, temperature: float, sampling: str = "quantum"
    ) -> Array:
        r"""Correlation C_n(tau) of the displacements of masses l and l + n at times tau apart, at a temperature.

        :math:`\langle E(\omega)\cos(2n\theta)\cos(2\pi\tau\omega)/\omega^2\rangle` over the band, with E =
        omega/2 coth(omega/2T) in quantum sampling and T in classical sampling.

        Parameters
        ----------
        lags, times
            Whole numbers n, and times tau in t_slow; one-dimensional, or one number.
        temperature
            k_B T in hbar Omega_slow, not negative. At 0 quantum sampling leaves the zero point, classical none.
        sampling
            ``"quantum"`` or ``"classical"``.

        Returns
        -------
        numpy.ndarray
            In l_slow^2, shape (len(lags), len(times)); the error is about 1e-15 of C_0(0).

        Raises
        ------
        ValueError, TypeError
            Lags that are no whole numbers, times that are not finite or too many, a temperature out of range.

        >>> Chain(10.0, 40.0).thermal_correlation([0, 1], [0.0, 0.25], 25.0, "classical").round(6).tolist()
        [[2.5, -0.730723], [2.045455, -0.645117]]
        """
        return thermal_field.correlation(self, lags, times, temperature, sampling)


class System(SystemParameters):
    """A particle of mass ``mass``, driven by ``bias`` per lattice spacing, in a chain (Eq. 2).

    Parameters
    ----------
    chain, interaction
        The lattice and the particle's interaction with each of its masses.
    mass
        Mass of the particle in units of the chain masses (mu in the paper); positive.
    bias
        Energy gained from the bias per lattice spacing (beta), in hbar Omega_slow; the force is beta/alpha.
    units
        ``Units`` of the model in physical ones, in which results are then shown; ``System.from_physical`` knows them.

    Raises
    ------
    ValueError
        A parameter that is not of its kind or not in its range.

    >>> from chaintheory.interactions.named import Gaussian
    >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    >>> round(system.capture_speed, 3)
    12.566
    """

    chain: Chain

    @classmethod
    def _of(cls, system: SystemParameters) -> System:
        if isinstance(system, System):
            return system
        return cls(Chain._of(system.chain), system.interaction, system.mass, system.bias, units=system.units)

    @classmethod
    def from_physical(
        cls,
        chain_mass: Any,
        confinement: Any,
        coupling: Any,
        spacing: Any,
        interaction: Interaction,
        particle_mass: Any,
        *,
        bias: Any = None,
        force: Any = None,
        damping: Any = 0.0,
        units: str = "SI",
    ) -> System:
        """The system with these physical numbers, which shows its results in the same units.

        Parameters
        ----------
        chain_mass, confinement, coupling, spacing
            Mass of a chain mass, stiffness of its well and of the springs (or a list of them, ``Chain.from_physical``),
            lattice spacing.
        interaction
            Its numbers are energies and lengths in the units of ``units``: ``ct.Gaussian(0.1, 1.0)`` is 0.1 eV high
            and 1 angstrom wide with ``"metal"``.
        particle_mass
            Mass of the mobile particle.
        bias, force
            Energy gained per lattice spacing, or the pulling force; one of them, or none for no bias.
        damping
            Rate at which a free chain mass loses its momentum, in 1/s (1/ps).
        units
            ``"SI"`` (kg, N/m, m, J, N) or ``"metal"`` (u, eV/angstrom^2, angstrom, eV, eV/angstrom). Any number may be
            a quantity of pint instead, which brings its own units; those of the interaction stay plain.

        Raises
        ------
        TypeError
            Something that is no number; an interaction that is none.
        ValueError
            A number out of range, a quantity of another dimension, bias and force together.

        >>> from chaintheory import Gaussian
        >>> copper = dict(chain_mass=63.5, confinement=0.5, coupling=3.0, spacing=2.55, units="metal")
        >>> system = System.from_physical(**copper, interaction=Gaussian(0.1, 0.8), particle_mass=40.0, force=1e-4)
        >>> scale = system.units.scale()
        >>> f"{system.chain.omega_fast:.3f}, {scale.speed * system.capture_speed:.2f} {scale.names['speed']}"
        '5.000, 4.66 Å/ps'
        """
        if not isinstance(interaction, Interaction):
            raise TypeError(f"interaction must be an Interaction, got {shown(interaction)}")
        if bias is not None and force is not None:
            raise ValueError(f"bias and force exclude each other, got {bias!r} and {force!r}")
        chain, own = Chain._from_physical(chain_mass, confinement, coupling, spacing, damping, units)
        scale = own.scale("SI")
        mass = physical.in_si("particle_mass", particle_mass, "mass", units) / scale.mass
        if force is not None:
            work = physical.in_si("force", force, "force", units) / scale.force * chain.spacing
        else:
            work = physical.in_si("bias", 0.0 if bias is None else bias, "energy", units) / scale.energy
        theirs = own.scale()
        scaled = interaction.scaled(1.0 / theirs.energy, 1.0 / theirs.length)
        return cls(chain, scaled, mass, work, units=own)

    def _repr_html_(self) -> str:
        scale = scale_of(self.units, None)
        length, energy = scale.names["length"], scale.names["energy"]
        rows: list[tuple[str, Any]] = [
            ("band (Omega_slow)", "{:.8g} to {:.8g}".format(*self.chain.band)),
            (f"lattice spacing ({length})", scale.length * self.chain.spacing),
            (f"mass of the particle ({scale.names['mass']})", scale.mass * self.mass),
            (f"bias ({energy} per spacing)", scale.energy * self.bias),
        ]
        rows.append(("interaction (model units)", f"${self.interaction.latex}$"))
        return html_table((), rows, "A particle in a chain")

    def _repr_latex_(self) -> str:
        chain = self.chain._repr_latex_().strip("$")
        return rf"${chain},\quad \Phi(r) = {self.interaction.latex},\quad \mu = {self.mass:.8g}\,m,\quad " + (
            rf"\beta = {self.bias:.8g}\,\hbar\Omega_\mathrm{{slow}}$"
        )

    @property
    def capture_speed(self) -> float:
        """Least speed midway between two masses that passes the masses at rest, in l_slow/t_slow.

        sqrt(8 pi^2 (max U - U(spacing/2))/mu) with the potential U of the rigid lattice, all masses included. Zero
        where U has no barrier above the point midway, as for an attractive Gaussian. A chain that recoils captures
        a particle a little above it. (The caption of the paper's Fig. 4 lacks the root.)

        Raises
        ------
        ValueError
            An interaction that reaches more than 1000 masses and has no transform that falls fast.

        >>> from chaintheory.interactions.named import Gaussian
        >>> [round(System(Chain(10.0, 40.0), Gaussian(a, w)).capture_speed, 3) for a, w in [(2, 4), (2, 16), (-2, 4)]]
        [12.566, 5.188, 0.0]
        """
        return rigid_lattice.capture_speed(self)

    def single_pass_dissipation(
        self,
        speed: ArrayLike,
        *,
        approximation: str = "constant-velocity",
        method: str | None = None,
        log: bool = False,
        temperature: ArrayLike | None = None,
        sampling: str = "quantum",
    ) -> Array:
        r"""Energy lost in passing one mass of a chain at rest, Eqs. 6 and 7; or its mean at a temperature.

        The mean over the band of the energy :math:`8\pi^4\omega^2 |\hat\Phi(2\pi\omega/v)|^2/v^4` that each
        phonon takes up.

        Parameters
        ----------
        speed
            Speed far from the mass, in l_slow/t_slow, any shape; the sign does not matter. At 0 the limit of
            vanishing speed, of smooth interactions and ``Exponential``.
        approximation
            ``"constant-velocity"``: second order in the interaction, even in its sign. ``"static-lattice"``: the
            speed varies as it does past a mass at rest, which does not recoil; knows the sign. ``"third-order"``: the
            next order in the interaction, which is odd in its sign, with recoil and variation of the speed.
        method
            Of constant velocity: ``"closed"``, a closed form (Gaussian, GaussianMixture, Exponential, Matern), or
            ``"quadrature"``, the trapezoidal rule over the band, which converges geometrically; any interaction. By
            default the first that applies.
        log
            Return the natural logarithm instead, which also holds losses far below 1e-308.
        temperature
            k_B T of the chain in hbar Omega_slow, in a shape that broadcasts with ``speed``: the mean loss with the
            particle's recoil in the thermal force, Delta - (1/2) dVar/dE, second order in the interaction; negative
            where the particle gains. Left out, the chain is at rest. T = 0 is the zero-point field with quantum
            sampling, and the chain at rest with classical sampling.
        sampling
            At a temperature, ``"quantum"`` or ``"classical"`` energies of the modes, as in ``loss_variance``.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            Energy in hbar Omega_slow (or its logarithm), in the shape of ``speed``. The relative error is below
            1e-13 at constant velocity, 1e-11 for a mixture of opposite signs; at a temperature 2e-12 of the larger of
            the two terms (of a square well 1e-14 of 2 pi width omega_fast/speed where that is more). Where a transform
            passes through 0, as those of mixtures of opposite signs, Morse and Lennard-Jones do, it is 1e-15 times its
            size beside that over its size there. An interaction without a formula for its transform resolves nothing
            below its ``transform_error``. 1e-8 with ``"static-lattice"``. With ``"third-order"`` 1e-11 of the two
            orders; what they leave out was at most 2.5 % in 349 random systems.

        Warns
        -----
        ValidityWarning
            A loss above the kinetic energy at that speed: the particle would stop.

        Raises
        ------
        ValueError
            A speed that is not finite, or 0 of an interaction that is not smooth, but for ``Exponential``; at a
            temperature a speed below 1e-100, or ``log``; a method that does not apply; a mixture that cancels to
            less than 1e-6; the logarithm of what the transform does not resolve; a band average that
            does not converge, as where the transform vanishes all over a narrow band; with ``"static-lattice"`` a
            speed that does not exceed the capture speed of one mass, or so small that the force integral needs more
            than some million values or is lost to rounding; with ``"third-order"`` an interaction that changes the
            pulse of force by more than a tenth.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> system.single_pass_dissipation([30.0, 300.0]).round(9).tolist()
        [0.022375906, 0.001175415]
        >>> print(round(system.single_pass_dissipation(0.5, log=True), 6))
        -2517.978061
        >>> print(round(system.single_pass_dissipation(16.0, approximation="static-lattice"), 6))
        0.005062
        >>> system.single_pass_dissipation(50.0, temperature=[0.0, 5.0, 25.0]).round(6).tolist()
        [0.013449, 0.014567, 0.019255]
        """
        log = truth("log", log)
        choice("sampling", sampling, thermal_field.SAMPLINGS)
        choice("approximation", approximation, ["constant-velocity", "static-lattice", "third-order"])
        if temperature is not None:
            if approximation != "constant-velocity" or method is not None or log:
                raise ValueError("approximation, method and log must not be given with temperature")
            loss = thermal.mean_loss(self, speed, temperature, sampling)
        elif approximation == "third-order":
            refuse_other_chains(self.chain, f"approximation={approximation!r}")
            if method is not None or log:
                raise ValueError("method and log must not be given with approximation='third-order'")
            loss = third_order.single_pass_expansion(self, speed).total
        else:
            of = damped if self.chain.damping else single_pass
            loss = of.single_pass_dissipation(self, speed, approximation=approximation, method=method, log=log)
        if not log:
            warn_of_large_losses(self, speed, loss)
        return loss

    def loss_variance(
        self, speed: ArrayLike, temperature: ArrayLike, sampling: str = "quantum", broadening: bool = False
    ) -> Array:
        r"""Variance of the loss of one pass of a chain at a temperature, second order in the interaction.

        :math:`\langle s\,\omega\coth(\omega/2T)\rangle` over the band with the energy s that a mode takes (Eq. 6); in
        a classical chain 2 T Delta, the fluctuation-dissipation theorem.

        Parameters
        ----------
        speed
            Speed in l_slow/t_slow; the sign does not matter.
        temperature
            k_B T in hbar Omega_slow, not negative, in a shape that broadcasts with ``speed``. At 0 quantum sampling
            leaves the zero-point field, classical sampling a chain at rest (variance 0).
        sampling
            Energy of a mode: ``"quantum"``, omega/2 coth(omega/2T), or ``"classical"``, T.
        broadening
            Let the thermal displacement of the masses broaden the interaction, width^2 -> width^2 + C(0) - C(tau) under
            the integral over time (Gaussian and GaussianMixture).

        Returns
        -------
        numpy.float64 or numpy.ndarray
            In (hbar Omega_slow)^2, in the common shape. The relative error is below 1e-13, beside a zero of the
            transform that of ``single_pass_dissipation``; with broadening 1e-11 over what cancels in the integral.

        Raises
        ------
        ValueError, TypeError
            A speed or temperature that is not finite, a speed between 0 and 1e-100, or 0 of an interaction that is not
            smooth; a negative temperature, shapes that do not broadcast; broadening of another interaction, or at a
            speed so low that the integral is lost to rounding.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> np.sqrt(system.loss_variance([20.0, 30.0, 50.0, 80.0], 0.0)).round(5).tolist()
        [0.16935, 0.18058, 0.17241, 0.17317]
        """
        return thermal.loss_variance(self, speed, temperature, sampling, broadening)

    def loss_distribution(self, speed: float, temperature: float) -> LossDistribution:
        r"""Distribution of the loss of a heavy particle in one pass of a quantum chain: a compound Poisson variable.

        Phonons are emitted and absorbed at the mean numbers s (n + 1)/omega and s n/omega in each mode. The particle is
        so heavy that it does not recoil: ``mean`` is the loss in a chain at rest.

        Parameters
        ----------
        speed
            Speed in l_slow/t_slow, not 0; the sign does not matter.
        temperature
            k_B T in hbar Omega_slow; at 0 phonons are emitted only.

        Returns
        -------
        LossDistribution
            ``density``, ``cumulative``, ``probability_of_no_loss``, ``phonons``, ``mean``, ``variance``, ``plot``.

        Raises
        ------
        ValueError, TypeError
            A speed or temperature out of range or of another type.

        >>> from chaintheory import Gaussian
        >>> losses = System(Chain(10.0, 40.0), Gaussian(20.0, 4.0)).loss_distribution(120.0, 0.0)
        >>> round(losses.probability_of_no_loss, 6)
        0.871876
        """
        return loss_distribution.loss_distribution(self, speed, temperature)

    def diffusion(self, temperature: ArrayLike) -> Array:
        r"""Diffusion constant of the particle in a classical chain at a temperature, without a bias.

        :math:`T\alpha\langle v/\Delta(v)\rangle/\langle e^{-U/T}\rangle`: the first mean is over the speeds above
        ``capture_speed``, weighted as Maxwell's distribution weights them midway between two masses among all speeds,
        the second over a cell of the rigid lattice's potential, from midway: slower particles are trapped, for as
        many of the states as the potential leaves them. Losses of second order, each pass independent of the last:
        a ``ValidityWarning`` says where passes are correlated (the mean dissipation in the place of
        :math:`\Delta` changes the result by more than a quarter) or too strong (they take a tenth of T on the average).
        Without the warning simulations agree within their errors of a quarter; with it they were up to twice as much.

        Parameters
        ----------
        temperature
            k_B T in hbar Omega_slow, any shape; at 0 there is no diffusion.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            In l_slow^2/t_slow, in the shape of ``temperature``; the mean squared displacement is twice it times the
            time. Relative error 1e-8.

        Raises
        ------
        ValueError, TypeError
            A temperature that is negative or not finite; an interaction that captures at no speed.

        Warns
        -----
        ValidityWarning
            As above, once, with the first such temperature and the reason.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 12.0), Gaussian(6.0, 2.0))
        >>> print(round(system.diffusion(5.0)))
        737
        """
        return diffusion.diffusion(self, temperature)

    def sample_losses(
        self,
        speed: float,
        temperature: float,
        samples: int,
        seed: int = 0,
        sampling: str = "quantum",
        antithetic: bool = False,
        *,
        first: int = 0,
        threads: int | None = None,
    ) -> Array:
        """Losses of simulated single passes of a chain at a temperature: no approximation but the time step.

        The particle comes from far, interacts with one mass of the infinite chain, whose modes have random phases, and
        leaves; one that is turned back leaves too. The chain moves by its exact flow. The error of a loss from the time
        step is about 1e-4 of the deviation of the losses (2e-4 beside the capture speed), 1e-3 where a derivative of
        the force jumps (at T = 0 with classical sampling: of the loss), and the rounding of the kinetic energy. Error
        and deviation are those of 16 passes, which are made with half the step too; the error in a chain at rest counts
        where it is larger. A force that jumps itself is refused. A tail that falls like a power is cut where its force
        is 1e-8 of the largest, at the latest at 32 spacings or 100 widths, whichever is farther.

        Parameters
        ----------
        speed
            Speed far from the mass, in l_slow/t_slow, not 0; the sign does not matter.
        temperature
            k_B T in hbar Omega_slow. At 0 quantum sampling leaves the zero-point field, classical a chain at rest.
        samples
            Number of passes.
        seed
            Whole number from 0 to 2^64 - 1. Pass k depends on the seed and on k alone.
        sampling
            Energy of a mode: ``"quantum"``, omega/2 coth(omega/2T), or ``"classical"``, T; Gaussian in both.
        antithetic
            Passes 2 k and 2 k + 1 see a field and its negative, which cancels the first-order noise of their mean.
        first
            Number of the first pass, to go on from or to share passes out.
        threads
            Threads at work; by default one for each core.

        Returns
        -------
        numpy.ndarray
            Energy lost in hbar Omega_slow, one number for each pass; NaN for a particle that has not left within three
            times the unhindered transit: captured. Of the others ``chaintheory.block_mean`` gives the mean with its
            error, that of antithetic passes too: of passes 2k and 2k + 1, a pair, leave out both where one is NaN.

        Raises
        ------
        ValueError, TypeError
            Arguments out of range or of another type; a speed so low that the tables would be too large; an
            interaction whose losses depend on the time step, as those with a kink do.

        >>> from chaintheory import Gaussian
        >>> losses = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).sample_losses(50.0, 5.0, samples=2000)
        >>> print(losses.shape, abs(losses.std() - 0.37) < 0.02)
        (2000,) True
        """
        return single_passes.sample_losses(
            self, speed, temperature, samples, seed, sampling, antithetic, first, threads
        )

    def finite_pass_dissipation(self, speed: ArrayLike, passes: int) -> Array:
        r"""Mean energy lost over the first N passes of a chain at rest, constant velocity: from Eq. 6 to Eq. 10.

        :math:`\int dx\, A(\omega(x)) \sin^2(\pi N\phi)/(N\sin^2\pi\phi)` over one zone, with
        :math:`\phi = \alpha\omega/v - x`: the waves of N passes interfere.

        Parameters
        ----------
        speed
            Speed in l_slow/t_slow, any shape; the sign does not matter. At 0 the limit, where there is one.
        passes
            Their number N, from 1 (the single pass) to 1e6.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            Energy in hbar Omega_slow, in the shape of ``speed``. The relative error is below 1e-12, or 1e-15 times the
            phase 2 pi N spacing omega_fast/speed where that is more.

        Raises
        ------
        ValueError
            A speed that is not finite, or 0 where there is no limit; passes that are no whole number in their range,
            or so many at this speed that the integral needs more than 4e6 points or that the error exceeds 0.01; a
            mixture that cancels.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> [float(round(system.finite_pass_dissipation(50.0, n), 7)) for n in (1, 10, 1000)]
        [0.0134159, 0.014827, 0.0148695]
        """
        return finite_passes.finite_pass_dissipation(self, speed, passes)

    def mean_dissipation(self, speed: ArrayLike, *, approximation: str = "constant-velocity") -> Array:
        r"""Mean energy lost per pass in the steady state, Eq. 10, every root of the resonance condition counted.

        :math:`\sum_j A(\omega_j)/|\alpha\,\omega'(x_j)/v - 1|` over the roots x_j of omega(x) = x v/spacing in the
        periodically continued band; A is what a phonon takes up in one pass. Roots that cannot contribute 1e-17 of
        the sum are left out.

        Parameters
        ----------
        speed
            Mean speed in l_slow/t_slow, any shape; the sign does not matter.
        approximation
            ``"constant-velocity"``: second order in the interaction, even in its sign; in a chain with damping an
            integral over all wave numbers (dissipation/damped.py), right to about 1e-12 or 4e-16 omega_top/damping: to
            1e-9 at the least damping allowed, 5e-7 omega_top.
            ``"static-lattice"``: the particle's motion through the rigid lattice in the force integral, the mean speed
            in the condition of resonance. ``"third-order"``: the next order in the interaction, which is odd in its
            sign. ``"travelling-wave"``: no approximation; the steady drift of ``travelling_wave``.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            Energy in hbar Omega_slow, in the shape of ``speed``. The relative error is about 1e-14, or 4e-16 times
            the exponent of the squared transform where that is more (2e-13 at a loss of 1e-200); near a resonance
            times speed/(2 distance), where the speed itself decides; beside a zero of the transform (mixtures of
            opposite signs, Morse, Lennard-Jones) 1e-15 times its size around over its size there. With
            ``"static-lattice"`` 1e-8, along an algebraic tail 1e-4. An interaction without a formula for its
            transform resolves nothing below its ``transform_error``; a square well loses the phase of its transform,
            1e-15 of 2 pi width omega/speed, relative to the transform's envelope, and is refused where that is 1e-3.

        Warns
        -----
        ValidityWarning
            A loss above the kinetic energy at that speed: the particle would stop.

        Raises
        ------
        ValueError
            A speed that is not finite, 0 where there is no limit, or so small that more than 1e5 roots matter;
            with ``"static-lattice"`` a speed that is no motion's mean, or at which the force integral needs more than
            some million values or is lost to rounding; with ``"third-order"`` an interaction that changes the pulse of
            force by more than a tenth, as beside a resonance; with ``"travelling-wave"`` as ``travelling_wave``.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> system.mean_dissipation([21.0, 30.0, 50.0, 90.0]).round(7).tolist()
        [0.0458406, 0.0150316, 0.0148695, 0.0073308]
        >>> system.mean_dissipation([21.0, 30.0, 50.0, 90.0], approximation="travelling-wave").round(7).tolist()
        [0.0465772, 0.0149371, 0.0150569, 0.0073473]
        >>> float(system.mean_dissipation(50.0, approximation="third-order").round(7))
        0.0150546
        """
        choice(
            "approximation", approximation, ["constant-velocity", "static-lattice", "third-order", "travelling-wave"]
        )
        if approximation == "travelling-wave":
            return travelling_wave.mean_dissipation(self, speed)
        if approximation == "third-order":
            refuse_other_chains(self.chain, f"approximation={approximation!r}")
            loss = third_order.mean_expansion(self, speed).total
        else:
            loss = steady_state.mean_dissipation(self, speed, approximation=approximation)
        warn_of_large_losses(self, speed, loss)
        return loss

    def validity(self, speed: ArrayLike) -> Validity:
        r"""How far the second-order theory, Eq. 10, can be trusted at a mean speed, and what limits it.

        Estimated from the variation of the speed along the rigid lattice, the response of the masses to the passing
        force, their recoil, the energy lost against the kinetic energy, and capture (dissipation/validity.py has the
        formula and its calibration against the exact steady drift).

        Parameters
        ----------
        speed
            Mean speed in l_slow/t_slow, any shape; the sign does not matter.

        Returns
        -------
        Validity
            ``value`` between 0 and 1, in the shape of ``speed``: the exact mean dissipation over that of Eq. 10 is
            expected between it and its inverse. ``reason`` in one line; ``speed_variation``, ``sensitivity``,
            ``response``, ``recoil``, ``energy_lost``, ``captured``.

        Raises
        ------
        ValueError
            A speed that is not finite, or so small that more than 1e5 roots matter.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> system.validity([10.0, 21.0, 50.0, 150.0]).value.round(3).tolist()
        [0.0, 0.865, 0.931, 0.995]
        """
        return validity.validity(self, speed)

    def travelling_wave(self, speed: float, *, tolerance: float = 1e-10) -> travelling_wave.TravellingWave:
        r"""The exact steady drift at a mean speed: masses recoil, the speed varies, nothing is approximated.

        Every mass has the same history one transit time after its neighbour,
        :math:`\rho_n(\tau) = n\alpha + R(\tau - n\alpha/v)`, and :math:`\sigma(\tau) = v\tau + s(\tau)` with a
        periodic s. Newton's method finds the pulse of force on one mass (dissipation/travelling_wave.py). It is for
        any chain. Without wells and damping a particle slower than sound drags the masses around it along: they creep
        at :math:`2\pi^2 \beta/(\alpha s_0)`, with the speed of sound s_0 in spacings, and the speed is that of both.

        Parameters
        ----------
        speed
            Mean speed in l_slow/t_slow; the sign does not matter. The bias of the system plays no part.
        tolerance
            Relative change of ``bias`` that is allowed from a grid to the next finer one; at least 1e-14.

        Returns
        -------
        TravellingWave
            ``bias``, what sustains this speed, the exact mean dissipation per pass in hbar Omega_slow; ``error``,
            ``residual`` and ``energy_balance``; the curves ``particle``, ``mass`` and ``force``; ``phonons``. The
            solution is the one that continues from weak coupling at this speed. Beside a resonance of a strong system
            that may be another than the one that continues along the speed; ``drag_curve`` has both. ``stable`` and
            ``growth_rates`` raise UnknownStability, an ArithmeticError, where a mode is so close to neutral that the
            growing ones cannot be counted or found.

        Raises
        ------
        ValueError
            A speed at which there is no such drift (below capture, on a resonance), a bias that does not converge to
            the tolerance, an interaction without a slope or with an algebraic tail; each says why.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> wave = system.travelling_wave(30.0)
        >>> round(wave.bias, 8), wave.error < 1e-14, wave.energy_balance < 1e-12
        (0.01493705, True, True)
        """
        return travelling_wave.travelling_wave(self, speed, tolerance=tolerance)

    def friction_force(self, speed: ArrayLike, *, approximation: str = "constant-velocity") -> Array:
        r"""Friction force on the steadily drifting particle: the mean dissipation over the lattice spacing.

        At constant velocity the one-phonon linear-response formula of nanofriction in one dimension,
        :math:`\int\frac{dk}{2\pi} k\,|\hat\Phi(k)|^2\, \mathrm{Im}S(k, kv)` with the response of the density
        :math:`S = k^2\chi/\alpha` (ledger: friction_linear_response).

        Parameters
        ----------
        speed, approximation
            As in ``mean_dissipation``.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            In hbar Omega_slow/l_slow, in the shape of ``speed``, against the motion; odd in the speed.

        Raises
        ------
        ValueError
            As ``mean_dissipation``.

        >>> from chaintheory import Gaussian
        >>> acoustic = Chain.from_springs(confinement=0.0, couplings=[24.75], spacing=40.0)
        >>> print(round(System(acoustic, Gaussian(1.0, 4.0)).friction_force(30.0), 9))
        0.000117885
        """
        loss = self.mean_dissipation(speed, approximation=approximation) / self.chain.spacing
        return np.asarray(loss * np.sign(real_array("speed", speed)))[()]

    def mobility(self, speed: ArrayLike, *, approximation: str = "constant-velocity") -> Array:
        """Mobility speed/friction_force of the steadily drifting particle; infinite where nothing is lost.

        In a chain with wells and damping its limit at low speed is that of an ohmic drag.

        Parameters
        ----------
        speed, approximation
            As in ``mean_dissipation``.

        Returns
        -------
        numpy.float64 or numpy.ndarray
            In l_slow^2/(t_slow hbar Omega_slow), in the shape of ``speed``.

        Raises
        ------
        ValueError
            As ``mean_dissipation``, and for a speed of 0.

        >>> from chaintheory import Gaussian
        >>> damped = System(Chain(10.0, 40.0, damping=0.5), Gaussian(0.02, 4.0))
        >>> (damped.mobility([0.01, 0.02]) / 1e9).round(5).tolist()
        [1.19801, 1.19801]
        """
        values = real_array("speed", speed)
        if np.any(values == 0.0):
            raise ValueError("speed must not be 0 for a mobility, got 0.0")
        values = np.maximum(np.abs(values), damped.ohmic_speed(self)) if self.chain.damping else values
        with np.errstate(divide="ignore"):
            return np.asarray(values / self.friction_force(values, approximation=approximation))[()]

    def mean_dissipation_terms(self, speed: float) -> steady_state.EmittedPhonons:
        """The phonons that the particle excites at one mean speed: each root of Eq. 10, however small its energy.

        Returns
        -------
        EmittedPhonons
            Arrays ``root``, ``frequency``, ``group_speed`` (l_slow/t_slow) and ``energy`` (hbar Omega_slow), one
            entry for each phonon, and ``forward``; the energies sum to the mean dissipation.

        Raises
        ------
        ValueError
            A speed that is not finite, is 0, or has too many roots.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> terms = system.mean_dissipation_terms(90.0)
        >>> len(terms.root), int(terms.forward.sum()), float(round(terms.energy.sum(), 7))
        (7, 3, 0.0073308)
        """
        return steady_state.mean_dissipation_terms(self, speed)

    def resonant_speeds(self, lowest: float, highest: float) -> ResonantSpeeds:
        """The speeds between two speeds at which the mean dissipation diverges on one side, both band edges, sorted.

        There the line x v/spacing touches the band: (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) = omega(x)^2.
        Speeds in l_slow/t_slow.

        Returns
        -------
        ResonantSpeeds
            A list with ``to_dataframe()`` and ``plot()``. Each has ``speed``, ``edge`` (``"lower"``, infinite from
            above, or ``"upper"``, infinite from below), ``n``, the ``singularity`` (coefficient of the inverse square
            root) and the ``finite_limit``. In a chain with damping each peak is finite: the singularity is 0, and the
            limit is the mean dissipation there.

        Raises
        ------
        ValueError
            A range that is not positive, is empty, or holds more than a million resonances, or too many roots.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(amplitude=2.0, width=4.0))
        >>> [(r.edge, r.n, round(r.speed, 3)) for r in system.resonant_speeds(39.0, 45.0)]
        [('lower', 1, 39.98), ('upper', 9, 42.129)]
        """
        return resonances.resonant_speeds(self, lowest, highest)

    def curves(self, lowest: float, highest: float, *, points: int = 300) -> Curves:
        """Losses between two speeds, single pass (Eq. 6) and steady state (Eq. 10), with every peak resolved.

        Between the first, equidistant speeds others are added until the parabola through three neighbours leaves no
        line between two by half a percent, on linear and logarithmic axes: a curve then leaves them by about as much
        (1.1 % at most in the middles of the intervals of six systems). Losses below 1e-12 of the largest are left out.

        Parameters
        ----------
        lowest, highest
            Range of speeds in l_slow/t_slow, positive.
        points
            Speeds to begin with.

        Returns
        -------
        Curves
            ``speed``, ``single_pass``, ``mean``, ``resonances``; ``plot()``, ``to_dataframe()``, ``to_xarray()``,
            ``in_units()``, ``to_csv()``.

        Raises
        ------
        ValueError
            A range that is not positive, is empty, or holds too many resonances.

        >>> from chaintheory import Gaussian
        >>> curves = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(2.0, 4.0)).curves(39.0, 42.0)
        >>> len(curves.resonances), bool(curves.mean.max() > 100.0)
        (1, True)
        """
        return curves.curves(self, lowest, highest, points=points)

    @overload
    def drift_velocities(
        self,
        lowest: float,
        highest: float,
        *,
        approximation: Literal["constant-velocity", "static-lattice"] = "constant-velocity",
        certified: bool | None = None,
    ) -> DriftVelocities: ...

    @overload
    def drift_velocities(
        self, lowest: float, highest: float, *, approximation: Literal["travelling-wave"], certified: bool | None = None
    ) -> drag_curve.SteadyDrifts: ...

    def drift_velocities(
        self, lowest: float, highest: float, *, approximation: str = "constant-velocity", certified: bool | None = None
    ) -> DriftVelocities | drag_curve.SteadyDrifts:
        """All mean speeds between two speeds at which the mean dissipation equals the bias, sorted and typed.

        The search for roots of Eq. 10 is complete: everywhere else interval arithmetic excludes the bias, or proves the
        loss monotone.
        For a formula or a table it rests on the error that its numerical transform states. A negative bias drives the
        particle the other way; speeds are magnitudes. Without a bias there are none.

        Parameters
        ----------
        lowest, highest
            Range of speeds in l_slow/t_slow, positive.
        approximation
            ``"constant-velocity"`` (Eq. 10); ``"static-lattice"``, the mean dissipation of that approximation, which
            takes about a second for each resonance; or ``"travelling-wave"``: where the branches of ``drag_curve`` have
            this bias (it says which it follows), typed by their stability against all small perturbations. That takes a
            minute.
        certified
            Enclose each root of Eq. 10 in ball arithmetic, as is done by default; False is several times faster, and as
            complete. Other chains than ``Chain(omega_fast, spacing)``, and the static-lattice approximation, have their
            roots found by Chebyshev series that have converged between resonances, and none enclosed. With damping
            there are no jumps: a locked drift is a stable root, up to the largest mean dissipation of its peak. At a
            damping of 1e-6 of the largest frequency that takes some seconds for each resonance.

        Returns
        -------
        DriftVelocities, or a list of SteadyDrift with ``"travelling-wave"``
            A ``SteadyDrift`` has ``speed``, ``error``, ``kind``, ``resonance``, ``slope``, ``growth_rates`` and
            ``relaxation_time``; its kind is ``"unknown"`` where a mode is too close to neutral.
            ``DriftVelocities`` is a list of ``DriftVelocity``, each with ``speed``, ``kind``
            (``"locked"``: a jump at the lower band edge; ``"stable"`` or ``"unstable"``: roots of Eq. 10 by their
            ``growth_factor``, and jumps at the upper edge; without wells also a jump at the speed of sound, locked
            where the loss rises there), ``resonance``, ``enclosure``, ``certified`` (that Eq. 10
            has this root or jump, not that the motion does), ``slope``, ``growth_factor``, ``margin``, ``slowest``,
            ``fastest`` and ``relaxation_time``. Solutions may lie closer to a resonance than doubles can tell; such a
            pair may share one ``speed``, and a ``separation`` that says how far apart they are. The list has
            ``to_dataframe()``, and ``unresolved``: intervals in which the number of solutions is undecided, as where
            the dissipation touches the bias within rounding.

        Warns
        -----
        UnresolvedWarning
            When ``unresolved`` is not empty.

        Raises
        ------
        ValueError
            A range that is not positive, is empty, or holds more than 1e4 resonances (2e3 to be certified) or too many
            roots of the resonance condition; a bias below 1e-120 other than 0.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
        >>> [(drift.kind, round(drift.speed, 3)) for drift in system.drift_velocities(19.7, 70.0)]
        [('locked', 19.997), ('unstable', 66.069)]
        """
        choice("approximation", approximation, ["constant-velocity", "static-lattice", "travelling-wave"])
        if approximation == "travelling-wave":
            with one_thread:
                return drag_curve.drift_velocities(self, lowest, highest)
        return velocities.drift_velocities(self, lowest, highest, certified=certified, approximation=approximation)

    def drag_curve(self, lowest: float, highest: float, *, loops: bool = False) -> drag_curve.DragCurve:
        r"""The exact bias against the mean speed between two speeds: branches through resonances and folds.

        The branch of weak coupling between neighbouring resonances, and what it continues to through each of them. At a
        resonance the bias is finite; the peak beside it is as narrow as 1e-6 of the speed (drift/continuation.py says
        why). Resonances whose peak is narrower than 1e-12 of the speed are left out.

        Beside a resonance some solutions lie on branches of their own, which are closed loops where they were followed.
        In a strong system ``travelling_wave`` may be on one. So its solutions at five distances on both sides of each
        resonance, from 0.9 to 0.01 of the neighbourhood, begin further branches where no branch passes through them.
        Larger and larger resonant waves have solutions without end; ``loops`` looks for those with a moderate wave.

        Parameters
        ----------
        lowest, highest
            Range of speeds in l_slow/t_slow, positive. The bias of the system plays no part.
        loops
            Look for further solutions at each resonance itself, in which the masses swing by up to 2.5 widths in the
            resonant wave (and those that these lead to). They are looked for from waves of 8 phases and 10
            amplitudes; one that none of these leads to is missed. It takes about three times as long.

        Returns
        -------
        DragCurve
            ``data``, an xarray.Dataset with one row a solution (``curve["bias"]`` is a column of it);
            ``at_speed(speed)``, the biases of its branches there; ``solutions(bias)``, the steady drifts with a bias
            and their stability; ``branches``; ``to_dataframe()``; ``plot()``. It takes some ten seconds for each
            resonance.

        Warns
        -----
        RuntimeWarning
            Where the branch through a resonance was not found: with the speeds between which solutions are missing.

        Raises
        ------
        ValueError
            A range that is not positive, is empty, or holds more than a million resonances.

        >>> from chaintheory import Gaussian
        >>> curve = System(Chain(omega_fast=10.0, spacing=40.0), Gaussian(2.0, 4.0)).drag_curve(30.0, 31.0)
        >>> [round(bias, 7) for bias in curve.at_speed(30.5)]
        [0.0145424]
        """
        with one_thread:
            return drag_curve.drag_curve(self, lowest, highest, loops=truth("loops", loops))

    def explore(self) -> Any:
        """The explorer in a notebook: sliders, curves and a live run, from this system on, computed in the browser.

        Speeds in l_slow/t_slow, energies in hbar Omega_slow, as everywhere.

        Returns
        -------
        IPython.display.HTML
            The page in a frame; nothing is fetched. ``chaintheory explore`` writes the same page to a file.

        Raises
        ------
        ValueError
            An interaction other than a Gaussian, or a chain other than the paper's.
        ImportError
            Where there is no IPython, which every notebook has.

        >>> from chaintheory import Gaussian
        >>> page = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01).explore()
        >>> page.data[:41]
        '<div><iframe title="chaintheory explorer"'
        """
        from IPython.display import HTML

        return HTML(explorer.in_frame(explorer.explorer_page(self)))  # type: ignore[no-untyped-call]

    def simulate(
        self,
        position: float,
        speed: float,
        duration: float,
        *,
        method: str = "light-cone",
        order: int | None = None,
        steps_per_fast_period: float | None = None,
        time_step: float | None = None,
        kernel_cutoff: float | None = None,
        events: Event | Iterable[Event] = (),
        chain: ChainSegment | None = None,
        chain_window: tuple[int, int] | None = None,
        chain_every: float = 0.25,
        every: int = 1,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_interval: float = 60.0,
        progress: bool | Callable[[int], None] = False,
        max_bytes: float | None = None,
        temperature: float | None = None,
        sampling: str = "quantum",
        seed: int = 0,
    ) -> Trajectory:
        """Integrate the memory-kernel equations of motion, Eqs. 2-5, of the particle in the infinite chain.

        An interaction acts as far as it reaches; only a tail that falls like a power is cut, at 32 spacings, and the
        result's ``dropped_force`` says how much of the force that leaves out.

        Parameters
        ----------
        position, speed
            Where and how fast the particle starts, in l_slow and l_slow/t_slow; a negative speed moves it to the left.
        duration
            Time to run, in units of t_slow; rounded to whole steps.
        method
            ``"light-cone"``, or ``"direct"`` (order 2 only; the reference, O(T^2)).
        order
            Order of the splitting: 2 (Stoermer-Verlet), 4 or 6. Left out: 6, and 2 where the interaction is not smooth.
        steps_per_fast_period, time_step
            Steps in a time 1/omega_fast, or the time step in t_slow. ``order=2, steps_per_fast_period=60`` is the map
            of the published code. Left out, the step is chosen from amplitude, width and speed, so that the position
            error at tau = 800 is below 1e-6 at the paper's parameters; where the particle becomes faster than the step
            was chosen for, the run is made again with half the step.
        kernel_cutoff
            Direct method only: forget kicks older than this time (t_slow), as the published code can.
        events
            What ends the run early: ``LeftWindow``, ``Trapped``, ``Steady``, or several of them. One that already
            holds at the start, or at a resume, ends the run there.
        chain
            State of the chain at the start: the ``chain_state`` of a run. Left out, it is at rest.
        chain_window, chain_every
            Store the displacements of the masses from the first to the last of ``chain_window`` at times
            ``chain_every`` (t_slow) apart, in ``run.displacements`` (slower: the whole chain is brought to one
            time that often).
        every
            Keep every so many rows (and the last); the passes are those of all of them.
        checkpoint, checkpoint_interval
            File to which the state is written at least this many seconds apart, and when the run is
            interrupted or done. If the file exists the run goes on from it, to the last bit as if it
            had never stopped (with another duration than before, to rounding). At a temperature it goes on only with
            the duration that it began with, which sets the ring of the thermal field: ask for the longest at once.
        progress
            True for a progress bar, or a callable that is given the steps done.
        max_bytes
            Bytes that the run may need; by default what the machine has free.
        temperature
            k_B T of the chain in hbar Omega_slow: its modes start with random phases and Gaussian amplitudes. Left out,
            the chain starts at rest. ``chain``, given besides, is superposed. ``chain_energy`` is then the energy that
            the chain has gained, and ``chain_state`` all masses of a ring so long that the run feels no echo. T = 0 is
            the zero-point field with quantum sampling, and the chain at rest with classical sampling.
        sampling, seed
            ``"quantum"`` or ``"classical"`` energies of the modes, as in ``loss_variance``; a whole number from 0 to
            2^64 - 1 from which the field is drawn.

        Returns
        -------
        Trajectory
            ``time``, ``position``, ``velocity``, one row per step; ``passes``, one row per lattice spacing; ``status``,
            what ended the run.

        Raises
        ------
        ValueError
            For parameters out of range, a step too long for the motion, a checkpoint that cannot be written, is
            damaged or is of another run, or a run that needs more memory than allowed.
        TypeError
            For events, a chain or a path of another type.
        EnergyBalanceError
            If the energies of the run cease to add up.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
        >>> run = system.simulate(position=220.0, speed=50.0, duration=10.0)
        >>> round(float(run.position[-1]), 4)
        715.759
        """
        done = simulation.simulate(
            self, position, speed, duration, method=method, order=order, steps_per_fast_period=steps_per_fast_period,
            time_step=time_step, kernel_cutoff=kernel_cutoff, events=events, chain=chain, chain_window=chain_window,
            chain_every=chain_every, every=every, checkpoint=checkpoint, checkpoint_interval=checkpoint_interval,
            progress=progress, max_bytes=max_bytes, temperature=temperature, sampling=sampling, seed=seed,
        )  # fmt: skip
        return Trajectory._of(done)

    def simulate_many(
        self,
        position: ArrayLike,
        speed: ArrayLike,
        duration: float,
        *,
        progress: bool | Callable[[int], None] = False,
        max_bytes: float | None = None,
        seed: int | Sequence[int] = 0,
        **options: Any,
    ) -> Ensemble[Trajectory]:
        """Integrate many motions side by side on all cores, each the same to the last bit as ``simulate`` gives alone.

        An interrupt, or an error in one of them, ends all within a block of steps.

        Parameters
        ----------
        position, speed
            Starts, in l_slow and l_slow/t_slow: sequences of one length, or one number for all.
        duration
            Time to run, in units of t_slow.
        progress, max_bytes
            As in ``simulate``, for all runs together.
        seed
            Of the thermal fields, with ``temperature``: a whole number s, run k then has s + k; or one for each run.
        **options
            As in ``simulate``, the same for all runs; no ``checkpoint``.

        Returns
        -------
        Ensemble
            The trajectories in the order of the starts: a list with ``to_xarray()``, all on one grid of times,
            ``to_dataframe()``, ``plot()``, and ``mean_loss()`` with an error bar by blocks.

        Raises
        ------
        ValueError, TypeError, EnergyBalanceError
            As in ``simulate``, and for sequences of different lengths.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
        >>> [round(float(run.position[-1]), 2) for run in system.simulate_many(220.0, [20.0, 50.0], duration=10.0)]
        [407.05, 715.76]
        """
        runs = ensemble.simulate_many(
            self, position, speed, duration, progress=progress, max_bytes=max_bytes, seed=seed, **options
        )
        return Ensemble(Trajectory._of(run) for run in runs)


class Trajectory(record.Trajectory):
    """A simulated run: its rows, passes and energy balance, and the files that hold it.

    >>> from chaintheory import Gaussian
    >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01).simulate(220.0, 50.0, duration=10.0)
    >>> run.time.shape, run.passes.size, round(float(run.chain_energy[-1]), 6)
    ((501,), 12, 0.188014)
    """

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trajectory:
        """Read a run that ``save`` wrote.

        Raises
        ------
        ValueError
            Anything else, by name: a file that is not there, is damaged or is of another kind.

        >>> Trajectory.load("/nowhere/run.nc")
        Traceback (most recent call last):
        ...
        ValueError: path must be a file that exists, got '/nowhere/run.nc'
        """
        return cls._of(record.read(path))

    @classmethod
    def from_arrays(
        cls,
        system: System,
        time: ArrayLike,
        position: ArrayLike,
        velocity: ArrayLike | None = None,
        chain_energy: ArrayLike | None = None,
    ) -> Trajectory:
        """A trajectory from elsewhere, molecular dynamics say, in the same form: passes, files, plots.

        Parameters
        ----------
        system
            The system that it is of.
        time, position
            One-dimensional, of one length of at least 2; t_slow (increasing) and l_slow. Quantities of pint, arrays of
            xarray with an attribute ``units`` and columns of pandas named ``time (ps)``, say, are converted.
        velocity
            In l_slow/t_slow; left out, the derivative of a spline (order 5) through the positions.
        chain_energy
            Energy of the chain, with the heat that its damping has dissipated, in hbar Omega_slow; left out, unknown
            (NaN).

        Returns
        -------
        Trajectory
            Its ``status`` is ``"given"``; the acceleration is the derivative of a spline through the velocity.

        Raises
        ------
        TypeError
            Something else in the place of the system.
        ValueError
            Columns of different lengths, numbers that are not finite, times that do not increase.

        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
        >>> run = system.simulate(20.0, 50.0, duration=2.0)
        >>> mine = Trajectory.from_arrays(system, run.time, run.position)
        >>> bool(abs(mine.passes["energy_lost"] - run.passes["energy_lost"]).max() < 1e-5)
        True
        """
        return cls._of(record.from_arrays(system, time, position, velocity, chain_energy))

    @classmethod
    def from_csv(
        cls,
        system: System,
        path: str | os.PathLike[str],
        time: str | int | None = None,
        position: str | int | None = None,
        velocity: str | int | None = None,
        **options: Any,
    ) -> Trajectory:
        """A trajectory from a file of another program: a table, NetCDF, dump or thermo output of LAMMPS.

        Parameters
        ----------
        system
            The system that it is of.
        path
            The file; what it is, its first lines say.
        time, position, velocity
            Columns by name or number, in t_slow, l_slow and l_slow/t_slow; left out, ``time`` and ``position``, or the
            first two of a table without names. A header such as ``t [ps]`` is read with the system's units.
        **options
            ``time_unit`` and ``position_unit``, the units of the columns in t_slow and l_slow, which must not
            contradict those of the header; ``atom`` and
            ``time_step`` for LAMMPS (see ``chaintheory.simulation.readers.read_columns``).

        Returns
        -------
        Trajectory
            As ``from_arrays`` gives it.

        Raises
        ------
        TypeError, ValueError
            As ``from_arrays``; a file that cannot be read, columns that it does not have, a cell that is no number
            (with file and line).

        >>> import tempfile
        >>> from chaintheory import Gaussian
        >>> system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     system.simulate(20.0, 50.0, duration=2.0).to_csv(f"{folder}/run.csv")
        ...     run = Trajectory.from_csv(system, f"{folder}/run.csv", time="time", position="position")
        >>> run.passes.size
        2
        """
        options = {"units": getattr(system, "units", None), "with_position": True} | options
        rows = read_columns(path, time, position, velocity, **options)
        assert rows.position is not None
        run = cls.from_arrays(system, rows.time, rows.position, rows.velocity)
        return replace(run, read_from=(Path(path).absolute(),))

    @classmethod
    def _of(cls, run: record.Trajectory) -> Trajectory:
        """The run, with a system that has the methods of ``System``."""
        values = {one.name: getattr(run, one.name) for one in fields(run)}
        return cls(**{**values, "system": System._of(run.system)})
