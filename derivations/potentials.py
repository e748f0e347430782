"""Interactions between the particle and a chain mass, and their Fourier transforms.

``transform(k) = int Phi(u) exp(i k u) du`` is real and even for an even interaction, and it is all
that the dissipation of a particle at constant speed knows of the interaction. Each shape is
written for u >= 0 and continued evenly; amplitude and width mean the same for all: ``Phi(0) =
amplitude`` and a length.

    ==================  ============================  ================================
    name                Phi/Phi0, r = |u|/lambda      transform/(Phi0 lambda), q = k lambda
    ==================  ============================  ================================
    gaussian            exp(-r^2/2)                   sqrt(2 pi) exp(-q^2/2)
    exponential         exp(-r)                       2/(1 + q^2)
    lorentzian          1/(1 + r^2)                   pi exp(-q)
    sech2               1/cosh(r)^2                   pi q/sinh(pi q/2)
    softened_coulomb    1/sqrt(1 + r^2)               2 K0(q)
    square_well         1 for r < 1                   2 sin(q)/q
    inverse_sixth       1/(1 + r^2)^3                 pi (3 + 3 q + q^2) exp(-q)/8
    inverse_twelfth     1/(1 + r^2)^6                 pi (945 + 945 q + ... + q^5) exp(-q)/3840
    exponential_beside  exp(-s sqrt(1 + r^2))         2 s K1(sqrt(q^2 + s^2))/sqrt(q^2 + s^2)
    ==================  ============================  ================================

The last three are those of a particle that moves on a line beside the chain, at a distance lambda from it: of them the
Lennard-Jones, Morse and Buckingham potentials consist. The Matern shapes, from the exponential to the Gaussian, are in
closed_forms.py.

>>> transform_gaussian(0)
sqrt(2)*sqrt(pi)*Phi_0*lambda
>>> sorted(INTERACTIONS)[:3]
['exponential', 'exponential_beside', 'gaussian']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from .checks import Cited, Reduce
from .ledger import Statement, Step, claim, equal, states
from .notation import amplitude, screening, u, wavenumber, width

__all__ = ["INTERACTIONS", "Interaction", "potential_gaussian", "transform", "transform_gaussian"]

transform = sp.Function(r"\hat\Phi")


@dataclass(frozen=True)
class Interaction:
    """A shape: potential at a distance r >= 0 and transform at a wave number k >= 0, and what makes the two fit.

    Potentials in hbar Omega_slow, transforms int Phi(r) exp(i k r) dr in hbar Omega_slow l_slow.

    >>> INTERACTIONS["gaussian"].potential(sp.Integer(0))
    Phi_0
    """

    name: str
    title: str
    potential: Callable[[sp.Expr], sp.Expr]
    transform: Callable[[sp.Expr], sp.Expr]


def potential_gaussian(distance: sp.Expr) -> sp.Expr:
    """Return Phi0 exp(-u^2/(2 lambda^2)), the paper's interaction: energy, for a distance in length units.

    >>> potential_gaussian(0)
    Phi_0
    """
    return amplitude * sp.exp(-(distance**2) / (2 * width**2))


def transform_gaussian(k: sp.Expr) -> sp.Expr:
    """Return the transform of the Gaussian, sqrt(2 pi) Phi0 lambda exp(-(k lambda)^2/2), energy times length.

    >>> transform_gaussian(0)
    sqrt(2)*sqrt(pi)*Phi_0*lambda
    """
    return sp.sqrt(2 * sp.pi) * amplitude * width * sp.exp(-((k * width) ** 2) / 2)


def _inverse_power(n: int, q: sp.Expr) -> sp.Expr:
    """Return the transform of 1/(1 + r^2)^n: a reverse Bessel polynomial times exp(-q)."""
    polynomial = sum(
        sp.factorial(n - 1 + j) / (sp.factorial(j) * sp.factorial(n - 1 - j) * 2**j) * q ** (n - 1 - j)
        for j in range(n)
    )
    return sp.pi * amplitude * width * polynomial * sp.exp(-q) / (2 ** (n - 1) * sp.factorial(n - 1))


INTERACTIONS: dict[str, Interaction] = {
    shape.name: shape
    for shape in (
        Interaction("gaussian", "a Gaussian", potential_gaussian, transform_gaussian),
        Interaction(
            "exponential",
            "an exponential cusp",
            lambda r: amplitude * sp.exp(-r / width),
            lambda k: 2 * amplitude * width / (1 + (k * width) ** 2),
        ),
        Interaction(
            "lorentzian",
            "a Lorentzian",
            lambda r: amplitude / (1 + (r / width) ** 2),
            lambda k: sp.pi * amplitude * width * sp.exp(-k * width),
        ),
        Interaction(
            "sech2",
            "a squared hyperbolic secant",
            lambda r: amplitude / sp.cosh(r / width) ** 2,
            lambda k: sp.pi * amplitude * width**2 * k / sp.sinh(sp.pi * k * width / 2),
        ),
        Interaction(
            "softened_coulomb",
            "a softened Coulomb interaction",
            lambda r: amplitude / sp.sqrt(1 + (r / width) ** 2),
            lambda k: 2 * amplitude * width * sp.besselk(0, k * width),
        ),
        Interaction(
            "square_well",
            "a square well",
            lambda r: sp.Piecewise((amplitude, r < width), (sp.Integer(0), True)),
            lambda k: 2 * amplitude * sp.sin(k * width) / k,
        ),
        Interaction(
            "inverse_sixth",
            "an inverse sixth power, beside the chain",
            lambda r: amplitude / (1 + (r / width) ** 2) ** 3,
            lambda k: _inverse_power(3, k * width),
        ),
        Interaction(
            "inverse_twelfth",
            "an inverse twelfth power, beside the chain",
            lambda r: amplitude / (1 + (r / width) ** 2) ** 6,
            lambda k: _inverse_power(6, k * width),
        ),
        Interaction(
            "exponential_beside",
            "an exponential, beside the chain",
            lambda r: amplitude * sp.exp(-screening * sp.sqrt(1 + (r / width) ** 2)),
            lambda k: (
                2
                * amplitude
                * width
                * screening
                * sp.besselk(1, sp.sqrt((k * width) ** 2 + screening**2))
                / sp.sqrt((k * width) ** 2 + screening**2)
            ),
        ),
    )
}

half_line = (u, 0, sp.oo)


def transform_integral(shape: Interaction) -> sp.Integral:
    """Return twice the integral of Phi(u) cos(k u) over u > 0; the odd part of exp(iku) integrates to nothing."""
    return 2 * sp.Integral(shape.potential(u) * sp.cos(wavenumber * u), half_line)


def _states(name: str, equation: str = "beyond the paper") -> Callable[[Callable[[sp.Basic], Any]], Statement]:
    shape = INTERACTIONS[name]
    return states(
        f"transform_{name}",
        equation,
        f"The Fourier transform of {shape.title}.",
        equal(transform(wavenumber), shape.transform(wavenumber)),
    )


def _integrated(name: str, *rewritings: str, equation: str = "beyond the paper") -> Statement:
    """A transform that SymPy integrates."""
    integral = transform_integral(INTERACTIONS[name])
    return _states(name, equation)(
        lambda formula: [
            claim(integral, formula.rhs).by("integrate over the half line", Reduce("evaluate", *rewritings))
        ]
    )


gaussian = _integrated("gaussian", "expand", equation="above Eq. 7")
exponential = _integrated("exponential", "common denominator")
lorentzian = _integrated("lorentzian", "hyperbolic")


@_states("sech2")
def sech2(formula: sp.Basic) -> list[Step]:
    """Residues: one period of the integrand in the imaginary direction multiplies it by exp(-pi k lambda)."""
    q = wavenumber * width
    # 2 pi i times the residue at i pi/2 (a double pole: minus the derivative of exp(iku)), over the factor
    # 1 - exp(-pi q) that one period contributes.
    residue = 2 * sp.pi * sp.I * (sp.I * q) * -amplitude * width * sp.exp(-sp.pi * q / 2) / (1 - sp.exp(-sp.pi * q))
    denominator = sp.sinh(sp.pi * q / 2)
    return [
        claim(denominator * formula.rhs, residue * denominator).by(
            "the double pole at u = i pi lambda/2, over one period", Reduce("exponentials", "common denominator")
        ),
        claim(transform_integral(INTERACTIONS["sech2"]), formula.rhs).by(
            "close the contour around it",
            Cited("residue theorem", points=2, digits=25, ranges={width: (1, 2), wavenumber: (sp.Rational(1, 4), 1)}),
        ),
    ]


@_states("softened_coulomb")
def softened_coulomb(formula: sp.Basic) -> list[Step]:
    """Write K0 as an integral over exponentials, transform it back, and find the interaction."""
    root = sp.sqrt(1 + u**2)
    decay, scaled = sp.symbols("p q", positive=True)
    exponentials = sp.Integral(sp.exp(-wavenumber * width * root) / root, (u, 0, sp.oo))
    weight = sp.limit(formula.rhs / sp.besselk(0, wavenumber * width), wavenumber, 0)
    return [
        claim(formula.rhs, 2 * amplitude * width * exponentials).by(
            "K0 as an integral", Cited("integral representation of K0", points=2, ranges={width: (1, 2)})
        ),
        claim(
            sp.Integral(sp.exp(-wavenumber * decay) * sp.cos(wavenumber * scaled), (wavenumber, 0, sp.oo)),
            decay / (decay**2 + scaled**2),
        ).by("transform one exponential back", Reduce("evaluate", "common denominator")),
        claim(sp.Integral(1 / (1 + scaled**2 + u**2), (u, 0, sp.oo)), sp.pi / (2 * sp.sqrt(1 + scaled**2))).by(
            "add the exponentials up, with p^2 = 1 + u^2", Reduce("evaluate")
        ),
        claim(
            weight / width / sp.pi * sp.pi / (2 * sp.sqrt(1 + (u / width) ** 2)),
            INTERACTIONS["softened_coulomb"].potential(u),
        ).by("the interaction (a transform is fixed by its inverse)", Reduce("expand")),
    ]


@_states("square_well")
def square_well(formula: sp.Basic) -> list[Step]:
    """The interaction is constant inside and vanishes outside."""
    inside = 2 * sp.Integral(amplitude * sp.cos(wavenumber * u), (u, 0, width))
    outside = INTERACTIONS["square_well"].potential(2 * width)
    return [
        claim(inside, formula.rhs).by("integrate over the well", Reduce("evaluate", "expand")),
        claim(outside, 0).by("nothing outside", Reduce()),
    ]


def _transformed_back(name: str) -> Statement:
    """A transform whose inverse SymPy integrates, at a distance u > 0."""
    shape, distance = INTERACTIONS[name], sp.Symbol("u", positive=True)
    return _states(name)(
        lambda formula: [
            claim(
                sp.Integral(formula.rhs * sp.cos(wavenumber * distance), (wavenumber, 0, sp.oo)) / sp.pi,
                shape.potential(distance),
            ).by("transform back (a transform is fixed by its inverse)", Reduce("evaluate", "common denominator"))
        ]
    )


inverse_sixth = _transformed_back("inverse_sixth")
inverse_twelfth = _transformed_back("inverse_twelfth")


@_states("exponential_beside")
def exponential_beside(formula: sp.Basic) -> list[Step]:
    """The integral along the line is one of the integral representations of K1 (Gradshteyn and Ryzhik 3.914)."""
    return [
        claim(transform_integral(INTERACTIONS["exponential_beside"]), formula.rhs).by(
            "integrate along the line",
            Cited(
                "Basset's integral of K1",
                points=2,
                digits=25,
                ranges={width: (1, 2), wavenumber: (sp.Rational(1, 4), 1), screening: (1, 3)},
            ),
        )
    ]
