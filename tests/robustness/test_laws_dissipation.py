"""Laws of the losses over the whole range of parameters, each with something to compare with.

Chains of every kind, band tops 1.001 to 1,000 times the bottom, widths 0.01 to 20 spacings, speeds over many decades,
couplings from 1e-10 to beyond capture, masses 0.01 to 100. A case may be refused with a ValueError that names a parameter; it may not be wrong.
"""

import math
import os
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import chaintheory as ct
from chaintheory.lattice.rigid_lattice import mass_barrier
from tests.robustness.chains import KINDS, chains, decades, squared, stretched

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))
CLOSED = ["Gaussian", "Exponential", "Matern", "GaussianMixture"]
# One frequency alone may be at a zero of an oscillating transform, and sound has no speed.
WITH_SPRINGS = tuple(kind for kind in KINDS if kind != "einstein")
NAMES = [*CLOSED, "Lorentzian", "Sech2", "SoftenedCoulomb", "SquareWell"]


def cases(number):
    return settings(max_examples=number * FUZZ, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@st.composite
def systems(
    draw,
    names=NAMES,
    coupling=(1e-10, 10.0),
    widths=(0.01, 20.0),
    bands=(1.001, 1e3),
    slow=1e-2,
    kinds=KINDS,
    damping=None,
):
    """A system, and a speed within some decades of the width times the frequencies of the band."""
    chain = draw(chains(kinds, bands, damping=damping))
    width = chain.spacing * draw(decades(*widths))
    mass = draw(decades(0.01, 100.0))
    speed = width * (chain.band[0] or chain.band[1]) * draw(decades(slow, 1e4))
    # Barrier over kinetic energy.
    amplitude = draw(st.sampled_from([-1.0, 1.0])) * draw(decades(*coupling)) * mass * speed**2 / (8.0 * math.pi**2)
    assume(1e-25 < abs(amplitude) < 1e25)
    name = draw(st.sampled_from(names))
    if name == "Matern":
        interaction = ct.Matern(amplitude, width, draw(st.integers(1, 20)))
    elif name == "GaussianMixture":
        other = draw(st.floats(-2.0, 2.0).filter(lambda part: part == 0.0 or abs(part) > 1e-70))
        interaction = ct.GaussianMixture([amplitude, other * amplitude], [width, width * draw(st.floats(0.3, 3.0))])
    else:
        interaction = getattr(ct, name)(amplitude, width)
    return ct.System(chain, interaction, mass), speed


def close(value, expected, rel):
    assert value == pytest.approx(expected, rel=rel, abs=1e-290), (value, expected)


def exponent(system, speed):
    """What the loss's exponent amounts to, whose own rounding decides how well a logarithm or a sum is known."""
    constant, width, power = system.interaction.decay
    return constant[0] * (system.chain.band[0] * width / speed) ** float(power)


def allowed_or_refused(function, *args, **options):
    """The result, or no case where the input was refused by name."""
    try:
        return np.asarray(function(*args, **options))
    except ValueError as error:
        assert any(name in str(error) for name in ("speed", "passes", "amplitudes", "interaction"))
        assume(False)


@cases(150)
@given(systems(names=CLOSED, kinds=("paper", "one spring")))
def test_closed_form_is_the_quadrature(case):
    system, speed = case
    closed = allowed_or_refused(system.single_pass_dissipation, speed, method="closed")
    quadrature = allowed_or_refused(system.single_pass_dissipation, speed, method="quadrature")
    # A mixture of opposite signs may lose two digits before the quadrature is taken, and the quadrature others.
    close(closed, quadrature, 1e-10 if isinstance(system.interaction, ct.GaussianMixture) else 2e-13)


@cases(12)
@given(systems(names=["Gaussian", "Exponential", "Lorentzian", "Sech2"], bands=(1.001, 30.0), slow=0.3))
def test_single_pass_in_50_digits(case):
    system, speed = case
    a, w = system.interaction.amplitude, system.interaction.width
    transforms = {
        "Gaussian": lambda k: mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(-k * k / 2),
        "Exponential": lambda k: 2 / (1 + k * k),
        "Lorentzian": lambda k: mpmath.pi * mpmath.exp(-k),
        "Sech2": lambda k: mpmath.pi * k / mpmath.sinh(mpmath.pi * k / 2) if k else mpmath.mpf(2),
    }
    transform = transforms[type(system.interaction).__name__]
    with mpmath.workdps(50):
        w = mpmath.mpf(w)

        def term(angle):
            square = squared(system.chain, mpmath.sin, angle)
            return square * transform(2 * mpmath.pi * mpmath.sqrt(square) * w / speed) ** 2

        count, total, before = 8, (term(mpmath.mpf(0)) + term(mpmath.pi / 2)) / 2, mpmath.mpf(0)
        total += mpmath.fsum(term(mpmath.pi * j / (2 * count)) for j in range(1, count))
        while abs(total / count - before) > abs(before) * mpmath.mpf(10) ** -20:
            before = total / count
            total += mpmath.fsum(term(mpmath.pi * (2 * j + 1) / (4 * count)) for j in range(count))
            count *= 2
        exact = 8 * mpmath.pi**4 / mpmath.mpf(speed) ** 4 * (mpmath.mpf(a) * w) ** 2 * total / count
        logarithm = float(mpmath.log(exact))
    close(float(system.single_pass_dissipation(speed)), float(exact), 1e-13)
    assert float(system.single_pass_dissipation(speed, log=True)) == pytest.approx(logarithm, rel=1e-14, abs=1e-13)


@cases(150)
@given(systems(slow=1e-3))
def test_logarithm_and_value(case):
    system, speed = case
    value = allowed_or_refused(system.single_pass_dissipation, speed)
    logarithm = allowed_or_refused(system.single_pass_dissipation, speed, log=True)
    if value > 1e-290:
        assert math.log(float(value)) == pytest.approx(float(logarithm), rel=1e-14, abs=1e-12)
    else:
        assert logarithm < math.log(1e-289)
    # Never minus infinity where the logarithm is a double; the interactions that fall slowest fall like powers.
    assert math.isfinite(logarithm) or exponent(system, speed) > 1e300


@cases(100)
@given(systems(slow=0.05, kinds=WITH_SPRINGS), st.floats(0.1, 10.0), st.floats(-3.0, 3.0), st.integers(1, 30))
def test_scaling(case, length, energy, passes):
    """Losses go like the square of the amplitude; lengths times s divide them by s^2."""
    system, speed = case
    assume(abs(energy) > 1e-3)
    interaction = system.interaction
    if isinstance(interaction, ct.GaussianMixture):
        scaled = ct.GaussianMixture(
            [energy * a for a in interaction.amplitudes], [length * w for w in interaction.widths]
        )
    else:
        scaled = replace(interaction, amplitude=energy * interaction.amplitude, width=length * interaction.width)
    other = ct.System(stretched(system.chain, length), scaled, system.mass)
    factor = (energy / length) ** 2
    # A rounding of the width changes the loss by twice its exponent.
    rounding = 1e-12 + 4e-15 * min(exponent(system, speed), 1e3)
    if isinstance(interaction, ct.GaussianMixture):
        rounding = 1e-9
    if isinstance(interaction, ct.SquareWell):  # whose sine has an argument of that size, and zeros
        rounding += 1e-12 * system.chain.band[1] * interaction.width / speed
    one = allowed_or_refused(system.single_pass_dissipation, speed)
    close(allowed_or_refused(other.single_pass_dissipation, length * speed), factor * one, rounding)
    few = allowed_or_refused(system.finite_pass_dissipation, speed, passes)
    phase = 2.0 * math.pi * passes * system.chain.spacing * system.chain.band[1] / speed
    close(
        allowed_or_refused(other.finite_pass_dissipation, length * speed, passes),
        factor * few,
        rounding + 1e-14 * phase,
    )


@cases(100)
@given(systems(slow=0.02))
def test_one_pass_of_many_is_the_single_pass(case):
    system, speed = case
    one = allowed_or_refused(system.finite_pass_dissipation, speed, 1)
    close(one, allowed_or_refused(system.single_pass_dissipation, speed, method="quadrature"), 1e-12)


@cases(60)
@given(
    systems(
        names=["Gaussian", "Sech2", "Matern"], widths=(0.05, 5.0), bands=(1.001, 20.0), slow=0.1, kinds=WITH_SPRINGS
    ),
    st.floats(2.0, 20.0),
)
def test_many_passes_of_a_fast_particle_are_the_steady_state(case, times):
    """Faster than sound there is one root (without wells none), and the correlations of passes m apart fall exponentially with m.

    Twice the mean over 2 N passes less that over N leaves out those beyond N alone.
    """
    system, _ = case
    speed = times * system.chain.sound_speed
    assume(exponent(system, speed) < 600.0)
    steady = float(allowed_or_refused(system.mean_dissipation, speed))
    single = float(allowed_or_refused(system.single_pass_dissipation, speed))
    # What is left out and what rounding leaves are relative to the correlations, whose first is the single pass. Several
    # springs may let them fall slowly, by e in 5 passes.
    for passes in (96, 384):
        half, whole = (allowed_or_refused(system.finite_pass_dissipation, speed, n) for n in (passes, 2 * passes))
        if abs(2.0 * whole - half - steady) <= 1e-11 * max(single, steady) + 1e-290:
            return
    raise AssertionError((system, speed, whole, half, steady))


@cases(60)
@given(systems(names=["Gaussian", "Sech2", "Matern", "Lorentzian", "SquareWell"]))
def test_fast_limit_is_eq_8(case):
    system, _ = case
    chain, top = system.chain, system.chain.band[1]
    # Corrections go like (omega width/speed)^2, or to the first power for a Lorentzian.
    speed = 1e9 * top * 20.0 * system.interaction.width
    zero = float(system.interaction.transform(0.0))
    eq8 = 8.0 * math.pi**4 * (zero / speed**2) ** 2 * (chain.confinement + 2.0 * sum(chain.couplings))
    assume(eq8 > 1e-280)
    close(system.single_pass_dissipation(speed), eq8, 1e-8)


@cases(40)
@given(systems(names=["Exponential"], kinds=("paper", "one spring", "pinned", "einstein")))
def test_slow_limit_of_the_cusp(case):
    system, _ = case
    cusp, theta = system.interaction, (np.arange(2**15) + 0.5) * (math.pi / 2**15)
    inverse = np.mean(1.0 / (squared(system.chain, np.sin, theta)))
    rest = 2.0 * (cusp.amplitude / cusp.width) ** 2 * inverse
    assume(rest > 1e-280)
    close(system.single_pass_dissipation(0.0), rest, 1e-13)
    close(system.single_pass_dissipation(1e-9 * cusp.width), rest, 1e-13)


@cases(40)
@given(systems(names=NAMES, slow=0.3))
def test_constant_velocity_knows_no_sign(case):
    system, speed = case
    interaction = system.interaction
    if isinstance(interaction, ct.GaussianMixture):
        turned = ct.GaussianMixture([-a for a in interaction.amplitudes], interaction.widths)
    else:
        turned = replace(interaction, amplitude=-interaction.amplitude)
    other = replace(system, interaction=turned)
    for name in ("single_pass_dissipation", "mean_dissipation"):
        one = allowed_or_refused(getattr(system, name), speed)
        assert (
            one == allowed_or_refused(getattr(other, name), speed) == allowed_or_refused(getattr(system, name), -speed)
        )


@cases(8)
@given(
    systems(
        names=["Gaussian", "Sech2", "Lorentzian"],
        coupling=(1e-9, 1e-7),
        widths=(0.02, 2.0),
        bands=(1.01, 20.0),
        slow=1.5,
    )
)
def test_static_lattice_of_a_weak_interaction_is_constant_velocity(case):
    """To first order in the coupling the deviation is the coupling times what the loss changes with the speed."""
    system, speed = case
    coupling = 8.0 * math.pi**2 * abs(system.interaction.amplitude) / (system.mass * speed**2)
    plain = allowed_or_refused(system.single_pass_dissipation, speed)
    static = allowed_or_refused(system.single_pass_dissipation, speed, approximation="static-lattice")
    # Second order of the force overtakes the first where that is exponentially small: a quarter of a Gaussian's exponent.
    growth = 1e3 * (1.0 + exponent(system, speed)) ** 2
    assert float(static) == pytest.approx(float(plain), rel=2e-8 + growth * coupling, abs=1e-290)


@cases(8)
@given(
    systems(names=["Gaussian", "Sech2"], coupling=(1e-3, 0.5), widths=(0.02, 1.0), bands=(1.01, 20.0), slow=1.5),
    st.floats(0.2, 5.0),
)
def test_scaling_of_the_static_lattice(case, length):
    """Lengths times s and the mass over s^2 leave the motion the same."""
    system, speed = case
    scaled = replace(system.interaction, width=length * system.interaction.width)
    chain = stretched(system.chain, length)
    assume(0.011 < system.mass / length**2 < 99.0)
    other = ct.System(chain, scaled, system.mass / length**2)
    for name in ("single_pass_dissipation", "mean_dissipation"):
        one = allowed_or_refused(getattr(system, name), speed, approximation="static-lattice")
        two = allowed_or_refused(getattr(other, name), length * speed, approximation="static-lattice")
        close(float(two), float(one) / length**2, 5e-8)


@cases(30)
@given(
    systems(
        names=["Gaussian", "Sech2", "Lorentzian", "GaussianMixture"], coupling=(0.3, 3.0), bands=(1.01, 20.0), slow=1.5
    )
)
def test_static_lattice_is_refused_exactly_below_the_capture_speed(case):
    system, speed = case
    least = system.speed_of_energy(mass_barrier(system))
    assume(abs(speed / least - 1.0) > 1e-3 if least else True)
    try:
        system.single_pass_dissipation(speed, approximation="static-lattice")
        assert speed > least
    except ValueError as error:
        # Above, only the cost or rounding may refuse it.
        assert ("capture speed" in str(error)) is (speed < least)


@cases(60)
@given(systems(names=["Gaussian", "Sech2", "Lorentzian", "SoftenedCoulomb", "Matern"], bands=(1.001, 100.0), slow=0.3))
def test_emitted_phonons_sum_to_the_mean(case):
    """The terms without any cutoff, of which all are computed, against the sum that leaves out the negligible ones."""
    system, speed = case
    terms = None
    try:
        terms = system.mean_dissipation_terms(speed)
    except ValueError:
        assume(False)
    close(float(system.mean_dissipation(speed)), float(terms.energy.sum()), 1e-13)


@cases(60)
@given(systems(names=["Gaussian", "Sech2"], coupling=(1e-8, 1e-6), bands=(1.01, 30.0), slow=0.5), st.floats(2.0, 50.0))
def test_validity_scales_with_the_coupling(case, times):
    """Without the energy lost, which is of second order, the estimate is proportional to the amplitude."""
    system, speed = case
    more = replace(system, interaction=replace(system.interaction, amplitude=times * system.interaction.amplitude))
    one, other = (allowed_or_refused(lambda s=s: s.validity(speed).value) for s in (system, more))
    assume(one > 0.1 and other > 0.1)
    lost = [float(s.validity(speed).energy_lost) for s in (system, more)]
    first, second = -math.log(float(one)) - lost[0], -math.log(float(other)) - lost[1]
    # The logarithm of a number next to 1.
    assert second == pytest.approx(times * first, rel=1e-6, abs=1e-13)


@cases(40)
@given(systems(slow=0.3), st.floats(0.3, 3.0), st.floats(0.1, 50.0))
def test_heat_and_another_unit_of_frequency(case, unit, heat):
    """Fluctuation and dissipation; a frequency so many times as high, at as many times the speed: A falls like its square."""
    system, speed = case
    loss = float(allowed_or_refused(system.single_pass_dissipation, speed))
    assume(loss > 1e-280)
    close(float(system.loss_variance(speed, heat, "classical")), 2.0 * heat * loss, 1e-12)
    other = replace(system, chain=stretched(system.chain, unit=unit))
    close(unit**2 * float(other.single_pass_dissipation(unit * speed)), loss, 1e-11)
    heated = float(other.loss_variance(unit * speed, unit * heat, "quantum"))
    close(unit * heated, float(system.loss_variance(speed, heat, "quantum")), 1e-11)


def limit(sums):
    """The value on which sums over ever finer equidistant points settle, which are exponentially accurate."""
    before = math.inf
    for value in sums:
        if abs(value - before) <= 1e-12 * abs(value):
            return value
        before = value
    assume(False)


@cases(15)
@given(
    systems(
        names=["Gaussian", "Sech2", "Lorentzian"], widths=(0.05, 5.0), bands=(1.01, 30.0), slow=0.5, damping=(0.01, 3.0)
    )
)
def test_damped_losses_are_sums_over_equidistant_points(case):
    """Integrals over the whole line of functions analytic in a strip: Eq. 10 in x; in a single pass nu, and theta."""
    system, speed = case
    chain, gamma, c = system.chain, system.chain.damping, speed / system.chain.spacing
    assume(gamma and exponent(system, speed) < 300.0)

    def taken(nu, square):
        pulse = 8.0 * math.pi**4 * (nu * system.interaction.transform(2.0 * math.pi * nu / speed)) ** 2 / speed**4
        return pulse * gamma * nu**2 / ((square - nu * nu) ** 2 + (gamma * nu) ** 2) / math.pi

    # The transform of the widest of them is 1e-16 of its peak at k width = 40.
    farthest = 40.0 / system.interaction.width * speed / (2.0 * math.pi) + 3.0 * chain.band[1]
    steps = [farthest / count for count in (2**k for k in range(10, 19))]

    def steady(step):
        nu = step * (np.arange(farthest / step) + 0.5)
        return 2.0 * step * float(np.sum(taken(nu, squared(chain, np.sin, math.pi * nu / c))))

    close(float(allowed_or_refused(system.mean_dissipation, speed)), limit(map(steady, steps)), 1e-10)

    def single(step):
        nu, count = step * (np.arange(farthest / step) + 0.5), round(0.02 * farthest / step)
        theta = (np.arange(count) + 0.5) * (math.pi / (2 * count))
        return 2.0 * step * float(np.sum(np.mean(taken(nu[:, None], squared(chain, np.sin, theta)), axis=1)))

    if gamma > 0.1 * chain.band[1]:
        close(float(allowed_or_refused(system.single_pass_dissipation, speed)), limit(map(single, steps[:5])), 1e-10)
