"""The equations of motion (Eqs. 2 and 4), their units, and where the energy goes.

In the paper's units, length ``sqrt(hbar/(m Omega_slow))``, time ``2 pi/Omega_slow``, energy ``hbar
Omega_slow``:

    rho_n''  = (2 pi)^2 [ -(D rho)_n - dPhi/drho_n ]
    sigma''  = (2 pi)^2/mu [ -sum_n dPhi/dsigma + beta/alpha ]

and the force F(tau) leaves the energy ``|2 pi int F exp(2 pi i omega t) dt|^2/2`` in a phonon mode.

>>> kinetic_energy(2 * sp.pi)
mu/2
"""

from __future__ import annotations

import sympy as sp

from .checks import Integrands, Reduce
from .lattice import band, coupling, dynamical_operator, kernel_of_chain
from .ledger import Step, claim, equal, states
from .notation import (
    bias,
    chain_mass,
    confinement,
    energy,
    hbar,
    mass,
    omega,
    omega_fast,
    particle_mass,
    position,
    site,
    spacing,
    speed,
    t,
    time,
)
from .notation import coupling as neighbour_stiffness

__all__ = ["kinetic_energy"]

zeta = sp.Function("zeta")
force = sp.Function("F")
rho = sp.Function("rho")  # displacement from the lattice site, of the mass l at the time tau
Phi = sp.Function("Phi")

slow = sp.sqrt(confinement / chain_mass)  # Omega_slow
length = sp.sqrt(hbar / (chain_mass * slow))
unit_time = 2 * sp.pi / slow
unit_energy = hbar * slow


def kinetic_energy(v: sp.Expr) -> sp.Expr:
    """Return mu v^2/(2 (2 pi)^2), the particle's kinetic energy in the paper's units (hbar Omega_slow, Eq. 2).

    >>> kinetic_energy(2 * sp.pi)
    mu/2
    """
    return mass * v**2 / (2 * (2 * sp.pi) ** 2)


@states(
    "units_band",
    "below Eq. 1",
    "The springs between neighbours are (omega_fast^2 - 1)/4 on-site springs, with omega_fast = Omega_fast/Omega_slow.",
    equal(omega_fast**2, 1 + 4 * neighbour_stiffness / confinement),
    parents=[band],
)
def units_band(formula: sp.Basic) -> list[Step]:
    """Neighbours in opposite phase stretch each spring by twice the displacement, on both sides: kappa + 4 k."""
    fast_squared = (confinement + 4 * neighbour_stiffness) / chain_mass
    return [
        claim(fast_squared / slow**2, formula.rhs).by(
            "the highest frequency over the lowest, squared", Reduce("expand")
        ),
        claim(coupling.subs(omega_fast**2, formula.rhs), neighbour_stiffness / confinement).by(
            "springs in units of the on-site spring", Reduce("expand")
        ),
    ]


def chain_acceleration(displacement: sp.Function, slope: sp.Expr) -> sp.Expr:
    """Return rho_l'' from the displacements of all masses and dPhi/drho_l, in the paper's units."""
    return (2 * sp.pi) ** 2 * (-dynamical_operator(lambda number: displacement(number, time)) - slope)


chain_slope = Phi(rho(site, time)).diff(rho(site, time))  # dPhi/drho_l


@states(
    "units_chain",
    "Eq. 2",
    "In the paper's units the chain mass l obeys rho_l'' = (2 pi)^2 (-(D rho)_l - dPhi/drho_l): omega_fast is the only "
    "constant that is left.",
    equal(rho(site, time).diff(time, 2), chain_acceleration(rho, chain_slope)),
    parents=[units_band],
)
def units_chain(formula: sp.Basic) -> list[Step]:
    """Insert the units into m u_l'' = -kappa u_l - k (2 u_l - u_(l+1) - u_(l-1)) - dU/du_l.

    They are u = length * rho, t = (2 pi/Omega) tau and U = hbar Omega Phi.
    """
    acceleration = (formula.rhs * length / unit_time**2).subs(omega_fast**2, units_band.formula.rhs)
    here, right, left = (length * rho(number, time) for number in (site, site + 1, site - 1))
    newton = -confinement * here - neighbour_stiffness * (2 * here - right - left) - unit_energy / length * chain_slope
    return [claim(newton, chain_mass * acceleration).by("Newton's law in physical units", Reduce("expand", "powers"))]


@states(
    "eq04_particle",
    "Eq. 4",
    "In the paper's units the particle obeys sigma'' = (2 pi)^2/mu (-dPhi/dsigma + beta/alpha), mu = M/m.",
    equal(
        sp.Function("sigma")(time).diff(time, 2),
        (2 * sp.pi) ** 2 / mass * (-Phi(position).diff(position) + bias / spacing),
    ),
    kind="printed",
)
def units_particle(formula: sp.Basic) -> list[Step]:
    """Insert the units into M x'' = -dU/dx + B/a, B = hbar Omega beta, a = length * alpha."""
    acceleration = (formula.rhs * length / unit_time**2).subs(mass, particle_mass / chain_mass)
    newton = -unit_energy / length * Phi(position).diff(position) + unit_energy * bias / (length * spacing)
    return [
        claim(newton, particle_mass * acceleration).by("Newton's law in physical units", Reduce("expand")),
        claim(
            particle_mass * (length * speed / unit_time) ** 2 / 2 / unit_energy,
            kinetic_energy(speed).subs(mass, particle_mass / chain_mass),
        ).by("kinetic energy in the same units", Reduce("expand")),
    ]


@states(
    "eq02_duhamel",
    "Eq. 2",
    "The amplitude of a phonon mode driven from rest by the force F is the force, convolved with the mode's memory "
    "kernel sin(2 pi omega tau)/omega.",
    equal(zeta(time), 2 * sp.pi * sp.Integral(sp.sin(2 * sp.pi * omega * (time - t)) / omega * force(t), (t, 0, time))),
    parents=[kernel_of_chain],
)
def duhamel(formula: sp.Basic) -> list[Step]:
    """Differentiate twice (Leibniz): the equation of motion zeta'' = (2 pi)^2 (F - omega^2 zeta) comes back."""
    solution = formula.rhs
    slope = solution.diff(time)
    return [
        claim(solution.subs(time, 0).doit(), 0).by("no initial displacement", Reduce()),
        claim(slope.subs(time, 0).doit(), 0).by("no initial velocity", Reduce()),
        claim(slope.diff(time) - (2 * sp.pi) ** 2 * force(time), -((2 * sp.pi * omega) ** 2) * solution).by(
            "the equation of motion", Integrands("trigonometry", "expand")
        ),
        claim(solution.subs(force(t), 1), (1 - sp.cos(2 * sp.pi * omega * time)) / omega**2).by(
            "a constant force, solved independently: oscillation about the new equilibrium 1/omega^2",
            Reduce("evaluate", "expand"),
        ),
    ]


@states(
    "mode_energy",
    "above Eq. 6",
    "A phonon mode driven from rest has the energy |2 pi int F exp(2 pi i omega t) dt|^2/2 at the end.",
    equal(
        energy,
        (2 * sp.pi) ** 2 * sp.Integral(force(t) * sp.cos(2 * sp.pi * omega * t), (t, 0, time)) ** 2 / 2
        + (2 * sp.pi) ** 2 * sp.Integral(force(t) * sp.sin(2 * sp.pi * omega * t), (t, 0, time)) ** 2 / 2,
    ),
    parents=[duhamel],
)
def mode_energy(formula: sp.Basic) -> list[Step]:
    """Energy and claim both start at zero and grow at the rate force times velocity."""
    velocity = duhamel.formula.rhs.diff(time)
    cosine, sine = (sp.Integral(force(t) * f(2 * sp.pi * omega * t), (t, 0, time)) for f in (sp.cos, sp.sin))
    addition = (2 * sp.pi) ** 2 * (sp.cos(2 * sp.pi * omega * time) * cosine + sp.sin(2 * sp.pi * omega * time) * sine)
    accelerated = (2 * sp.pi) ** 2 * (force(time) - omega**2 * zeta(time))
    stored = zeta(time).diff(time) ** 2 / (2 * (2 * sp.pi) ** 2) + omega**2 * zeta(time) ** 2 / 2
    return [
        claim(formula.rhs.subs(time, 0).doit(), 0).by("no energy at the start", Reduce()),
        claim(stored.diff(time).subs(zeta(time).diff(time, 2), accelerated), force(time) * zeta(time).diff(time)).by(
            "the energy of the mode grows by force times velocity", Reduce("evaluate", "expand")
        ),
        claim(_single(velocity), _single(addition)).by(
            "the velocity, by the addition theorem", Integrands("trigonometry", "expand")
        ),
        claim(formula.rhs.diff(time), force(time) * addition).by(
            "the claim grows by the same", Reduce("evaluate", "expand")
        ),
    ]


def _single(expression: sp.Expr) -> sp.Expr:
    """Bring factors without t under the integral sign."""
    return sp.expand(expression)


sigma = sp.Function("sigma")(time)


@states(
    "energy_conserved",
    "below Eq. 4",
    "The energy of chain, particle and interaction changes by the work of the bias alone, beta per lattice spacing: in "
    "the infinite chain, as long as no energy has reached its ends.",
    equal(sp.Derivative(sp.Function("E")(time), time), bias / spacing * sigma.diff(time)),
    parents=[units_chain, units_particle],
)
def energy_conserved(formula: sp.Basic) -> list[Step]:
    """A local balance: the energy of a mass and its right bond changes by two energy currents and the particle's work.

    For symbolic l. The currents telescope; the interaction's work enters with both signs and cancels mass by mass.
    """
    mass_at = lambda number: rho(number, time)  # noqa: E731
    velocity = lambda number: mass_at(number).diff(time)  # noqa: E731
    # dPhi/drho_l = -Phi'(sigma - rho_l): on a mass and on the particle the same force, with opposite signs.
    attraction = sp.Function("f")  # Phi'(sigma - rho_l) as a function of l
    move = lambda number: (  # noqa: E731
        mass_at(number).diff(time, 2),
        chain_acceleration(rho, -attraction(site)).subs(site, number),
    )
    here, right = mass_at(site), mass_at(site + 1)
    local = velocity(site) ** 2 / (2 * (2 * sp.pi) ** 2) + here**2 / 2 + coupling * (right - here) ** 2 / 2
    current = lambda number: -coupling * (mass_at(number) - mass_at(number - 1)) * velocity(number)  # noqa: E731
    last = sp.Symbol("M", integer=True, positive=True)
    carried = sp.Function("J")  # any current
    force_of_all = sp.Sum(attraction(site), (site, -last, last))
    particle_acceleration = (2 * sp.pi) ** 2 / mass * (bias / spacing - force_of_all)
    particle_gain = kinetic_energy(sigma.diff(time)).diff(time).subs(sigma.diff(time, 2), particle_acceleration)
    per_mass = velocity(site) * attraction(site) + (sigma.diff(time) - velocity(site)) * attraction(site)
    up_to = lambda end: carried(-last) - carried(end + 1)  # noqa: E731
    return [
        claim(
            local.diff(time).subs(*move(site)), current(site) - current(site + 1) + velocity(site) * attraction(site)
        ).by(
            "energy of the mass l and its right bond: current in, current out, work of the particle", Reduce("expand")
        ),
        claim(up_to(-last), carried(-last) - carried(-last + 1)).by(
            "the sum of the currents over the masses -M ... M: one mass", Reduce()
        ),
        claim(up_to(site + 1) - up_to(site), carried(site + 1) - carried(site + 2)).by(
            "and one mass more: only the currents at the two ends remain, zero in a chain at rest there", Reduce()
        ),
        claim(per_mass, sigma.diff(time) * attraction(site)).by(
            "work on the mass l and change of its interaction energy: what the particle pays", Reduce("expand")
        ),
        claim(particle_gain + sigma.diff(time) * force_of_all, formula.rhs).by(
            "with the particle's kinetic energy only the work of the bias remains", Reduce("expand")
        ),
    ]
