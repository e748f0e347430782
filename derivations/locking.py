"""How a drift locks in time: the approach to a resonance of the lower band edge.

A particle that comes down to a resonance is held below it if the bias exceeds what the other phonons carry off. The two
phonons that coalesce at the resonance have complex wave numbers there, x + i p and x - i p: a wave that keeps up with
the particle, falls off on both sides of it, and carries nothing off. Its amplitude is that of the Green's function,
which diverges like 1/p (van Hove). It stores energy; so the particle can come closer only as fast as the wave is fed.

>>> stored(sp.Integer(0), x)
0
"""

from __future__ import annotations

import sympy as sp

from .checks import Reduce
from .lattice import dynamical_operator
from .ledger import Step, claim, equal, states
from .notation import curvature, distance, energy, lag, spacing, speed, strength, theta, time, weight_of_mode, x
from .resonances import resonance_strength
from .travelling_wave import radiated_energy, resonant_wave

__all__ = ["stored"]

place = sp.Symbol("h", positive=True)  # the square root of the distance
force = sp.Symbol("F", positive=True)  # the modulus of the pulse's transform at the resonance
amplitude_of_wave = sp.Symbol("a", positive=True)
decay = sp.Symbol("p", positive=True)  # imaginary part of the wave number
slope = speed / spacing  # c, the slope of the tangent
frequency = slope * x
second = 2 * frequency * curvature  # Lambda'' at the tangency
# p = sqrt(2 omega epsilon/omega''), in terms of the square root of the distance
decay_at = sp.sqrt(2 * frequency / curvature) * place


def stored(size: sp.Expr, width: sp.Expr) -> sp.Expr:
    """Return omega^2 a^2/(pi p): energy of a wave 2 a cos(2 pi x t) exp(-2 pi p abs(t)), a mass per transit time.

    >>> stored(sp.Integer(1), sp.Integer(1)).subs({speed: 1, spacing: 1})
    x**2/pi
    """
    return frequency**2 * size**2 / (sp.pi * width)


@states(
    "locking_stored_energy",
    "beyond the paper",
    "At the relative distance epsilon = 1 - v/v_r below a resonance of the lower band edge the wave that keeps up with "
    "the particle stores the energy R epsilon^(-3/2)/(8 pi x sqrt(v)), to leading order in epsilon; R is the amplitude "
    "of the resonance's inverse square root.",
    equal(sp.Function("W")(distance), strength / (8 * sp.pi * x * sp.sqrt(speed)) * distance ** sp.Rational(-3, 2)),
    parents=[resonant_wave, radiated_energy, resonance_strength],
)
def stored_energy(formula: sp.Basic) -> list[Step]:
    """The band beside the tangency is c (x + y) + omega'' y^2/2; the zeros of Lambda, its slope there, the residue."""
    y, u = sp.Symbol("y"), sp.Symbol("u", real=True)
    band = slope * (x + y) + curvature * y**2 / 2
    beside = lambda sign: sp.expand(band**2 - (slope * (1 + sign * place**2) * (x + y)) ** 2)  # noqa: E731
    radiated = 4 * sp.pi**2 * x * force**2 / (second * decay_at)
    loss_of_mode = 2 * sp.pi**2 * force**2 / slope**2
    wave = lambda trigonometric: (2 * amplitude_of_wave * frequency * trigonometric(u)) ** 2 / 2  # noqa: E731
    average = lambda function: sp.Integral(function / (2 * sp.pi), (u, 0, 2 * sp.pi))  # noqa: E731
    t = sp.Symbol("t", positive=True)
    residue = 2 * sp.pi * force / (second * decay)
    return [
        claim(beside(-1).subs(y, sp.I * decay_at).expand().coeff(place, 2), 0).by(
            "below the resonance the zeros are x + i p and x - i p, p^2 = 2 omega epsilon/omega''",
            Reduce("expand", "powers"),
        ),
        claim(
            beside(-1).diff(y).subs(y, sp.I * decay_at).expand().coeff(place, 1), sp.I * second * decay_at / place
        ).by("Lambda' = i p Lambda'' there: the amplitude is a = 2 pi F^/(Lambda'' p)", Reduce("expand", "powers")),
        claim(beside(1).subs(y, decay_at).expand().coeff(place, 2), 0).by(
            "above it they are real, at the distances p and -p", Reduce("expand", "powers")
        ),
        claim(
            2 * radiated * place * sp.sqrt(speed), resonance_strength.formula.rhs.subs(weight_of_mode, loss_of_mode)
        ).by(
            "what the two carry off there is R/sqrt(dv), with the loss per mode A = 2 pi^2 F^2/c^2",
            Reduce("expand", "powers"),
        ),
        claim(average(wave(sp.sin)), frequency**2 * amplitude_of_wave**2).by(
            "kinetic energy of a mass, averaged over a period", Reduce("evaluate", "expand")
        ),
        claim(
            sp.expand(dynamical_operator(lambda n: sp.exp(2 * sp.I * theta * n), lag) / sp.exp(2 * sp.I * theta * lag)),
            dynamical_operator(lambda n: sp.exp(2 * sp.I * theta * n), 0),
        ).by(
            "a wave is an eigenvector of the springs, so that the potential energy is as large",
            Reduce("expand", "exponentials"),
        ),
        claim(
            2 * sp.Integral(2 * frequency**2 * amplitude_of_wave**2 * sp.exp(-4 * sp.pi * decay * t), (t, 0, sp.oo)),
            stored(amplitude_of_wave, decay),
        ).by(
            "the masses, one in each transit time, on both sides; for small p the sum is the integral",
            Reduce("evaluate", "expand"),
        ),
        claim(
            stored(residue, decay).subs(decay, decay_at),
            formula.rhs.subs(distance, place**2).subs(strength, 2 * radiated * place * sp.sqrt(speed)),
        ).by("insert the amplitude and p; F^ in terms of R", Reduce("expand", "powers")),
    ]


@states(
    "locking_approach",
    "beyond the paper",
    "A drift that is held below a resonance of the lower band edge approaches it like tau^(-2/3): epsilon = 1 - v/v_r "
    "= (8 pi x E v^(3/2) tau/(alpha R))^(-2/3), where E is what the bias gives in a pass beyond what the other phonons "
    "carry off. The inverse square root of the Green's function alone would make it tau^(-1/2).",
    equal(
        sp.Function("epsilon")(time),
        (8 * sp.pi * x * energy * speed ** sp.Rational(3, 2) * time / (spacing * strength)) ** sp.Rational(-2, 3),
    ),
    parents=[stored_energy],
)
def approach(formula: sp.Basic) -> list[Step]:
    """The energy E per pass, v/alpha passes per time, goes into the wave."""
    late = stored_energy.formula.rhs.subs(distance, formula.rhs)
    return [
        claim(late.diff(time), energy * speed / spacing).by(
            "the wave gains E in each pass", Reduce("powers", "expand")
        ),
        claim(late.subs(time, 0), 0).by("from nothing", Reduce("powers")),
    ]
