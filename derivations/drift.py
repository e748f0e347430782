"""The bias, the speeds at which it balances the losses, and the motion in the rigid lattice.

Per lattice spacing the bias does the work beta and the chain absorbs the mean dissipation. Where the
two are equal the particle can drift: at a zero of their difference (stable if the dissipation rises
with speed, but not too steeply) or locked to a resonance, where the difference jumps from one sign to
the other. In the static-lattice approximation the particle moves in the potential ``U(u) = sum_n
Phi(u - n alpha)`` of the undisplaced masses, and its energy is conserved.

>>> growth_factor(sp.Integer(0))
1
"""

from __future__ import annotations

import sympy as sp

from .checks import Integrands, Reduce, Refute
from .ledger import Step, claim, equal, refuted, states
from .motion import kinetic_energy, length, slow, unit_time, units_particle
from .notation import (
    amplitude,
    bias,
    chain_mass,
    confinement,
    dissipation_slope,
    drift,
    growth,
    hbar,
    lag,
    lattice_constant,
    mass,
    offset,
    omega,
    omega_fast,
    position,
    spacing,
    speed,
    t,
    transit,
    u,
    v_c,
    width,
    work,
)
from .resonances import exact_resonance, finite_side, lower_edge
from .single_pass import single_pass
from .steady_state import mean_at, mean_dissipation, mean_loss

__all__ = ["growth_factor", "orbit_speed"]

Phi = sp.Function("Phi")
local_speed = sp.Function("v")
U = sp.Function("U")  # the potential of the rigid lattice, sum_n Phi(u - n alpha)


def growth_factor(slope: sp.Expr) -> sp.Expr:
    """Return 1 - 4 pi^2 slope/(mu v): the factor of a deviation of speed per pass, slope = d mean_dissipation/dv.

    A pure number; below 1 in magnitude the drift is stable under the energy map, in which each pass adds beta and
    subtracts the mean dissipation at the speed before it. To first order in the deviation.

    >>> growth_factor(0)
    1
    """
    return 1 - 4 * sp.pi**2 * slope / (mass * speed)


def orbit_speed(potential: sp.Expr) -> sp.Expr:
    """Return sqrt(v^2 - 8 pi^2 U/mu), the speed in the rigid lattice at the potential U above midway, v midway.

    Speed in l_slow/t_slow for U in hbar Omega_slow; real above the capture speed, chain at rest.

    >>> orbit_speed(0)
    v
    """
    return sp.sqrt(speed**2 - 8 * sp.pi**2 * potential / mass)


@states(
    "bias_work",
    "above Eq. 10",
    "The force beta/alpha does the work beta per lattice spacing.",
    equal(work, sp.Integral(bias / spacing, (position, 0, spacing))),
)
def bias_work(formula: sp.Basic) -> list[Step]:
    """A constant force over the distance."""
    return [claim(formula.rhs, bias).by("integrate", Reduce("evaluate"))]


@states(
    "stability_of_a_zero",
    "below Eq. 10",
    "Under the energy map, in which a pass adds beta minus the mean dissipation at the speed before it, a deviation "
    "from a zero changes by the factor 1 - 4 pi^2 slope/(mu v) per pass: stable, abs(factor) < 1, exactly for "
    "0 < slope < mu v/(2 pi^2).",
    equal(growth, growth_factor(dissipation_slope)),
    parents=[bias_work, units_particle],
)
def stability(formula: sp.Basic) -> list[Step]:
    """Differentiate the map of speeds at its fixed point; the factor falls linearly with the slope."""
    loss = bias + dissipation_slope * offset  # the dissipation at the speed v + offset, v balanced
    after = sp.sqrt((speed + offset) ** 2 + 8 * sp.pi**2 / mass * (bias - loss))
    steepest = mass * speed / (2 * sp.pi**2)
    return [
        claim(kinetic_energy(after) - kinetic_energy(speed + offset), bias - loss).by(
            "energy in a pass", Reduce("expand")
        ),
        claim(after.subs(offset, 0), speed).by("balanced", Reduce("expand")),
        claim(after.diff(offset).subs(offset, 0), formula.rhs).by("the map's slope", Reduce("expand")),
        claim(formula.rhs.subs(dissipation_slope, 0), 1).by("a factor of 1 at the slope 0", Reduce()),
        claim(formula.rhs.subs(dissipation_slope, steepest), sp.Integer(-1)).by(
            "a factor of -1 at the slope mu v/(2 pi^2)", Reduce("expand")
        ),
        claim(formula.rhs.diff(dissipation_slope), -4 * sp.pi**2 / (mass * speed)).by(
            "falling linearly: between -1 and 1 only for slopes between these", Reduce("expand")
        ),
    ]


@states(
    "relaxation_passes",
    "beyond the paper",
    "A small deviation from a zero with 0 < slope < mu v/(4 pi^2) falls to 1/e in -1/log(1 - 4 pi^2 slope/(mu v)) "
    "passes under the energy map: mu v/(4 pi^2 slope) - 1/2 where this is many.",
    equal(transit, -1 / sp.log(growth_factor(dissipation_slope))),
    parents=[stability],
)
def relaxation(formula: sp.Basic) -> list[Step]:
    """The factor to the power of the number of passes is 1/e; expand the logarithm for a small slope."""
    small = (formula.rhs).subs(dissipation_slope, offset * mass * speed / (4 * sp.pi**2))
    return [
        claim(formula.rhs * sp.log(growth_factor(dissipation_slope)), sp.Integer(-1)).by(
            "the logarithm of the factor after this many passes", Reduce()
        ),
        claim(sp.series(small, offset, 0, 1).removeO(), 1 / offset - sp.Rational(1, 2)).by(
            "for a small slope, 4 pi^2 slope/(mu v) = epsilon", Reduce("expand")
        ),
    ]


@states(
    "orbit_speed",
    "beyond the paper",
    "In the rigid lattice, U(u) = sum_n Phi(u - n alpha), the particle's speed at u is "
    "sqrt(v^2 - 8 pi^2 (U(u) - U(alpha/2))/mu), where v is its speed midway between two masses (no bias, no loss).",
    equal(local_speed(u), orbit_speed(U(u) - U(spacing / 2))),
    parents=[units_particle],
)
def orbit(formula: sp.Basic) -> list[Step]:
    """Energy is conserved; the acceleration is the force over the mass; midway the speed is v."""
    energy = kinetic_energy(formula.rhs) + U(u)
    acceleration = formula.rhs * formula.rhs.diff(u)
    return [
        claim(energy, kinetic_energy(speed) + U(spacing / 2)).by("energy", Reduce("expand")),
        claim(acceleration, -((2 * sp.pi) ** 2) / mass * U(u).diff(u)).by("acceleration v dv/du", Reduce("expand")),
        claim(formula.rhs.subs(u, spacing / 2), speed).by("midway", Reduce()),
    ]


@states(
    "extreme_speed",
    "beyond the paper",
    "At a mass the speed in the rigid lattice is sqrt(v^2 - 8 pi^2 (U(0) - U(alpha/2))/mu), and stationary, as U is "
    "even and smooth: a minimum where U''(0) < 0 (repulsive), a maximum where U''(0) > 0.",
    equal(local_speed(0), orbit_speed(U(0) - U(spacing / 2))),
    parents=[orbit],
)
def extreme(formula: sp.Basic) -> list[Step]:
    """Differentiate along the motion; an even potential is a function of u^2."""
    along = orbit.formula.rhs
    even = sp.Function("f")
    return [
        claim(along.subs(u, 0), formula.rhs).by("at the mass", Reduce()),
        claim(even(u**2).diff(u).subs(u, 0), 0).by("no slope at the mass", Reduce("evaluate")),
        claim(along.diff(u), -4 * sp.pi**2 / mass * U(u).diff(u) / along).by(
            "the slope of the speed is that of U, times a negative factor", Reduce("expand")
        ),
        claim(
            along.diff(u, 2),
            -4 * sp.pi**2 / mass * U(u).diff(u, 2) / along - 16 * sp.pi**4 / mass**2 * U(u).diff(u) ** 2 / along**3,
        ).by("where U' vanishes the curvatures have opposite signs", Reduce("expand")),
    ]


# Here U is measured from its value midway, U(alpha/2) = 0.
transit_integral = sp.Integral(1 / orbit_speed(offset * U(u)), (u, -spacing / 2, spacing / 2))


@states(
    "transit_time",
    "beyond the paper",
    "The transit of one lattice spacing in the rigid lattice takes int du/v(u); to first order in U (measured from "
    "midway, written epsilon U) the mean speed lies below the speed v midway by 4 pi^2 int U du/(mu v alpha).",
    equal(
        transit,
        spacing / speed + offset * 4 * sp.pi**2 / (mass * speed**3) * sp.Integral(U(u), (u, -spacing / 2, spacing / 2)),
    ),
    parents=[orbit],
    relation=r"\sim",
)
def transit_time(formula: sp.Basic) -> list[Step]:
    """Expand the integrand to first order in the interaction."""
    first = sp.Integral(transit_integral.function.diff(offset).subs(offset, 0), *transit_integral.limits)
    area = sp.Integral(U(u), *transit_integral.limits)
    mean_speed = spacing / formula.rhs
    return [
        claim(transit_integral.subs(offset, 0).doit(), formula.rhs.subs(offset, 0)).by(
            "without interaction", Reduce("expand")
        ),
        claim(first, formula.rhs.diff(offset)).by("first order", Integrands("expand")),
        claim(
            mean_speed.diff(offset).subs(offset, 0).subs(area, work), -4 * sp.pi**2 * work / (mass * speed * spacing)
        ).by("the mean speed (W stands for the integral of U)", Reduce("expand")),
    ]


@states(
    "transit_time_of_a_square_well",
    "beyond the paper",
    "For square wells with 2 lambda < alpha the transit time in the rigid lattice is exact: alpha - 2 lambda at the "
    "speed v, and 2 lambda at the speed inside.",
    equal(transit, (spacing - 2 * width) / speed + 2 * width / orbit_speed(amplitude)),
    parents=[orbit],
)
def transit_of_well(formula: sp.Basic) -> list[Step]:
    """Outside and inside by themselves; no interaction gives back alpha/v."""
    outside = 2 * sp.Integral(1 / orbit_speed(sp.Integer(0)), (u, width, spacing / 2))
    inside = 2 * sp.Integral(1 / orbit_speed(amplitude), (u, 0, width))
    return [
        claim(outside + inside, formula.rhs).by("two pieces of constant speed", Reduce("evaluate", "expand")),
        claim(formula.rhs.subs(amplitude, 0), spacing / speed).by("no interaction", Reduce("expand")),
    ]


@states(
    "orbit_ends_at_capture",
    "Fig. 4 caption",
    "In the rigid lattice v(u)^2 is v^2 - v_c^2 plus 8 pi^2/mu times the depth of U(u) below its highest value "
    "U(sigma), with v_c^2 = 8 pi^2 (U(sigma) - U(alpha/2))/mu: the particle passes every point exactly for v > v_c.",
    equal(local_speed(u) ** 2, speed**2 - v_c**2 + 8 * sp.pi**2 * (U(position) - U(u)) / mass),
    parents=[orbit],
)
def orbit_ends(formula: sp.Basic) -> list[Step]:
    """The depth below the top is not negative, and zero at the top."""
    barrier = sp.sqrt(8 * sp.pi**2 * (U(position) - U(spacing / 2)) / mass)
    return [
        claim(orbit.formula.rhs**2, formula.rhs.subs(v_c, barrier)).by("speed squared", Reduce("expand")),
        claim(formula.rhs.subs(u, position).subs(speed, v_c), 0).by(
            "no speed is left at the top for v = v_c", Reduce("expand")
        ),
    ]


@states(
    "orbit_single_pass",
    "beyond the paper",
    "With the speed v(u) of the rigid lattice, the force integral tends to that of Eq. (6) for small amplitude, at "
    "first order in Phi.",
    equal(
        sp.Function("J")(omega),
        sp.Integral(
            Phi(u).diff(u)
            / local_speed(u)
            * sp.exp(2 * sp.pi * sp.I * omega * sp.Integral(1 / local_speed(t), (t, 0, u))),
            (u, -sp.oo, sp.oo),
        ),
    ),
    parents=[single_pass, orbit],
)
def orbit_single_pass(formula: sp.Basic) -> list[Step]:
    """The integrand has one factor Phi already: the change of the speed enters at the next order."""
    at_first_order = formula.rhs.function.subs(local_speed(u), speed).replace(local_speed, lambda _: speed).doit()
    uniform = Phi(u).diff(u) / speed * sp.exp(2 * sp.pi * sp.I * omega * u / speed)
    return [
        claim(orbit_speed(offset * Phi(u)).subs(offset, 0), speed).by("the speed at order zero", Reduce()),
        claim(at_first_order, uniform).by(
            "the force integral of Eq. (6), with time measured by distance", Reduce("expand")
        ),
        claim(
            sp.Integral(uniform, *formula.rhs.limits),
            sp.Integral(sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(u).diff(u).subs(u, speed * t), (t, -sp.oo, sp.oo)),
        ).by("and back to time", Integrands("evaluate", change=(u, speed * t, t))),
    ]


def _claimed_mean(formula: sp.Eq) -> sp.Expr:
    """The mean dissipation that a claim about dissipation and bias amounts to, at the bias 0.01."""
    (unknown,) = formula.lhs.atoms(sp.core.function.AppliedUndef)
    (solution,) = sp.solve(formula.lhs - formula.rhs, unknown)
    return solution.subs(bias, sp.Rational(1, 100))


@states(
    "drift_is_a_jump",
    "below Eq. 10, corrected",
    "At the resonance n = 2, v = 19.99744, Eq. (10) minus the bias 0.01 changes sign by a jump: it is -0.003994 at "
    "19.9974, and 5.353 at 19.9975.",
    equal(mean_loss(sp.Rational("19.9974")) - bias, sp.Rational("-0.003994")),
    parents=[mean_dissipation, bias_work],
    relation=r"\approx",
)
def jump(formula: sp.Basic) -> list[Step]:
    """The resonance and both sides of it, 0.0001 apart, enclosed.

    Under the energy map slower particles speed up and faster ones slow down: the speed is locked to the resonance.
    """
    return [
        exact_resonance(
            "the exact resonance",
            (sp.Rational("2.0001"), sp.Rational("2.01")),
            {omega_fast: 10, spacing: 40},
            "19.99744",
        ),
        mean_at("19.9974", _claimed_mean(formula), "below the resonance", 35),
        mean_at("19.9975", sp.Rational("5.362956"), "above the resonance", 37),
    ]


@states(
    "drift_is_a_zero_as_read",
    "below Eq. 10",
    "As the text may be read: at the stable points near alpha/n the mean dissipation equals the bias (the paper prints "
    "no equation for them).",
    equal(mean_loss(sp.Rational("19.9974")) - bias, 0),
    parents=[jump],
    kind="reading",
)
def zero_as_read(formula: sp.Basic) -> list[Step]:
    """The value beside the resonance is not zero, and the sign changes through infinity."""
    below, above = sp.Rational("0.006006"), sp.Rational("5.362956")
    printed = _claimed_mean(formula)
    return [
        claim(printed, sp.Rational("0.01")).by("as read, the mean dissipation equals the bias", Reduce()),
        mean_at("19.9974", below, "below the resonance", 35),
        mean_at("19.9975", above, "above the resonance", 37),
        claim(printed, below).by("just below the resonance it does not", Refute()),
        claim(printed, above).by("nor just above", Refute()),
    ]


@states(
    "first_drift_margin",
    "beyond the paper",
    "At the paper's bias 0.01 nothing locks the particle to the first resonance: just below it, at 39.9795, Eq. (10) "
    "is 6.3e-5 above the bias.",
    equal(bias - mean_loss(sp.Rational("39.9795")), sp.Rational("-0.0000631")),
    parents=[finite_side, bias_work],
    relation=r"\approx",
)
def first_margin(formula: sp.Basic) -> list[Step]:
    """The bias minus the finite side of the first resonance, enclosed."""
    return [mean_at("39.9795", _claimed_mean(formula), "below the resonance", 17, places=7)]


@states(
    "drift_measures_the_ratio",
    "conclusions, corrected",
    "In physical units the speed alpha/n, to which the resonances of the lower band edge tend, is "
    "a sqrt(kappa/m)/(2 pi n): it measures the ratio kappa/m, and hbar cancels.",
    equal(drift, lattice_constant * sp.sqrt(confinement / chain_mass) / (2 * sp.pi * lag)),
    parents=[lower_edge],
)
def measures_ratio(formula: sp.Basic) -> list[Step]:
    """The speed alpha/n, in units of length over time."""
    in_units = spacing / lag * length / unit_time
    return [
        claim(in_units.subs(spacing, lattice_constant / length), formula.rhs).by(
            "alpha/n in physical units", Reduce("powers")
        ),
        claim(formula.rhs.diff(hbar), 0).by("no hbar", Reduce()),
        claim(slow * lattice_constant / (2 * sp.pi * lag), formula.rhs).by(
            "one spacing in n slow periods", Reduce("expand")
        ),
    ]


@states(
    "drift_measures_the_product_as_read",
    "conclusions",
    "As the text may be read: a drift velocity is fixed by the product of chain mass and confinement, say as "
    "a sqrt(kappa m)/(2 pi n) (the paper prints no formula).",
    equal(drift, lattice_constant * sp.sqrt(confinement * chain_mass) / (2 * sp.pi * lag)),
    parents=[measures_ratio],
    kind="reading",
)
def measures_product(formula: sp.Basic) -> list[Step]:
    """Four times the stiffness at a quarter of the mass keeps the product and makes the speed four times as large."""
    true = measures_ratio.formula.rhs
    soft = {confinement: 1, chain_mass: 4, lattice_constant: 2 * sp.pi, lag: 1}
    stiff = {confinement: 4, chain_mass: 1, lattice_constant: 2 * sp.pi, lag: 1}
    heavy = {confinement: 4, chain_mass: 9, lattice_constant: 6 * sp.pi, lag: 2}
    return [
        *refuted(formula.rhs, true, soft, 2, sp.Rational(1, 2)),
        *refuted(formula.rhs, true, heavy, 9, 1),
        claim(formula.rhs.subs(soft), formula.rhs.subs(stiff)).by("as read, one speed for one product", Reduce()),
        claim(true.subs(soft), true.subs(stiff)).by("as derived, two", Refute()),
    ]
