"""The curves are those of the ledger: contributions to the mean dissipation, closed single passes, resonances."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

import chaintheory as ct
from derivations.closed_forms import exponential_closed_form, matern, matern_closed_form
from derivations.notation import amplitude, index, omega_fast, spacing, speed, width, x
from derivations.potentials import INTERACTIONS
from derivations.single_pass import gaussian_closed_form
from derivations.steady_state import crossing_function, tangency_function, weight

KINDS = {
    "gaussian": ct.Gaussian(2.0, 4.0),
    "exponential": ct.Exponential(2.0, 4.0),
    "matern32": ct.Matern(2.0, 4.0, order=1),
    "matern52": ct.Matern(2.0, 4.0, order=2),
    "lorentzian": ct.Lorentzian(2.0, 4.0),
    "sech2": ct.Sech2(2.0, 4.0),
    "softened_coulomb": ct.SoftenedCoulomb(2.0, 4.0),
    "square_well": ct.SquareWell(2.0, 4.0),
}
SHAPES = {**INTERACTIONS, "matern32": matern(1), "matern52": matern(2)}
CLOSED_FORMS = {
    "gaussian": gaussian_closed_form(),
    "exponential": exponential_closed_form(),
    "matern32": matern_closed_form().subs(index, 1).doit(),
    "matern52": matern_closed_form().subs(index, 2).doit(),
}
PAPER = {omega_fast: 10, spacing: 40, amplitude: 2, width: 4}


def at_paper(expression, *arguments):
    """The expression for the paper's chain and interaction, in 30 digits."""
    function = sp.lambdify(arguments, expression.subs(PAPER), "mpmath")

    def value(*point):
        with mpmath.workdps(30):
            return float(function(*map(mpmath.mpf, point)))

    return value


@pytest.mark.parametrize("name", KINDS)
def test_contributions_are_those_of_the_ledger(name):
    system = ct.System(ct.Chain(10.0, 40.0), KINDS[name])
    term = at_paper(weight(SHAPES[name].transform), x, speed)
    condition = at_paper(crossing_function(), x, speed)
    for v in (17.0, 50.0, 300.0):
        terms = system.mean_dissipation_terms(v)
        exact = [term(place, v) for place in terms.root]
        # x of up to 24 carries its rounding into the sine, 3e-15, times the exponent and the inverse denominator.
        assert np.allclose(terms.energy, exact, rtol=1e-11, atol=1e-16 * max(exact))
        assert all(abs(condition(place, v)) < 1e-13 for place in terms.root)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_single_passes_are_those_of_the_ledger(name):
    system = ct.System(ct.Chain(10.0, 40.0), KINDS[name])
    exact = at_paper(CLOSED_FORMS[name], speed)
    for v in (3.0, 20.0, 100.0, 2000.0):
        assert float(system.single_pass_dissipation(v)) == pytest.approx(exact(v), rel=2e-14, abs=0)


def test_resonances_are_tangencies_of_the_ledger():
    system = ct.System(ct.Chain(10.0, 40.0), KINDS["gaussian"])
    function, slope = (at_paper(expression, x) for expression in (tangency_function(), tangency_function().diff(x)))
    for resonance in system.resonant_speeds(5.0, 200.0):
        # omega^2 up to 100, x up to 80: some hundred units of rounding.
        scale = abs(slope(resonance.root)) * resonance.root
        assert abs(function(resonance.root)) < 1e-15 * scale + 1e-12
