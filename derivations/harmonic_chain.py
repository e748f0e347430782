"""Any harmonic chain: wells, springs to neighbours at any distance, and damping.

Each mass has an on-site spring of stiffness kappa and springs of stiffness K_j to the masses j = 1, 2, ... places away,
in units of m Omega^2 with a frequency Omega of choice; frequencies are in units of Omega, times in 2 pi/Omega. What is
proved here for any omega(theta) holds for the paper's chain, kappa = 1 and K_1 = (omega_fast^2 - 1)/4.

>>> spring_band(0)
0
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .checks import Reduce
from .lattice import band, band_squared, coupling
from .ledger import Step, claim, equal, states
from .notation import (
    damping,
    offset,
    omega,
    reach,
    response_frequency,
    site,
    spacing,
    speed,
    spring,
    theta,
    time,
    wavenumber,
    well,
    x,
)
from .single_pass import loss_per_mode
from .steady_state import mean_dissipation
from .third_order import force_spectrum, spectrum_of_force

__all__ = ["absorption", "spring_band"]

transform = sp.Function(r"\hat\Phi")
band_of_any = sp.Function("omega")  # any dispersion relation
w = response_frequency


def spring_band(angle: sp.Expr) -> sp.Expr:
    """Return what the springs between masses j apart add to omega^2, 4 K_j sin^2(j theta).

    >>> spring_band(sp.pi / 2).subs(reach, 1)
    4*K_j
    """
    return 4 * spring * sp.sin(reach * angle) ** 2


def restoring_force(displacement: Any, number: Any = site) -> sp.Expr:
    """Return the restoring force of a well and the springs of one range on a mass."""
    apart = 2 * displacement(number) - displacement(number + reach) - displacement(number - reach)
    return well * displacement(number) + spring * apart


@states(
    "band_of_springs",
    "beyond the paper",
    "In any harmonic chain a plane wave of phase 2 theta per mass is a mode; springs between masses j apart add "
    "4 K_j sin^2(j theta) to omega^2, which is linear in the springs, so that several ranges add up.",
    equal(omega**2, well + spring_band(theta)),
    parents=[band],
)
def band_of_springs(formula: sp.Basic) -> list[Step]:
    """Insert a plane wave; the paper's chain is kappa = 1 with one spring to each neighbour."""
    wave = lambda number: sp.exp(2 * sp.I * theta * number)  # noqa: E731
    return [
        claim(restoring_force(wave) / wave(site), formula.rhs).by("insert a plane wave", Reduce("trigonometry")),
        claim(
            formula.rhs.diff(spring, 2) ** 2 + formula.rhs.diff(well, 2) ** 2 + formula.rhs.diff(well, spring) ** 2, 0
        ).by("linear in the springs", Reduce("expand")),
        claim(formula.rhs.subs({well: 1, spring: coupling, reach: 1}), band_squared(theta)).by(
            "the paper's chain, Eq. 1", Reduce("expand")
        ),
    ]


def absorption(frequency: sp.Expr, mode: sp.Expr) -> sp.Expr:
    """Return w Im chi of a mode with damping, gamma w^2/((omega^2 - w^2)^2 + gamma^2 w^2).

    >>> absorption(0, 1)
    0
    """
    return damping * frequency**2 / ((mode**2 - frequency**2) ** 2 + damping**2 * frequency**2)


@states(
    "damped_response",
    "beyond the paper",
    "With a damping gamma of each mass a mode of frequency omega responds to a force of frequency w with "
    "chi = 1/(omega^2 - w^2 - i gamma w).",
    equal(sp.Function(r"\chi")(w), 1 / (omega**2 - w**2 - sp.I * damping * w)),
    parents=[band_of_springs],
)
def damped_response(formula: sp.Basic) -> list[Step]:
    """Insert a plane wave into u'' = (2 pi)^2 (f - omega^2 u) - 2 pi gamma u'."""
    wave = sp.exp(-2 * sp.pi * sp.I * w * time)
    moved = formula.rhs * wave
    left = moved.diff(time, 2) - (2 * sp.pi) ** 2 * (wave - omega**2 * moved) + 2 * sp.pi * damping * moved.diff(time)
    return [
        claim(left / wave, 0).by("insert a plane wave", Reduce("expand", "common denominator")),
        claim(w * (formula.rhs - sp.conjugate(formula.rhs)) / (2 * sp.I), absorption(w, omega)).by(
            "its imaginary part", Reduce("common denominator")
        ),
    ]


def damped_density() -> sp.Expr:
    """Return the integrand of the mean dissipation with damping, over x from 0 to infinity."""
    taken = absorption(speed / spacing * x, band_of_any(x))
    return 16 * sp.pi**3 / (spacing**3 * speed) * x**2 * transform(2 * sp.pi * x / spacing) ** 2 * taken


@states(
    "damped_dissipation",
    "beyond the paper",
    "In a chain of any dispersion relation whose masses are damped, the mean dissipation is an integral over all wave "
    "numbers, finite at every speed.",
    equal(sp.Function(r"\bar\Delta")(speed), sp.Integral(damped_density(), (x, 0, sp.oo))),
    parents=[damped_response, spectrum_of_force],
)
def damped_dissipation(formula: sp.Basic) -> list[Step]:
    """The work of the force on each mass: 2 pi w Im chi of its spectrum squared, for both signs of w."""
    (integral,) = formula.rhs.atoms(sp.Integral)
    in_phase, out_of_phase = sp.symbols("a b", real=True)
    moved = in_phase * sp.cos(2 * sp.pi * w * time) + out_of_phase * sp.sin(2 * sp.pi * w * time)
    work = sp.Integral(sp.cos(2 * sp.pi * w * time) * moved.diff(time), (time, 0, 1 / w))
    force = force_spectrum(w, transform(2 * sp.pi * w / speed))
    of_mode = absorption(w, band_of_any(x))
    inserted = {w: speed / spacing * x}
    return [
        claim(w * work, sp.pi * w * out_of_phase).by(
            "the mean power of a force cos(2 pi w tau), with Im chi out of phase: pi w Im chi",
            Reduce("evaluate", "expand"),
        ),
        claim((4 * sp.pi * force**2 * of_mode).subs(inserted) * speed / spacing, integral.function).by(
            "both signs of w of the force of one pass; the next mass has it a transit time later: w = v x/alpha",
            Reduce("expand"),
        ),
        claim(
            (2 / sp.pi * loss_per_mode(w**2, transform(2 * sp.pi * w / speed)) * of_mode).subs(inserted)
            * speed
            / spacing,
            integral.function,
        ).by("which is the loss per mode of a single pass times 2/pi w Im chi dw", Reduce("expand")),
    ]


lost = sp.Function("A")(x)  # the loss per mode
group = sp.Function("omega")(x).diff(x)


@states(
    "damped_limit",
    "beyond the paper",
    "Beside a root of the resonance condition, where omega^2 - w^2 is linear in x, the integral with damping is that "
    "of a Lorentzian and independent of the damping: the term of Eq. 10 of this root, for any dispersion relation.",
    equal(sp.Function(r"\bar\Delta")(speed), lost / sp.Abs(spacing * group / speed - 1)),
    parents=[damped_dissipation, mean_dissipation],
)
def damped_limit(formula: sp.Basic) -> list[Step]:
    """A Lorentzian in x, whose width is gamma w over the slope of omega^2 - w^2."""
    slope, width = sp.symbols("s g", positive=True)
    rate = speed / spacing
    mismatch = (band_of_any(x) ** 2 - (rate * x) ** 2).diff(x)
    lead = sp.Symbol("d", positive=True)  # abs(alpha omega'/v - 1)
    side = sp.Symbol("e", real=True, nonzero=True)
    return [
        claim(
            absorption(w, omega).subs(damping, width / w).subs(omega, sp.sqrt(w**2 + slope * offset)),
            w * width / (slope**2 * offset**2 + width**2),
        ).by("beside the root, with omega^2 - w^2 = s y and g = gamma w", Reduce("common denominator")),
        claim(sp.Integral(width / (slope**2 * offset**2 + width**2), (offset, -sp.oo, sp.oo)), sp.pi / slope).by(
            "a Lorentzian", Reduce("evaluate", "common denominator")
        ),
        claim(mismatch + 2 * rate * (rate * x - band_of_any(x)), 2 * band_of_any(x) * (group - rate)).by(
            "the slope s at the root, where v x/alpha is omega(x)", Reduce("expand")
        ),
        claim(formula.rhs.subs(group, rate * (1 + side)), lost / sp.Abs(side)).by(
            "with e = alpha omega'/v - 1", Reduce("expand", "same sign")
        ),
        claim((2 / sp.pi * rate * lost * w * sp.pi / slope).subs(slope, 2 * w * rate * lead), lost / lead).by(
            "and s = 2 omega (v/alpha) e: the term of Eq. 10", Reduce("expand")
        ),
    ]


@states(
    "friction_linear_response",
    "beyond the paper",
    "The friction force, the mean dissipation per spacing, is the one-phonon linear-response formula of nanofriction "
    "in one dimension, int dk/(2 pi) k |Phi(k)|^2 Im S(k, k v) with S = k^2 chi/alpha the response of the density.",
    equal(
        sp.Function("F")(speed),
        sp.Integral(
            wavenumber
            / sp.pi
            * transform(wavenumber) ** 2
            * wavenumber**2
            / spacing
            * absorption(wavenumber * speed / (2 * sp.pi), band_of_any(wavenumber * spacing / (2 * sp.pi)))
            / (wavenumber * speed / (2 * sp.pi)),
            (wavenumber, 0, sp.oo),
        ),
    ),
    parents=[damped_dissipation, damped_limit],
)
def friction_force(formula: sp.Basic) -> list[Step]:
    """The wave number k = 2 pi x/alpha in the place of x; both signs of k contribute alike."""
    (integral,) = formula.rhs.atoms(sp.Integral)
    density = damped_density() / spacing
    return [
        claim(density.subs(x, wavenumber * spacing / (2 * sp.pi)) * spacing / (2 * sp.pi), integral.function).by(
            "dx = alpha dk/(2 pi)", Reduce("expand", "common denominator")
        )
    ]
