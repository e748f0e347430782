"""The next order in the interaction: recoil of the chain masses and variation of the particle's speed.

Eqs. (6) and (10) take the force of a particle at constant speed on masses at rest, and are of second order in the
amplitude of the interaction. The next order is odd in the amplitude: it is what distinguishes a repulsive from an
attractive interaction. It needs the force to second order,

    F(tau) = Phi'(v tau) - Phi''(v tau) D(tau),

where D = R - s is the displacement R of the mass less that of the particle, s, from uniform motion, both driven by the
force of first order. Only the part of the response in phase with the force counts (the dispersive part of the
Green's functions); the part that radiates shifts the phase of the pulse, and enters at the fourth order.

The *single pass* is that of a particle that comes from far with the speed v and interacts with one mass of an
infinite chain at rest. In the *steady state* it passes all masses with the mean speed v. An even interaction
throughout.

>>> force_spectrum(omega, sp.Integer(0))
0
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from .checks import Approaches, Integrands, Reduce
from .lattice import band_squared, dynamical_operator
from .ledger import Step, claim, equal, states
from .motion import mode_energy, units_chain, units_particle
from .notation import (
    amplitude,
    damping,
    growth_rate,
    harmonic,
    lag,
    mass,
    masses,
    offset,
    omega,
    omega_fast,
    phi,
    resolvent_p,
    resolvent_q,
    response,
    response_frequency,
    site,
    spacing,
    speed,
    t,
    theta,
    time,
    u,
    width,
    x,
)
from .potentials import gaussian as gaussian_transform
from .potentials import transform, transform_gaussian
from .single_pass import band_average, fast_limit, loss_per_mode, single_pass
from .steady_state import band_continued, mean_dissipation
from .trapping import above, below, response_above, response_below

__all__ = [
    "force_spectrum",
    "inverse_response",
    "inverse_response_of",
    "mixing",
    "speed_variation_gaussian",
    "stiffness_spectrum",
]

w = response_frequency
period = spacing / speed  # T
growing = sp.I * growth_rate * period / (2 * sp.pi)  # the shift z of a perturbation that grows like exp(nu tau)
Phi = sp.Function("Phi")
displaced = sp.Function("D")  # of the mass less that of the particle
force = sp.Function("F")
in_phase = sp.Function("q")  # minus the imaginary part of the force's second order
contribution = sp.Function("w_3")  # of one root of the resonance condition, at third order
principal_value = sp.Function(r"\mathrm{PV}")
Delta = sp.Function("Delta_3")
Transform = Callable[[sp.Expr], sp.Expr]


def force_spectrum(frequency: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return 2 pi w transform/v^2: i times the spectrum of the force Phi'(v tau) of first order, odd in w.

    In energy time/length; the transform is that at the wave number 2 pi w/v.

    >>> force_spectrum(-omega, sp.Integer(1)) + force_spectrum(omega, sp.Integer(1))
    0
    """
    return 2 * sp.pi * frequency * transform_value / speed**2


def stiffness_spectrum(frequency: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return (2 pi w)^2 transform/v^3: minus the spectrum of the stiffness Phi''(v tau), even in w.

    In energy time/length^2; the transform is that at the wave number 2 pi w/v.

    >>> stiffness_spectrum(sp.Integer(0), sp.Integer(1))
    0
    """
    return (2 * sp.pi * frequency) ** 2 * transform_value / speed**3


def mixing(out: sp.Expr, within: sp.Expr, shape: Transform = transform) -> sp.Expr:
    """Return (K(a - b) - K(a + b)) f(b), by which a response at the frequency b drives the frequency a.

    K is the spectrum of the stiffness and f that of the force; even in b.

    >>> mixing(omega, sp.Integer(0)) == 0
    True
    """
    wavenumber = lambda frequency: 2 * sp.pi * frequency / speed  # noqa: E731
    kicks = [stiffness_spectrum(frequency, shape(wavenumber(frequency))) for frequency in (out - within, out + within)]
    return (kicks[0] - kicks[1]) * force_spectrum(within, shape(wavenumber(within)))


def inverse_response_of(squared: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """Return Lambda(x) = omega^2 - w^2 - i gamma w, w = (v/alpha) (x + z), of a chain with any omega^2 and damping.

    >>> inverse_response_of(sp.Integer(1), -x)
    1
    """
    frequency = speed / spacing * (x + shift)
    return squared - frequency**2 - sp.I * damping * frequency


def inverse_response(shift: sp.Expr) -> sp.Expr:
    """Return Lambda(x) = 1 + (omega_fast^2 - 1) sin^2(pi x) - (v/alpha)^2 (x + z)^2, in units of Omega_slow^2.

    The force on a mass over its displacement, when both travel with the particle.

    >>> inverse_response(sp.Integer(0)).subs(x, 0)
    1
    """
    return inverse_response_of(band_squared(sp.pi * x), shift).subs(damping, 0)


def dawson(argument: sp.Expr) -> sp.Expr:
    """Return Dawson's integral exp(-x^2) int_0^x exp(y^2) dy."""
    return sp.sqrt(sp.pi) / 2 * sp.exp(-(argument**2)) * sp.erfi(argument)


def speed_variation_gaussian() -> sp.Expr:
    """Return the particle's part of the in-phase force at the frequency omega, for a Gaussian and a single pass.

    With a = k lambda/2, k = 2 pi omega/v, and Dawson's integral D: 8 pi^(7/2) Phi0^2 lambda omega/(mu v^4)
    exp(-a^2) (3/2 - 4 a D(a)), in energy time/length.

    >>> speed_variation_gaussian().subs(mass, sp.oo)
    0
    """
    a = sp.pi * omega * width / speed
    return (
        8
        * sp.pi ** sp.Rational(7, 2)
        * amplitude**2
        * width
        * omega
        / (mass * speed**4)
        * sp.exp(-(a**2))
        * (sp.Rational(3, 2) - 4 * a * dawson(a))
    )


def even(distance: sp.Expr) -> sp.Expr:
    """An even interaction: any function h of the distance squared."""
    return sp.Function("h")(distance**2)


@states(
    "force_to_second_order",
    "beyond the paper",
    "The force on a mass that is displaced by eps D against the particle is Phi'(v tau) - eps Phi''(v tau) D, "
    "for an even interaction, Phi(u) = h(u^2).",
    equal(force(t), even(speed * t).diff(t) / speed - offset * even(speed * t).diff(t, 2) / speed**2 * displaced(t)),
    parents=[units_chain, units_particle],
)
def second_order_force(formula: sp.Basic) -> list[Step]:
    """The distance is eps D - v tau; differentiate minus the slope of the interaction there."""
    slope = -even(u).diff(u).subs(u, offset * displaced(t) - speed * t).doit()
    claimed = formula.rhs
    return [
        claim(slope.subs(offset, 0).doit(), claimed.subs(offset, 0)).by(
            "no displacement", Reduce("evaluate", "expand")
        ),
        claim(slope.diff(offset).subs(offset, 0).doit(), claimed.diff(offset)).by(
            "first order in the displacement", Reduce("evaluate", "expand")
        ),
        claim(claimed.diff(offset, 2), 0).by("and no more", Reduce("expand")),
    ]


@states(
    "force_spectrum",
    "above Eq. 6",
    "The spectrum of the force of first order, Phi'(v tau), is -i f(omega), f = 2 pi omega transform(2 pi "
    "omega/v)/v^2.",
    equal(
        sp.Integral(sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(speed * t).diff(t) / speed, (t, -sp.oo, sp.oo)),
        -sp.I * force_spectrum(omega, transform(2 * sp.pi * omega / speed)),
    ),
    parents=[second_order_force],
)
def spectrum_of_force(formula: sp.Basic) -> list[Step]:
    """Integrate by parts, and measure time by the distance u = v t."""
    (integral,) = formula.lhs.atoms(sp.Integral)
    wave = sp.exp(2 * sp.pi * sp.I * omega * t)
    turned = -2 * sp.pi * sp.I * omega / speed * wave * Phi(speed * t)
    k = 2 * sp.pi * omega / speed
    return [
        claim(
            formula.lhs.coeff(integral) * integral.function, sp.Derivative(wave * Phi(speed * t), t) / speed + turned
        ).by("integrate by parts (the boundary term vanishes)", Reduce("evaluate", "expand")),
        claim(
            sp.Integral(turned, (t, -sp.oo, sp.oo)),
            sp.Integral(formula.rhs.subs(transform(k), Phi(u) * sp.exp(sp.I * k * u)), (u, -sp.oo, sp.oo)),
        ).by("u = v t; what remains is the interaction's transform", Integrands("expand", change=(t, u / speed, u))),
    ]


@states(
    "stiffness_spectrum",
    "beyond the paper",
    "The spectrum of the stiffness, Phi''(v tau), is -K(omega), K = (2 pi omega)^2 transform(2 pi omega/v)/v^3.",
    equal(
        sp.Integral(sp.exp(2 * sp.pi * sp.I * omega * t) * Phi(speed * t).diff(t, 2) / speed**2, (t, -sp.oo, sp.oo)),
        -stiffness_spectrum(omega, transform(2 * sp.pi * omega / speed)),
    ),
    parents=[spectrum_of_force],
)
def spectrum_of_stiffness(formula: sp.Basic) -> list[Step]:
    """By parts once more: the spectrum of the force gets the factor -2 pi i omega/v."""
    (integral,) = formula.lhs.atoms(sp.Integral)
    (first,) = spectrum_of_force.formula.lhs.atoms(sp.Integral)
    wave = sp.exp(2 * sp.pi * sp.I * omega * t)
    factor = -2 * sp.pi * sp.I * omega / speed
    return [
        claim(
            formula.lhs.coeff(integral) * integral.function,
            sp.Derivative(wave * Phi(speed * t).diff(t), t) / speed**2 + factor * first.function,
        ).by("integrate by parts (the boundary term vanishes)", Reduce("evaluate", "expand")),
        claim(factor * spectrum_of_force.formula.rhs, formula.rhs).by("the spectrum of the force", Reduce("expand")),
    ]


@states(
    "pulse_modulated",
    "beyond the paper",
    "A displacement exp(-2 pi i w tau) under the pulse of stiffness drives the frequency omega by the stiffness "
    "spectrum at omega - w.",
    equal(
        -sp.exp(2 * sp.pi * sp.I * omega * t) * displaced(t) * Phi(speed * t).diff(t, 2),
        -sp.exp(2 * sp.pi * sp.I * (omega - w) * t) * Phi(speed * t).diff(t, 2),
    ),
    parents=[second_order_force, spectrum_of_stiffness],
)
def modulated(formula: sp.Basic) -> list[Step]:
    """The integrand of the spectrum at omega is that of the stiffness at omega - w; f is odd and K even."""
    k = lambda frequency: stiffness_spectrum(frequency, transform(sp.Abs(2 * sp.pi * frequency / speed)))  # noqa: E731
    f = lambda frequency: force_spectrum(frequency, transform(sp.Abs(2 * sp.pi * frequency / speed)))  # noqa: E731
    folded = (k(omega - w) - k(omega + w)) * f(w)
    return [
        claim(formula.lhs.subs(displaced(t), sp.exp(-2 * sp.pi * sp.I * w * t)), formula.rhs).by(
            "insert the displacement", Reduce("expand", "powers")
        ),
        claim(k(omega - w) * f(w) + k(omega + w) * f(-w), folded).by(
            "the frequencies w and -w together, as the response is even", Reduce("expand")
        ),
        claim(folded.replace(sp.Abs, lambda argument: argument), mixing(omega, w)).by(
            "(K(omega - w) - K(omega + w)) f(w), the transform being even", Reduce("expand")
        ),
    ]


@states(
    "phonon_energy_to_third_order",
    "beyond the paper",
    "A phonon takes, besides 2 pi^2 f^2, the energy 4 pi^2 f q at the next order, q being minus the imaginary part of "
    "the spectrum of the force of second order: only a response in phase with the force counts.",
    equal(
        sp.Function("A_3")(omega),
        4 * sp.pi**2 * force_spectrum(omega, transform(2 * sp.pi * omega / speed)) * in_phase(omega),
    ),
    parents=[mode_energy, spectrum_of_force],
)
def phonon_energy(formula: sp.Basic) -> list[Step]:
    """The energy |2 pi F|^2/2 of the spectrum F = -i eps f + eps^2 (p - i q), sorted by powers of eps."""
    f = force_spectrum(omega, transform(2 * sp.pi * omega / speed))
    real, imaginary = offset**2 * sp.Function("p")(omega), -offset * f - offset**2 * in_phase(omega)
    energy = sp.expand((2 * sp.pi) ** 2 * (real**2 + imaginary**2) / 2)
    return [
        claim(energy.coeff(offset, 2), loss_per_mode(omega**2, transform(2 * sp.pi * omega / speed))).by(
            "second order: the integrand of Eq. (6)", Reduce("expand")
        ),
        claim(energy.coeff(offset, 3), formula.rhs).by("third order: p does not occur", Reduce("expand")),
    ]


def retarded() -> list[Step]:
    """A response that follows its cause has the denominator shifted by i 0: its real part is a principal value."""
    shift = 1 / masses
    part = sp.integrate(u / (u**2 + shift**2), (u, -1, 2))
    return [
        claim(sp.re(1 / (u - sp.I * shift)), u / (u**2 + shift**2)).by(
            "the real part of the response near a pole", Reduce("real part", "phase factors", "common denominator")
        ),
        claim(part, sp.log(2)).by(
            "over an interval about it, the principal value as the shift vanishes",
            Approaches("Sokhotski and Plemelj", masses, 16, 2),
        ),
    ]


@states(
    "response_in_the_band",
    "beyond the paper",
    "Inside the band no part of the response of a mass is in phase with the force on it: the principal value of the "
    "band average of 1/(omega(theta)^2 - omega^2) is 0.",
    equal(
        principal_value(
            sp.Integral(
                1 / (resolvent_q * sp.sin(theta) ** 2 - resolvent_p * sp.cos(theta) ** 2), (theta, 0, sp.pi / 2)
            )
        ),
        0,
    ),
    parents=[below, above],
)
def response_in_band(formula: sp.Basic) -> list[Step]:
    """The antiderivative, a logarithm of a square and so even about the pole, has one value at both ends."""
    (integral,) = formula.lhs.atoms(sp.Integral)
    ((_, low, high),) = integral.limits
    down, up = sp.sqrt(resolvent_q) * sp.sin(theta), sp.sqrt(resolvent_p) * sp.cos(theta)
    antiderivative = sp.log(((down - up) / (down + up)) ** 2) / (4 * sp.sqrt(resolvent_p * resolvent_q))
    edges = {resolvent_p: omega**2 - 1, resolvent_q: omega_fast**2 - omega**2}
    return [
        claim(1 / (band_squared(theta) - omega**2), integral.function.subs(edges)).by(
            "the edges lie on different sides of omega",
            Reduce("common denominator", "squares of the cosine", "common denominator"),
        ),
        claim(antiderivative.diff(theta), integral.function).by(
            "differentiate the antiderivative",
            Reduce("common denominator", "squares of the cosine", "common denominator"),
        ),
        claim(antiderivative.subs(theta, high) - antiderivative.subs(theta, low), formula.rhs).by(
            "its rise over the band", Reduce("evaluate")
        ),
        *retarded(),
    ]


@states(
    "in_phase_force_single_pass",
    "beyond the paper",
    "Single pass: the force of second order, in phase, from the recoil of the mass at frequencies below (sin phi) and "
    "above (omega_fast/sin phi) the band, and from the variation of the particle's speed at all frequencies w.",
    equal(
        in_phase(omega),
        sp.Integral(
            (mixing(omega, sp.sin(phi)) - mixing(omega, omega_fast / sp.sin(phi)))
            / sp.sqrt(omega_fast**2 - sp.sin(phi) ** 2),
            (phi, 0, sp.pi / 2),
        )
        - sp.Integral(mixing(omega, w) / (mass * w**2), (w, 0, sp.oo)),
    ),
    parents=[modulated, below, above, response_in_band, units_particle],
)
def in_phase_single_pass(formula: sp.Basic) -> list[Step]:
    """The response of the mass less that of the particle; each half line outside the band as a quarter turn."""
    root = sp.sqrt(omega_fast**2 - sp.sin(phi) ** 2)
    slow, fast = sp.sin(phi), omega_fast / sp.sin(phi)
    wave = sp.exp(-2 * sp.pi * sp.I * w * time)
    moved = wave / (mass * w**2)
    recoil = sp.Integral((mixing(omega, slow) - mixing(omega, fast)) / root, (phi, 0, sp.pi / 2))
    return [
        claim((response_below().subs(omega, slow) * slow.diff(phi)) ** 2, 1 / root**2).by(
            "below the band w = sin phi, the square of response times dw/dphi",
            Reduce("common denominator", "squares of the cosine", "common denominator"),
        ),
        claim((response_above().subs(omega, fast) * fast.diff(phi)) ** 2, 1 / root**2).by(
            "above the band w = omega_fast/sin phi, in opposite phase",
            Reduce("common denominator", "squares of the cosine", "common denominator"),
        ),
        claim(moved.diff(time, 2), -((2 * sp.pi) ** 2) / mass * wave).by(
            "Newton's third law: the particle is moved against the mass", Reduce("expand")
        ),
        claim(formula.rhs, recoil - sp.Integral(mixing(omega, w) * moved / wave, (w, 0, sp.oo))).by(
            "the difference of the two responses", Reduce("expand")
        ),
    ]


@states(
    "third_order_single_pass",
    "beyond Eq. 6",
    "The dissipation of a single pass at third order in the interaction is the band average of 4 pi^2 f q.",
    equal(Delta(speed), band_average(phonon_energy.formula.rhs.subs(omega, sp.sqrt(band_squared(theta))))),
    parents=[single_pass, phonon_energy, in_phase_single_pass],
)
def third_order_single_pass(formula: sp.Basic) -> list[Step]:
    """As Eq. (6), with the next term of the energy of a phonon."""
    (integral,) = formula.rhs.atoms(sp.Integral)
    q = in_phase(sp.sqrt(band_squared(theta)))
    second = loss_per_mode(band_squared(theta), transform(2 * sp.pi * sp.sqrt(band_squared(theta)) / speed))
    f = force_spectrum(sp.sqrt(band_squared(theta)), transform(2 * sp.pi * sp.sqrt(band_squared(theta)) / speed))
    return [
        claim(formula.rhs, band_average(4 * sp.pi**2 * f * q)).by("average over the band", Integrands("expand")),
        claim(integral.function / second, 2 * q / f).by(
            "the contribution of a phonon changes by 2 q/f", Reduce("common denominator")
        ),
    ]


pure = sp.exp(-(w**2) / 2) / w  # w and q in units of v/(2 pi lambda)


@states(
    "gaussian_speed_variation_integral",
    "beyond the paper",
    "The Gaussian's pulse of stiffness, driven by its own impulse, in closed form.",
    equal(
        sp.Integral(
            (
                (resolvent_q - w) ** 2 * sp.exp(-((resolvent_q - w) ** 2) / 2)
                - (resolvent_q + w) ** 2 * sp.exp(-((resolvent_q + w) ** 2) / 2)
            )
            * pure,
            (w, 0, sp.oo),
        ),
        sp.pi * resolvent_q**2 * sp.exp(-(resolvent_q**2) / 2) * sp.erfi(resolvent_q / 2)
        - sp.Rational(3, 2) * sp.sqrt(sp.pi) * resolvent_q * sp.exp(-(resolvent_q**2) / 4),
    ),
)
def gaussian_integral(formula: sp.Basic) -> list[Step]:
    """Everything follows from M(q) = int sinh(q w) exp(-w^2)/w dw, whose derivative is a Gaussian integral."""
    q = resolvent_q
    (integral,) = formula.lhs.atoms(sp.Integral)
    sinh = sp.sinh(q * w) * sp.exp(-(w**2)) / w
    m = sp.pi / 2 * sp.erfi(q / 2)
    bell = sp.exp(q**2 / 4) / 2
    return [
        claim(
            formula.lhs.coeff(integral) * integral.function * sp.exp(q**2 / 2),
            2 * q**2 * sinh - 4 * q * sinh.diff(q) + 2 * sinh.diff(q, 2),
        ).by("sort by sinh and cosh", Reduce("hyperbolic", "exponentials")),
        claim(sinh.diff(q), bell * (sp.exp(-((w - q / 2) ** 2)) + sp.exp(-((w + q / 2) ** 2)))).by(
            "the derivative of M: two halves of one Gaussian", Reduce("hyperbolic", "exponentials")
        ),
        claim(bell * sp.Integral(sp.exp(-(u**2)), (u, -sp.oo, sp.oo)), m.diff(q)).by(
            "its integral", Reduce("evaluate", "expand")
        ),
        claim(m.subs(q, 0), 0).by("M vanishes at q = 0", Reduce()),
        claim(formula.rhs * sp.exp(q**2 / 2), 2 * q**2 * m - 4 * q * m.diff(q) + 2 * m.diff(q, 2)).by(
            "insert M", Reduce("expand", "powers")
        ),
    ]


@states(
    "speed_variation_gaussian",
    "beyond the paper",
    "Single pass, Gaussian interaction: the part of the in-phase force that stems from the variation of the speed.",
    equal(
        -sp.Integral(mixing(omega, w, transform_gaussian) / (mass * w**2), (w, 0, sp.oo)), speed_variation_gaussian()
    ),
    parents=[in_phase_single_pass, gaussian_transform, gaussian_integral],
)
def speed_variation(formula: sp.Basic) -> list[Step]:
    """Measure frequencies in units of v/(2 pi lambda)."""
    (integral,) = formula.lhs.atoms(sp.Integral)
    (lemma,) = gaussian_integral.formula.lhs.atoms(sp.Integral)
    unit = speed / (2 * sp.pi * width)
    q = omega / unit
    factor = -4 * sp.pi**2 * amplitude**2 / (mass * speed**3)
    return [
        claim(
            (formula.lhs.coeff(integral) * integral.function).subs(w, w * unit) * unit,
            factor * lemma.function.subs(resolvent_q, q),
        ).by("the integrand, times the unit", Reduce("expand", "powers", "expand")),
        claim(formula.rhs, factor * gaussian_integral.formula.rhs.subs(resolvent_q, q)).by(
            "the closed form", Reduce("expand", "powers", "expand")
        ),
    ]


@states(
    "third_order_fast_limit",
    "beyond Eq. 8",
    "Single pass, Gaussian interaction: for v to infinity the third order is 6 sqrt(2) pi^2 (1 + 1/mu) Phi0/v^2 of the "
    "second, Eq. (8). While the particle passes, mass and particle move as if both were free.",
    equal(
        Delta(speed),
        6 * sp.sqrt(2) * sp.pi**2 * (1 + 1 / mass) * amplitude / speed**2 * fast_limit.formula.rhs,
    ),
    parents=[third_order_single_pass, speed_variation, fast_limit],
    relation=r"\sim",
)
def third_order_fast(formula: sp.Basic) -> list[Step]:
    """The pulse has frequencies up to v/lambda, far above the band: each response is that of a free body."""
    phonon = sp.sqrt(band_squared(theta))
    q = (1 + mass) * speed_variation_gaussian().subs(omega, offset * omega).diff(offset).subs(offset, 0)
    free = 12 * sp.pi ** sp.Rational(7, 2) * amplitude**2 * width * (1 + 1 / mass) * omega / speed**4
    energy = 4 * sp.pi**2 * force_spectrum(omega, transform_gaussian(sp.Integer(0))) * free
    return [
        claim(1 / (omega**2 * response_above()) ** 2, (1 - 1 / omega**2) * (1 - omega_fast**2 / omega**2)).by(
            "a mass far above the band responds by -1/omega^2, mu times as much as the particle",
            Reduce("expand", "common denominator"),
        ),
        claim(q, free).by(
            "so that recoil and variation of the speed have one form; the phonons are slow", Reduce("expand")
        ),
        claim(band_average(energy.subs(omega, phonon)), formula.rhs).by(
            "the band average of 4 pi^2 f q, in which omega^2 has the mean (1 + omega_fast^2)/2",
            Reduce("evaluate", "expand"),
        ),
    ]


@states(
    "travelling_wave_response",
    "beyond the paper",
    "A force exp(nu tau) exp(-2 pi i x (tau/T - l)) on each mass l, T = alpha/v, displaces it by as much over "
    "Lambda(x) with the shift z = i nu T/(2 pi): the growth rate changes the frequency, not the phase between "
    "neighbours. Without growth the zeros of Lambda are the roots of the resonance condition.",
    equal(response, 1 / inverse_response(growing)),
    parents=[units_chain, mean_dissipation],
)
def travelling_response(formula: sp.Basic) -> list[Step]:
    """Insert the wave in Newton's law; without growth compare the zeros and the slope there with Eq. (10)."""
    # The wave of mass l is e^(nu tau) times that of mass 0, l transit times later.
    moving = lambda number: sp.exp(growth_rate * time - 2 * sp.pi * sp.I * x * (time / period - number))  # noqa: E731
    phase = lambda number: sp.exp(2 * sp.pi * sp.I * x * number)  # noqa: E731
    inertia = sp.expand(moving(site).diff(time, 2) / (2 * sp.pi) ** 2 / moving(site))
    steady, frequency, at_root = (1 / formula.rhs).subs(growth_rate, 0), band_continued(), x / period
    return [
        claim(moving(site + 1) / moving(site), phase(1)).by(
            "from a mass to the next: a phase alone", Reduce("expand", "powers")
        ),
        claim(inertia + sp.expand(dynamical_operator(phase, 0)), 1 / formula.rhs).by(
            "Newton's law, divided by the wave", Reduce("expand", "trigonometry")
        ),
        claim(steady, (frequency - at_root) * (frequency + at_root)).by(
            "no growth, the steady state: zero where omega(x) = x v/alpha", Reduce("expand")
        ),
        claim(steady.diff(x) + 2 * at_root / period, 2 * frequency * frequency.diff(x)).by(
            "the slope: -2 omega (v/alpha) (1 - alpha omega'/v) there", Reduce("expand")
        ),
    ]


def travelling(frequency: sp.Expr) -> sp.Expr:
    """Return Lambda of the steady state at a frequency w, where x is w T."""
    return inverse_response(sp.Integer(0)).subs(x, frequency * period)


@states(
    "in_phase_force_steady",
    "beyond the paper",
    "Steady state: the force of second order, in phase. The recoil contributes at all frequencies, the variation of "
    "the speed at the multiples of v/alpha.",
    equal(
        in_phase(omega),
        principal_value(sp.Integral(mixing(omega, w) / travelling(w), (w, 0, sp.oo)))
        - sp.Sum(
            mixing(omega, harmonic * speed / spacing) * spacing / (speed * mass * harmonic**2), (harmonic, 1, sp.oo)
        ),
    ),
    parents=[modulated, travelling_response, units_particle],
)
def in_phase_steady(formula: sp.Basic) -> list[Step]:
    """The pulses of all masses are a Fourier series of period T = alpha/v; its mean is balanced by the bias."""
    wave = sp.exp(-2 * sp.pi * sp.I * harmonic * time / period)
    moved = wave * period / (mass * harmonic**2)
    steady = travelling_response.formula.rhs.subs({growth_rate: 0, x: w * period})
    return [
        claim(wave.subs(time, time + lag * period), wave).by(
            "every mass drives this harmonic alike: its coefficient is the spectrum over T", Reduce("expand", "powers")
        ),
        claim(moved.diff(time, 2), -((2 * sp.pi) ** 2) / mass * wave / period).by(
            "Newton's third law: the particle is moved against the masses", Reduce("expand")
        ),
        claim(
            formula.rhs,
            principal_value(sp.Integral(mixing(omega, w) * steady, (w, 0, sp.oo)))
            - sp.Sum(mixing(omega, harmonic / period) * moved / wave, (harmonic, 1, sp.oo)),
        ).by("the difference of the two responses", Reduce("expand")),
        *retarded(),
    ]


@states(
    "third_order_mean_dissipation",
    "beyond Eq. 10",
    "The mean dissipation at third order in the interaction: the phonon of each root of the resonance condition takes "
    "4 pi^2 f q over the Jacobian |1 - alpha omega'/v|.",
    equal(
        contribution(x),
        phonon_energy.formula.rhs.subs(omega, band_continued())
        / sp.Abs(1 - spacing * band_continued().diff(x) / speed),
    ),
    parents=[mean_dissipation, phonon_energy, in_phase_steady],
)
def third_order_mean(formula: sp.Basic) -> list[Step]:
    """In the steady state all pulses are alike, and Eq. (10) holds for any pulse: its term changes by 2 q/f."""
    q = in_phase(band_continued())
    f = force_spectrum(band_continued(), transform(2 * sp.pi * band_continued() / speed))
    return [
        claim(formula.rhs / mean_dissipation.formula.rhs, 2 * q / f).by(
            "the contribution of a phonon changes by 2 q/f", Reduce("same sign", "common denominator")
        )
    ]
