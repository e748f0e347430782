"""The bias, the speeds at which it balances the losses, and the orbit between two masses.

Per lattice spacing the bias gives beta and the chain takes the mean dissipation. Where the two are
equal the particle can drift: at a zero of their difference (stable if the dissipation rises with
speed) or locked to a resonance, where the difference jumps from one sign to the other.

>>> growth_factor(sp.Integer(0))
1
"""

from __future__ import annotations

import sympy as sp

from .checks import Integrands, Reduce, Refute
from .ledger import Step, refuted, states
from .motion import kinetic_energy, length, slow, unit_time
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
from .resonances import finite_side, lower_edge
from .single_pass import single_pass
from .steady_state import mean_at, mean_dissipation, mean_loss

__all__ = ["STATEMENTS", "growth_factor", "orbit_speed"]

Phi = sp.Function("Phi")
local_speed = sp.Function("v")


def growth_factor(slope: sp.Expr) -> sp.Expr:
    """Return 1 - 4 pi^2 slope/(mu v): how a deviation of speed changes in a pass, slope = d mean_dissipation/dv.

    A pure number; below 1 in magnitude the drift is stable. To first order in the deviation, orbit left out.

    >>> growth_factor(0)
    1
    """
    return 1 - 4 * sp.pi**2 * slope / (mass * speed)


def orbit_speed(potential: sp.Expr) -> sp.Expr:
    """Return sqrt(v^2 - 8 pi^2 Phi/mu), the speed in the rigid lattice where the interaction is Phi, v midway.

    Speed in l_slow/t_slow for Phi in hbar Omega_slow; real above the capture speed, chain at rest.

    >>> orbit_speed(0)
    v
    """
    return sp.sqrt(speed**2 - 8 * sp.pi**2 * potential / mass)


@states(
    "bias_work",
    "above Eq. 10",
    "The force beta/alpha does the work beta per lattice spacing.",
    sp.Eq(work, sp.Integral(bias / spacing, (position, 0, spacing)), evaluate=False),
)
def bias_work(formula: sp.Basic) -> list[Step]:
    """A constant force over the distance."""
    return [Step(formula.rhs, bias, "integrate", Reduce("evaluate"))]


@states(
    "stability_of_a_zero",
    "below Eq. 10",
    "Near a zero of dissipation minus bias a deviation changes by the factor 1 - 4 pi^2 "
    "slope/(mu v) per pass: stable where "
    "the dissipation rises with speed.",
    sp.Eq(growth, growth_factor(dissipation_slope), evaluate=False),
    parents=[bias_work, mean_dissipation],
)
def stability(formula: sp.Basic) -> list[Step]:
    """One pass adds beta - dissipation to the kinetic energy.

    Differentiate the map of speeds at its fixed point.
    """
    loss = bias + dissipation_slope * offset  # the dissipation at the speed v + offset, v balanced
    after = sp.sqrt((speed + offset) ** 2 + 8 * sp.pi**2 / mass * (bias - loss))
    return [
        Step(
            kinetic_energy(after) - kinetic_energy(speed + offset),
            bias - loss,
            "energy in a pass",
            Reduce("expand"),
        ),
        Step(after.subs(offset, 0), speed, "balanced", Reduce("expand")),
        Step(after.diff(offset).subs(offset, 0), formula.rhs, "the map's slope", Reduce("expand")),
    ]


@states(
    "relaxation_passes",
    "beyond the paper",
    "A small deviation from a stable zero falls to 1/e in mu v/(4 pi^2 slope) passes.",
    sp.Eq(transit, mass * speed / (4 * sp.pi**2 * dissipation_slope), evaluate=False),
    parents=[stability],
)
def relaxation(formula: sp.Basic) -> list[Step]:
    """To first order the factor per pass is 1 - 1/(number of passes)."""
    return [
        Step(
            growth_factor(dissipation_slope),
            1 - 1 / formula.rhs,
            "the factor per pass",
            Reduce("expand"),
        )
    ]


@states(
    "orbit_speed",
    "beyond the paper",
    "In the rigid lattice the particle's speed at the distance u from a mass is sqrt(v^2 - 8 "
    "pi^2 Phi(u)/mu), v midway.",
    sp.Eq(local_speed(u), orbit_speed(Phi(u)), evaluate=False),
)
def orbit(formula: sp.Basic) -> list[Step]:
    """Energy is conserved; the acceleration is the force over the mass; far away the speed is v."""
    energy = kinetic_energy(formula.rhs) + Phi(u)
    acceleration = formula.rhs * formula.rhs.diff(u)
    return [
        Step(energy, kinetic_energy(speed), "energy", Reduce("expand")),
        Step(
            acceleration,
            -((2 * sp.pi) ** 2) / mass * Phi(u).diff(u),
            "acceleration v dv/du",
            Reduce("expand"),
        ),
        Step(formula.rhs.subs(Phi(u), 0), speed, "far away", Reduce()),
    ]


@states(
    "extreme_speed",
    "beyond the paper",
    "At a mass the speed is sqrt(v^2 - 8 pi^2 Phi0/mu): the least for a repulsive, the "
    "greatest for an attractive interaction.",
    sp.Eq(local_speed(0), orbit_speed(amplitude), evaluate=False),
    parents=[orbit],
)
def extreme(formula: sp.Basic) -> list[Step]:
    """The interaction is stationary at the mass, and so is the speed.

    Its curvature has the sign of the amplitude.
    """
    shape = amplitude * sp.exp(-(u**2) / (2 * width**2))
    along = orbit.formula.rhs.subs(Phi(u), shape)
    return [
        Step(along.subs(u, 0), formula.rhs, "at the mass", Reduce()),
        Step(along.diff(u).subs(u, 0), sp.Integer(0), "stationary", Reduce()),
        Step(
            along.diff(u, 2).subs(u, 0) * formula.rhs,
            4 * sp.pi**2 * amplitude / (mass * width**2),
            "curvature: positive (a minimum) for a repulsive interaction",
            Reduce("expand"),
        ),
    ]


transit_integral = sp.Integral(1 / orbit_speed(offset * Phi(u)), (u, -spacing / 2, spacing / 2))


@states(
    "transit_time",
    "beyond the paper",
    "The transit of one lattice spacing takes int du/v(u); to first order in Phi, written "
    "epsilon Phi, the mean speed lies "
    "below v by 4 pi^2 int Phi du/(mu v alpha).",
    sp.Eq(
        transit,
        spacing / speed
        + offset * 4 * sp.pi**2 / (mass * speed**3) * sp.Integral(Phi(u), (u, -spacing / 2, spacing / 2)),
        evaluate=False,
    ),
    parents=[orbit],
)
def transit_time(formula: sp.Basic) -> list[Step]:
    """Expand the integrand to first order in the interaction."""
    first = sp.Integral(transit_integral.function.diff(offset).subs(offset, 0), *transit_integral.limits)
    area = sp.Integral(Phi(u), *transit_integral.limits)
    mean_speed = spacing / formula.rhs
    return [
        Step(
            transit_integral.subs(offset, 0).doit(),
            formula.rhs.subs(offset, 0),
            "without interaction",
            Reduce("expand"),
        ),
        Step(first, formula.rhs.diff(offset), "first order", Integrands("expand")),
        Step(
            mean_speed.diff(offset).subs(offset, 0).subs(area, work),
            -4 * sp.pi**2 * work / (mass * speed * spacing),
            "the mean speed (W stands for the integral of Phi)",
            Reduce("expand"),
        ),
    ]


@states(
    "transit_time_of_a_square_well",
    "beyond the paper",
    "For a square well the transit time is exact: alpha - 2 lambda at the speed v, and 2 lambda at the speed inside.",
    sp.Eq(transit, (spacing - 2 * width) / speed + 2 * width / orbit_speed(amplitude), evaluate=False),
    parents=[orbit],
)
def transit_of_well(formula: sp.Basic) -> list[Step]:
    """Outside and inside by themselves; no interaction gives back alpha/v."""
    outside = 2 * sp.Integral(1 / orbit_speed(sp.Integer(0)), (u, width, spacing / 2))
    inside = 2 * sp.Integral(1 / orbit_speed(amplitude), (u, 0, width))
    return [
        Step(
            outside + inside,
            formula.rhs,
            "two pieces of constant speed",
            Reduce("evaluate", "expand"),
        ),
        Step(formula.rhs.subs(amplitude, 0), spacing / speed, "no interaction", Reduce("expand")),
    ]


@states(
    "orbit_ends_at_capture",
    "Fig. 4 caption",
    "The orbit exists above the capture speed sqrt(8 pi^2 Phi0/mu): there the particle stops on top of a mass.",
    sp.Eq(local_speed(0) ** 2, speed**2 - v_c**2, evaluate=False),
    parents=[extreme],
)
def orbit_ends(formula: sp.Basic) -> list[Step]:
    """The square of the least speed is v^2 minus the square of the capture speed."""
    barrier = sp.sqrt(8 * sp.pi**2 * amplitude / mass)
    return [
        Step(
            extreme.formula.rhs**2,
            formula.rhs.subs(v_c, barrier),
            "least speed squared",
            Reduce("expand"),
        ),
        Step(formula.rhs.subs(speed, v_c), sp.Integer(0), "none left at the capture speed", Reduce()),
    ]


@states(
    "orbit_single_pass",
    "beyond the paper",
    "With the orbit's speed in the force integral, Eq. (6) is recovered for small amplitude, at first order in Phi.",
    sp.Eq(
        sp.Function("J")(omega),
        sp.Integral(
            Phi(u).diff(u)
            / local_speed(u)
            * sp.exp(2 * sp.pi * sp.I * omega * sp.Integral(1 / local_speed(t), (t, 0, u))),
            (u, -sp.oo, sp.oo),
        ),
        evaluate=False,
    ),
    parents=[single_pass, orbit],
)
def orbit_single_pass(formula: sp.Basic) -> list[Step]:
    """The integrand has one factor Phi already.

    The orbit's speed enters at the next order, and v(u) becomes v.
    """
    at_first_order = formula.rhs.function.subs(local_speed(u), speed).replace(local_speed, lambda _: speed).doit()
    uniform = Phi(u).diff(u) / speed * sp.exp(2 * sp.pi * sp.I * omega * u / speed)
    return [
        Step(orbit_speed(offset * Phi(u)).subs(offset, 0), speed, "the speed at order zero", Reduce()),
        Step(
            at_first_order,
            uniform,
            "the force integral of Eq. (6), with time measured by distance",
            Reduce("expand"),
        ),
        Step(
            sp.Integral(uniform, *formula.rhs.limits),
            sp.Integral(
                sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(u).diff(u).subs(u, speed * t),
                (t, -sp.oo, sp.oo),
            ),
            "and back to time",
            Integrands("evaluate", change=(u, speed * t, t)),
        ),
    ]


def _claimed_mean(formula: sp.Eq) -> sp.Expr:
    """The mean dissipation that a claim about dissipation and bias amounts to, at the bias 0.01."""
    (unknown,) = formula.lhs.atoms(sp.core.function.AppliedUndef)
    (solution,) = sp.solve(formula.lhs - formula.rhs, unknown)
    return solution.subs(bias, sp.Rational(1, 100))


@states(
    "drift_is_a_jump",
    "below Eq. 10, corrected",
    "At n = 2 the dissipation minus the bias 0.01 jumps from -0.003994 to plus infinity: the "
    "particle is locked, with no zero.",
    sp.Eq(mean_loss(sp.Rational("19.9974")) - bias, sp.Rational("-0.003994"), evaluate=False),
    parents=[finite_side, bias_work],
)
def jump(formula: sp.Basic) -> list[Step]:
    """Both sides of the resonance at 19.99744, 0.0001 apart, enclosed.

    Slower particles speed up, faster ones slow down.
    """
    return [
        mean_at("19.9974", _claimed_mean(formula), "below the resonance", 35),
        mean_at("19.9975", sp.Rational("5.362956"), "above the resonance", 37),
    ]


@states(
    "drift_is_a_zero_as_printed",
    "below Eq. 10",
    "As printed: the stable points near alpha/n are zeros of dissipation minus bias.",
    sp.Eq(mean_loss(sp.Rational("19.9974")) - bias, 0, evaluate=False),
    parents=[jump],
)
def zero_as_printed(formula: sp.Basic) -> list[Step]:
    """The value beside the resonance is not zero, and the sign changes through infinity."""
    below, above = sp.Rational("0.006006"), sp.Rational("5.362956")
    printed = _claimed_mean(formula)
    return [
        Step(
            printed,
            sp.Rational("0.01"),
            "as printed, the mean dissipation equals the bias",
            Reduce(),
        ),
        mean_at("19.9974", below, "below the resonance", 35),
        mean_at("19.9975", above, "above the resonance", 37),
        Step(printed, below, "just below the resonance it does not", Refute()),
        Step(printed, above, "nor just above", Refute()),
    ]


@states(
    "first_drift_margin",
    "beyond the paper",
    "At the paper's bias 0.01 the first drift velocity does not exist: just below alpha the "
    "chain takes 6.3e-5 more than the bias.",
    sp.Eq(bias - mean_loss(sp.Rational("39.9795")), sp.Rational("-0.0000631"), evaluate=False),
    parents=[finite_side, bias_work],
)
def first_margin(formula: sp.Basic) -> list[Step]:
    """The bias minus the finite side of the first resonance, enclosed."""
    return [mean_at("39.9795", _claimed_mean(formula), "below the resonance", 17, places=7)]


@states(
    "drift_measures_the_ratio",
    "conclusions, corrected",
    "In physical units a drift speed is a sqrt(kappa/m)/(2 pi n): it measures the ratio kappa/m, and hbar cancels.",
    sp.Eq(
        drift,
        lattice_constant * sp.sqrt(confinement / chain_mass) / (2 * sp.pi * lag),
        evaluate=False,
    ),
    parents=[lower_edge],
)
def measures_ratio(formula: sp.Basic) -> list[Step]:
    """The speed alpha/n, in units of length over time."""
    in_units = spacing / lag * length / unit_time
    return [
        Step(
            in_units.subs(spacing, lattice_constant / length),
            formula.rhs,
            "alpha/n in physical units",
            Reduce("powers"),
        ),
        Step(formula.rhs.diff(hbar), sp.Integer(0), "no hbar", Reduce()),
        Step(
            slow * lattice_constant / (2 * sp.pi * lag),
            formula.rhs,
            "one spacing in n slow periods",
            Reduce("expand"),
        ),
    ]


@states(
    "drift_measures_the_product_as_printed",
    "conclusions",
    "As printed: a drift velocity measures the product of chain mass and confinement.",
    sp.Eq(
        drift,
        lattice_constant * sp.sqrt(confinement * chain_mass) / (2 * sp.pi * lag),
        evaluate=False,
    ),
    parents=[measures_ratio],
)
def measures_product(formula: sp.Basic) -> list[Step]:
    """Four times the stiffness at a quarter of the mass keeps the product.

    The speed is four times as large.
    """
    soft = {confinement: 1, chain_mass: 4, lattice_constant: 2 * sp.pi, lag: 1}
    stiff = {confinement: 4, chain_mass: 1, lattice_constant: 6 * sp.pi, lag: 2}
    return [
        *refuted(formula.rhs, measures_ratio.formula.rhs, soft, 2, sp.Rational(1, 2)),
        *refuted(formula.rhs * 2, measures_ratio.formula.rhs, stiff, 6, 3),
    ]


STATEMENTS = (
    bias_work,
    stability,
    relaxation,
    orbit,
    extreme,
    orbit_ends,
    transit_time,
    transit_of_well,
    orbit_single_pass,
    jump,
    zero_as_printed,
    first_margin,
    measures_ratio,
    measures_product,
)
