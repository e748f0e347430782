"""The equations of motion (Eqs. 2 and 4), their units, and where the energy goes.

In the paper's units, length ``sqrt(hbar/(m Omega_slow))``, time ``2 pi/Omega_slow``, energy ``hbar
Omega_slow``:

    rho_n''  = (2 pi)^2 [ -(D rho)_n - dPhi/drho_n ]
    sigma''  = (2 pi)^2/mu [ -sum_n dPhi/dsigma + beta/alpha ]

and a phonon that feels the force F(tau) keeps the energy ``|2 pi int F exp(2 pi i omega t)
dt|^2/2``.

>>> kinetic_energy(2 * sp.pi)
mu/2
"""

from __future__ import annotations

import sympy as sp

from .checks import Integrands, Reduce
from .lattice import band, coupling, kernel_of_chain
from .ledger import Step, states
from .notation import (
    bias,
    chain_mass,
    confinement,
    energy,
    hbar,
    lag,
    mass,
    omega,
    omega_fast,
    particle_mass,
    position,
    spacing,
    speed,
    t,
    time,
)
from .notation import coupling as neighbour_stiffness

__all__ = ["STATEMENTS", "kinetic_energy"]

zeta = sp.Function("zeta")
force = sp.Function("F")
rho = sp.Function("rho")
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
    sp.Eq(omega_fast**2, 1 + 4 * neighbour_stiffness / confinement, evaluate=False),
    parents=[band],
)
def units_band(formula: sp.Basic) -> list[Step]:
    """Neighbours in opposite phase stretch each spring twice as far on both sides: kappa + 4 k."""
    fast_squared = (confinement + 4 * neighbour_stiffness) / chain_mass
    return [
        Step(
            fast_squared / slow**2,
            formula.rhs,
            "the highest frequency over the lowest, squared",
            Reduce("expand"),
        ),
        Step(
            coupling.subs(omega_fast**2, formula.rhs),
            neighbour_stiffness / confinement,
            "springs in units of the on-site spring",
            Reduce("expand"),
        ),
    ]


@states(
    "units_chain",
    "Eq. 2",
    "In the paper's units a chain mass obeys rho'' = (2 pi)^2 (-(D rho) - dPhi/drho): every constant becomes one.",
    sp.Eq(
        rho(time).diff(time, 2),
        (2 * sp.pi) ** 2
        * (-rho(time) - neighbour_stiffness / confinement * lag * rho(time) - Phi(rho(time)).diff(rho(time))),
        evaluate=False,
    ),
    parents=[units_band],
)
def units_chain(formula: sp.Basic) -> list[Step]:
    """Insert the units into m u'' = -kappa u - n k u - dU/du.

    They are u = length * rho, t = (2 pi/Omega) tau and U = hbar Omega Phi.
    """
    slope = formula.rhs.atoms(sp.Derivative).pop()
    acceleration = formula.rhs * length / unit_time**2
    newton = (
        -confinement * length * rho(time)
        - lag * neighbour_stiffness * length * rho(time)  # any multiple n stands for the springs to the neighbours
        - unit_energy / length * slope
    )
    return [Step(newton, chain_mass * acceleration, "Newton's law in physical units", Reduce("expand"))]


@states(
    "eq04_particle",
    "Eq. 4",
    "In the paper's units the particle obeys sigma'' = (2 pi)^2/mu (-dPhi/dsigma + beta/alpha), mu = M/m.",
    sp.Eq(
        sp.Function("sigma")(time).diff(time, 2),
        (2 * sp.pi) ** 2 / mass * (-Phi(position).diff(position) + bias / spacing),
        evaluate=False,
    ),
)
def units_particle(formula: sp.Basic) -> list[Step]:
    """Insert the units into M x'' = -dU/dx + B/a, B = hbar Omega beta, a = length * alpha."""
    acceleration = (formula.rhs * length / unit_time**2).subs(mass, particle_mass / chain_mass)
    newton = -unit_energy / length * Phi(position).diff(position) + unit_energy * bias / (length * spacing)
    return [
        Step(newton, particle_mass * acceleration, "Newton's law in physical units", Reduce("expand")),
        Step(
            particle_mass * (length * speed / unit_time) ** 2 / 2 / unit_energy,
            kinetic_energy(speed).subs(mass, particle_mass / chain_mass),
            "kinetic energy in the same units",
            Reduce("expand"),
        ),
    ]


@states(
    "eq02_duhamel",
    "Eq. 2",
    "A phonon driven from rest by the force F is the force, convolved with its own free oscillation.",
    sp.Eq(
        zeta(time),
        2 * sp.pi * sp.Integral(sp.sin(2 * sp.pi * omega * (time - t)) / omega * force(t), (t, 0, time)),
        evaluate=False,
    ),
    parents=[kernel_of_chain],
)
def duhamel(formula: sp.Basic) -> list[Step]:
    """Differentiate twice (Leibniz).

    Back to the equation of motion zeta'' = (2 pi)^2 (F - omega^2 zeta).
    """
    solution = formula.rhs
    slope = solution.diff(time)
    (integral,) = solution.atoms(sp.Integral)
    return [
        Step(solution.subs(time, 0).doit(), sp.Integer(0), "at rest", Reduce()),
        Step(slope.subs(time, 0).doit(), sp.Integer(0), "without speed", Reduce()),
        Step(
            slope.diff(time) - (2 * sp.pi) ** 2 * force(time),
            -((2 * sp.pi * omega) ** 2)
            * 2
            * sp.pi
            * sp.Integral(sp.sin(2 * sp.pi * omega * (time - t)) / omega * force(t), (t, 0, time)),
            "twice differentiated",
            Integrands("trigonometry", "expand"),
        ),
        Step(
            solution,
            2 * sp.pi * sp.Integral(integral.function, integral.limits[0]),
            "the same integral",
            Integrands("expand"),
        ),
    ]


@states(
    "mode_energy",
    "above Eq. 6",
    "A phonon driven from rest ends with the energy |2 pi int F exp(2 pi i omega t) dt|^2/2.",
    sp.Eq(
        energy,
        (2 * sp.pi) ** 2 * sp.Integral(force(t) * sp.cos(2 * sp.pi * omega * t), (t, 0, time)) ** 2 / 2
        + (2 * sp.pi) ** 2 * sp.Integral(force(t) * sp.sin(2 * sp.pi * omega * t), (t, 0, time)) ** 2 / 2,
        evaluate=False,
    ),
    parents=[duhamel],
)
def mode_energy(formula: sp.Basic) -> list[Step]:
    """Energy and claim both start at zero and grow at the rate force times speed."""
    speed_of_mode = duhamel.formula.rhs.diff(time)
    cosine, sine = (sp.Integral(force(t) * f(2 * sp.pi * omega * t), (t, 0, time)) for f in (sp.cos, sp.sin))
    addition = (2 * sp.pi) ** 2 * (sp.cos(2 * sp.pi * omega * time) * cosine + sp.sin(2 * sp.pi * omega * time) * sine)
    accelerated = (2 * sp.pi) ** 2 * (force(time) - omega**2 * zeta(time))
    stored = zeta(time).diff(time) ** 2 / (2 * (2 * sp.pi) ** 2) + omega**2 * zeta(time) ** 2 / 2
    return [
        Step(formula.rhs.subs(time, 0).doit(), sp.Integer(0), "nothing at the start", Reduce()),
        Step(
            stored.diff(time).subs(zeta(time).diff(time, 2), accelerated),
            force(time) * zeta(time).diff(time),
            "the stored energy grows by force times speed",
            Reduce("evaluate", "expand"),
        ),
        Step(
            _single(speed_of_mode),
            _single(addition),
            "the speed, by the addition theorem",
            Integrands("trigonometry", "expand"),
        ),
        Step(
            formula.rhs.diff(time),
            force(time) * addition,
            "the claim grows by the same",
            Reduce("evaluate", "expand"),
        ),
    ]


def _single(expression: sp.Expr) -> sp.Expr:
    """Bring factors without t under the integral sign."""
    return sp.expand(expression)


sigma = sp.Function("sigma")(time)
ring = [sp.Function(f"rho_{number}")(time) for number in range(3)]


@states(
    "energy_conserved",
    "below Eq. 4",
    "Chain, particle and interaction together gain exactly the work of the bias, beta per lattice spacing.",
    sp.Eq(
        sp.Derivative(sp.Function("E")(time), time),
        bias / spacing * sigma.diff(time),
        evaluate=False,
    ),
    parents=[units_chain, units_particle],
)
def energy_conserved(formula: sp.Basic) -> list[Step]:
    """A ring of three masses: every kind of term occurs.

    The interaction's work enters with both signs and cancels.
    """
    around = [(ring[n - 1], ring[n], ring[(n + 1) % 3]) for n in range(3)]
    slope = lambda r: sp.Subs(Phi(t).diff(t), t, sigma - r)  # noqa: E731
    accelerations = {
        r.diff(time, 2): (2 * sp.pi) ** 2 * (-r - coupling * (2 * r - left - right) + slope(r))
        for left, r, right in around
    }
    accelerations[sigma.diff(time, 2)] = (2 * sp.pi) ** 2 / mass * (bias / spacing - sum(slope(r) for r in ring))
    chain_energy = sum(
        r.diff(time) ** 2 / (2 * (2 * sp.pi) ** 2) + r**2 / 2 + coupling * (right - r) ** 2 / 2
        for _, r, right in around
    )
    particle_energy = kinetic_energy(sigma.diff(time))
    work = sum((sigma - r).diff(time) * slope(r) for r in ring)
    gain = lambda e: e.diff(time).subs(accelerations)  # noqa: E731
    return [
        Step(
            gain(chain_energy),
            sum(r.diff(time) * slope(r) for r in ring),
            "what the chain gains",
            Reduce("expand"),
        ),
        Step(
            gain(particle_energy),
            formula.rhs - sigma.diff(time) * sum(slope(r) for r in ring),
            "what the particle gains",
            Reduce("expand"),
        ),
        Step(
            gain(chain_energy) + gain(particle_energy) + work,
            formula.rhs,
            "with the interaction's energy, only the bias remains",
            Reduce("expand"),
        ),
    ]


STATEMENTS = (units_band, units_chain, units_particle, duhamel, mode_energy, energy_conserved)
