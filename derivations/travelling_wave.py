"""The exact steady drift: particle and chain as a travelling wave, and its stability.

In steady drift with the mean speed v every mass has the same history one transit time T = alpha/v after its neighbour,
and the particle moves uniformly but for a modulation s of period T:

    rho_n(tau) = n alpha + R(tau - n T),        sigma(tau) = v tau + s(tau).

One pulse of force on each mass, F = -Phi'(R - v tau - s), describes everything. With time in transit times, t = tau/T,
frequencies are x = q a/(2 pi), and transforms are F^(x) = int F exp(2 pi i x t) dt. A small perturbation of the steady
state that grows like exp(nu tau) obeys the same equations with x + z, z = i nu T/(2 pi), in place of x in the
frequencies, but not in the phases. Nothing is approximated: masses recoil, the speed varies, pulses may overlap.

>>> inverse_response(sp.Integer(0)).subs(x, 0)
1
"""

from __future__ import annotations

import sympy as sp

from .checks import Reduce
from .harmonic_chain import absorption, band_of_any, band_of_springs, damped_response, restoring_force, spring_band
from .lattice import band_squared
from .ledger import Step, claim, equal, states
from .motion import energy_conserved, units_chain, units_particle
from .notation import (
    bias,
    damping,
    growth_rate,
    harmonic,
    lag,
    mass,
    offset,
    response,
    site,
    sound,
    spacing,
    speed,
    t,
    time,
    well,
    x,
)  # fmt: skip
from .potentials import transform
from .steady_state import band_continued, mean_dissipation
from .third_order import force_spectrum, growing, inverse_response, inverse_response_of, period, travelling_response

__all__ = ["absorbed", "creep", "modulation", "radiated", "sound_energy", "sound_strain"]

displacement = sp.Function("R")  # of a mass
swing = sp.Function("s")  # of the particle from uniform motion
spectrum = sp.Function(r"\hat{F}")
modulated = sp.Function(r"\hat{s}")
energy = sp.Function("E")
wave = sp.Function("a")
pull = sp.Function("f")  # perturbation of the pulse of force
mass_shift, particle_shift = sp.Function("Q"), sp.Function("p")
drift_of_root = sp.Function("X")  # a root of the resonance condition, as a function of a small shift


def modulation(number: sp.Expr, shift: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return T^2 F^(k)/(mu (k + z)^2): the k-th Fourier coefficient of the particle's displacement, a length.

    >>> modulation(sp.Integer(2), sp.Integer(0), sp.Integer(0))
    0
    """
    return period**2 * transform_value / (mass * (number + shift) ** 2)


def absorbed(mode: sp.Expr, transform_value: sp.Expr) -> sp.Expr:
    """Return 4 pi x Im(1/Lambda(x)) |F^(x)|^2, what the damping takes per pass at the wave numbers x and -x, per dx.

    >>> absorbed(1, sp.Integer(0))
    0
    """
    return 4 * sp.pi * spacing / speed * absorption(speed / spacing * x, mode) * sp.Abs(transform_value) ** 2


def sound_strain() -> sp.Expr:
    """Return 2 pi^2/(s (s - c)), the strain ahead of a particle slower than sound, per transit and F^(0).

    >>> sound_strain().subs({sound: 2, speed: 1, spacing: 1})
    pi**2
    """
    return 2 * sp.pi**2 / (sound * (sound - speed / spacing))


def creep(mean_force: sp.Expr) -> sp.Expr:
    """Return 2 pi^2 F^(0)/s: the velocity of the masses around a particle slower than sound.

    >>> creep(sp.Integer(0))
    0
    """
    return 2 * sp.pi**2 * mean_force / sound


def sound_energy(mean_force: sp.Expr, *, faster: bool) -> sp.Expr:
    """Return what the sound takes per pass: 2 pi^2 F^(0)^2 c/(s (s^2 - c^2)), or 2 pi^2 F^(0)^2/(c^2 - s^2) if c > s.

    >>> sound_energy(sp.Integer(0), faster=True)
    0
    """
    c = speed / spacing
    squared = 2 * sp.pi**2 * mean_force**2
    return squared / (c**2 - sound**2) if faster else squared * c / (sound * (sound**2 - c**2))


def inverse_of_sound(shift: sp.Expr) -> sp.Expr:
    """Lambda next to x = 0 in a chain without wells, whose omega is the speed of sound times x."""
    return inverse_response_of((sound * x) ** 2, shift).subs(damping, 0)


def radiated(transform_value: sp.Expr) -> sp.Expr:
    """Return 4 pi^2 x |F^|^2/|Lambda'(x)|: the energy that the phonon at a root x > 0 carries off per pass.

    >>> radiated(sp.Integer(0))
    0
    """
    return 4 * sp.pi**2 * x * sp.Abs(transform_value) ** 2 / sp.Abs(inverse_response(sp.Integer(0)).diff(x))


@states(
    "travelling_wave_distance",
    "beyond the paper",
    "In steady drift the distance of a mass from the particle is R(t) - v t - s(t) at t = tau - l T, for every mass l: "
    "one pulse of force describes all.",
    equal(
        sp.Function("d")(site, time),
        displacement(time - site * period) - speed * (time - site * period) - swing(time - site * period),
    ),
    parents=[units_chain, units_particle],
)
def travelling_distance(formula: sp.Basic) -> list[Step]:
    """The position of the mass less that of the particle; v T = alpha, and s has the period T."""
    place = site * spacing + displacement(time - site * period)
    particle = speed * time + swing(time - site * period)  # s(tau) = s(tau - l T)
    return [
        claim(place - particle, formula.rhs).by("insert the travelling wave", Reduce("expand")),
        claim(
            sp.exp(-2 * sp.pi * sp.I * lag * (time - site * period) / period),
            sp.exp(-2 * sp.pi * sp.I * lag * time / period),
        ).by("s(tau - l T) = s(tau) for each of its harmonics", Reduce("expand", "powers")),
    ]


@states(
    "travelling_wave_particle",
    "beyond the paper",
    "The k-th harmonic of the particle's displacement is T^2 F^(k)/(mu (k + z)^2), F^ being the transform of the pulse "
    "on one mass; in the steady state, z = 0, it is T^2 F^(k)/(mu k^2).",
    equal(modulated(harmonic), modulation(harmonic, growing, spectrum(harmonic))),
    parents=[units_particle, travelling_distance],
)
def travelling_particle(formula: sp.Basic) -> list[Step]:
    """Newton's third law, for the harmonic that the pulses on all masses drive alike."""
    turning = lambda at: sp.exp(growth_rate * at - 2 * sp.pi * sp.I * harmonic * at / period)  # noqa: E731
    moved = formula.rhs * turning(time)
    return [
        claim(turning(time - lag * period) * sp.exp(growth_rate * lag * period), turning(time)).by(
            "every mass drives this harmonic alike: its coefficient is the transform", Reduce("expand", "powers")
        ),
        claim(moved.diff(time, 2), -((2 * sp.pi) ** 2) / mass * spectrum(harmonic) * turning(time)).by(
            "the reaction on the particle accelerates it", Reduce("expand", "common denominator", "expand")
        ),
    ]


@states(
    "travelling_wave_bias",
    "beyond the paper",
    "Balance of momentum: the bias that sustains the speed is alpha F^(0); it is the mean dissipation per pass.",
    equal(bias, spacing * spectrum(0)),
    parents=[units_particle, travelling_particle, energy_conserved],
)
def travelling_bias(formula: sp.Basic) -> list[Step]:
    """The mean acceleration of the particle vanishes; the work of the bias over one spacing is the bias."""
    acceleration = (2 * sp.pi) ** 2 / mass * (bias / spacing - spectrum(0))
    return [
        claim(acceleration.subs(bias, formula.rhs), 0).by("no mean acceleration", Reduce("expand")),
        claim(formula.rhs / spacing * speed * period, spacing * spectrum(0)).by(
            "force times the mean speed times the transit time", Reduce("expand")
        ),
    ]


@states(
    "travelling_wave_radiation_condition",
    "beyond the paper",
    "A response that does not precede its force has a shift z with Im z > 0. It moves a root of the resonance "
    "condition by c/(omega' - c) z, c = v/alpha: above the real axis, so that the phonon runs ahead, where the group "
    "velocity exceeds the speed, and below where it does not.",
    equal(drift_of_root(offset).diff(offset), speed / spacing / (band_continued().diff(x) - speed / spacing)),
    parents=[travelling_response],
)
def radiation_condition(formula: sp.Basic) -> list[Step]:
    """Differentiate Lambda(x + dx, dz) = 0 at a root, omega(x) = c x."""
    slope, c = inverse_response(offset), speed / spacing
    root = {speed: spacing * band_continued() / x}  # c x = omega(x)
    in_x, in_z = (slope.diff(symbol).subs(offset, 0) for symbol in (x, offset))
    moved = formula.rhs
    return [
        claim((in_x * moved + in_z).subs(root), 0).by(
            "Lambda stays 0", Reduce("expand", "common denominator", "trigonometry", "expand")
        ),
        claim(in_x.subs(root), (2 * c * x * (band_continued().diff(x) - c)).subs(root)).by(
            "Lambda' = 2 omega (omega' - c) at the root: positive where the group velocity is larger", Reduce("expand")
        ),
    ]


@states(
    "travelling_wave_of_any_chain",
    "beyond the paper",
    "In any harmonic chain whose masses have a damping gamma the response has the inverse Lambda(x) = omega(x)^2 - w^2 "
    "- i gamma w, w = (v/alpha) (x + z). Nothing else in the equations of the steady drift depends on the chain.",
    equal(response, 1 / inverse_response_of(band_of_any(x) ** 2, growing)),
    parents=[band_of_springs, damped_response, travelling_response],
)
def travelling_any(formula: sp.Basic) -> list[Step]:
    """Insert the wave in Newton's law of a chain with wells, one range of springs, and damping."""
    moving = lambda number: sp.exp(growth_rate * time - 2 * sp.pi * sp.I * x * (time / period - number))  # noqa: E731
    phase = lambda number: sp.exp(2 * sp.pi * sp.I * x * number)  # noqa: E731
    here = moving(site)
    inertia = here.diff(time, 2) / (2 * sp.pi) ** 2 + damping * here.diff(time) / (2 * sp.pi)
    one_range = well + spring_band(sp.pi * x)
    return [
        claim(
            sp.expand(inertia / here) + sp.expand(restoring_force(phase, 0)),
            (1 / formula.rhs).subs(band_of_any(x) ** 2, one_range),
        ).by("Newton's law, divided by the wave; several ranges of springs add up", Reduce("expand", "trigonometry")),
        claim(
            (1 / formula.rhs).subs({band_of_any(x) ** 2: band_squared(sp.pi * x), damping: 0}),
            inverse_response(growing),
        ).by("the paper's chain", Reduce("expand")),
    ]


@states(
    "travelling_wave_sound",
    "beyond the paper",
    "In a chain without wells and damping, with the speed of sound s (in spacings), the sound ahead of a slower "
    "particle has a residue that is a constant, growing like 1/nu, plus a strain: 2 pi^2 t/(s (s - c)), c = v/alpha. "
    "The constant is a uniform motion of all masses with the velocity 2 pi^2 F^(0)/s.",
    equal(wave(t), creep(sp.Integer(1)) / growth_rate + sound_strain() * t),
    parents=[travelling_any],
)
def travelling_sound(formula: sp.Basic) -> list[Step]:
    """The residue at the root next to 0, for a small growth rate."""
    c = speed / spacing
    root = c * offset / (sound - c)  # above the real axis for Im z > 0
    residue = 2 * sp.pi * sp.I / inverse_of_sound(offset).diff(x).subs(x, root)
    phase = -2 * sp.pi * sp.I * root * t
    return [
        claim(inverse_of_sound(offset).subs(x, root), 0).by("it is a root", Reduce("common denominator")),
        claim(residue + residue * phase, formula.rhs.subs(growth_rate, offset * 2 * sp.pi / (sp.I * period))).by(
            "the first two terms of the exponential; the others vanish with z = i nu T/(2 pi)",
            Reduce("common denominator"),
        ),
        claim(sp.cancel(formula.rhs * growth_rate).subs(growth_rate, 0), creep(sp.Integer(1))).by(
            "what grows like exp(nu tau)/nu has the slope exp(nu tau): the velocity",
            Reduce("expand", "common denominator"),
        ),
        claim(sound_strain() * c + creep(sp.Integer(1)), sound * sound_strain()).by(
            "ahead the velocity is s times the strain: u depends on s tau - n alone, as sound does",
            Reduce("expand", "common denominator"),
        ),
    ]


@states(
    "travelling_wave_sound_energy",
    "beyond the paper",
    "The mean force gives to the sound of a chain without wells, per pass and of fourth order in the interaction, "
    "2 pi^2 F^(0)^2 c/(s (s^2 - c^2)) below the speed of sound and 2 pi^2 F^(0)^2/(c^2 - s^2) above it.",
    equal(energy(0), sound_energy(spectrum(0), faster=False)),
    parents=[travelling_sound],
)
def energy_of_sound(formula: sp.Basic) -> list[Step]:
    """The work int F R' dt of a response of constant slope at t > 0, half of which counts, and of one at all t."""
    c = speed / spacing
    stiff = sp.cancel(inverse_of_sound(sp.Integer(0)) / x**2)
    behind = (-2 * sp.pi * sp.I * sp.exp(-2 * sp.pi * sp.I * x * t).diff(x) / stiff).subs(x, 0).diff(t)
    return [
        claim(behind, -4 * sp.pi**2 / (sound**2 - c**2)).by(
            "the residue of the double pole at 0 below the contour, at t > 0", Reduce("expand", "common denominator")
        ),
        claim(spectrum(0) ** 2 * (behind / 2 + sound_strain()), formula.rhs).by(
            "slower than sound: with the strain ahead", Reduce("expand", "common denominator")
        ),
        claim(spectrum(0) ** 2 * behind / 2, sound_energy(spectrum(0), faster=True)).by(
            "faster than sound: behind alone", Reduce("expand", "common denominator")
        ),
    ]


@states(
    "travelling_wave_energy",
    "beyond the paper",
    "Balance of energy: the phonon of a root x > 0 carries off 4 pi^2 x |F^(x)|^2/|Lambda'(x)| per pass, whether it "
    "runs ahead or follows; for a particle at constant speed this is its term of Eq. (10).",
    equal(energy(x), radiated(spectrum(x))),
    parents=[radiation_condition, mean_dissipation, energy_conserved],
)
def radiated_energy(formula: sp.Basic) -> list[Step]:
    """The work of the force on a mass is int F R' dt; a pole beside the contour counts half a turn."""
    c = speed / spacing
    slope = inverse_response(sp.Integer(0)).diff(x)
    width = sp.Symbol("h", positive=True)
    power = -2 * sp.pi * sp.I * x * sp.Abs(spectrum(x)) ** 2
    # Lambda' (x' - x - i 0) where Lambda' > 0, Lambda' (x' - x + i 0) where Lambda' < 0: i pi/|Lambda'| of either.
    half_turn = sp.I * sp.pi / sp.Abs(slope)
    at_root = {speed: spacing * band_continued() / x}
    born = force_spectrum(band_continued(), transform(2 * sp.pi * band_continued() / speed)) / period
    return [
        claim(
            sp.exp(-2 * sp.pi * sp.I * x * t).diff(t) * sp.exp(2 * sp.pi * sp.I * x * t) * sp.Abs(spectrum(x)) ** 2,
            power,
        ).by("the velocity of a mass at the frequency x times the force", Reduce("expand", "powers")),
        claim(sp.Integral(width / (t**2 + width**2), (t, -sp.oo, sp.oo)), sp.pi).by(
            "a pole beside the contour: Im 1/(x - i h) is pi times a delta function", Reduce("evaluate")
        ),
        claim(power * half_turn + (-power) * (-half_turn), formula.rhs).by(
            "the roots x and -x, at which x, Lambda' and with it the half turn change sign", Reduce("expand")
        ),
        claim(slope.subs(at_root), (-2 * c * band_continued() * (1 - band_continued().diff(x) / c)).subs(at_root)).by(
            "Lambda' at the root", Reduce("expand", "common denominator")
        ),
        claim(
            4 * sp.pi**2 * x * born**2 / (2 * c * band_continued() * sp.Abs(1 - band_continued().diff(x) / c)),
            mean_dissipation.formula.rhs * x * c / band_continued(),
        ).by(
            "constant speed: the term of Eq. (10), as x c = omega", Reduce("same sign", "expand", "common denominator")
        ),
    ]


@states(
    "travelling_wave_heat",
    "beyond the paper",
    "Balance of energy in a chain with damping: each mass loses 4 pi x Im(1/Lambda(x)) |F^(x)|^2 per pass to the "
    "damping, at each wave number x > 0; for gamma to 0 beside a root that is what the phonon carries off.",
    equal(energy(x), sp.Integral(absorbed(band_of_any(x), spectrum(x)), (x, 0, sp.oo))),
    parents=[travelling_any, radiated_energy],
)
def absorbed_energy(formula: sp.Basic) -> list[Step]:
    """The work of the damping force gamma R'/(2 pi) over the velocity R', by Parseval's theorem."""
    (integral,) = formula.rhs.atoms(sp.Integral)
    inverse = inverse_response_of(band_of_any(x) ** 2, sp.Integer(0))
    turned = inverse.subs(sp.I, -sp.I)  # the complex conjugate, for real omega
    # R^ = F^/Lambda; dR/dtau has the transform -2 pi i x R^/T, and dtau = T dt.
    velocity_squared = (2 * sp.pi * x / period) ** 2 * sp.Abs(spectrum(x)) ** 2 / (inverse * turned)
    slope, width = sp.symbols("s g", positive=True)
    return [
        claim(2 * period * damping / (2 * sp.pi) * velocity_squared, integral.function).by(
            "the power of the damping, both signs of x", Reduce("expand", "common denominator")
        ),
        claim(2 * sp.pi * x * (1 / inverse - 1 / turned) / sp.I * sp.Abs(spectrum(x)) ** 2, integral.function).by(
            "which is 4 pi x Im(1/Lambda) |F^|^2", Reduce("expand", "common denominator")
        ),
        claim(
            4 * sp.pi * x * sp.Integral(width / (slope**2 * offset**2 + width**2), (offset, -sp.oo, sp.oo)),
            4 * sp.pi**2 * x / slope,
        ).by(
            "beside a root, where Lambda is s y - i g: a Lorentzian, and the phonon's energy",
            Reduce("evaluate", "expand"),
        ),
    ]


@states(
    "travelling_wave_resonant_wave",
    "beyond the paper",
    "A phonon ahead of the particle has the amplitude a = 2 pi i F^(x)/Lambda'(x), the residue of the response, and "
    "carries off x Lambda'(x) |a|^2: nothing at a resonance, where Lambda' = 0 and a is finite.",
    equal(wave(x), 2 * sp.pi * sp.I * spectrum(x) / inverse_response(sp.Integer(0)).diff(x)),
    parents=[radiated_energy],
)
def resonant_wave(formula: sp.Basic) -> list[Step]:
    """The residue of exp(-2 pi i x t) F^/Lambda at the root, where Lambda rises with the slope Lambda'."""
    slope = inverse_response(sp.Integer(0)).diff(x)
    rise = slope * offset + slope.diff(x) * offset**2 / 2
    turned = formula.rhs.subs(sp.I, -sp.I)  # the complex conjugate, for a real F^
    return [
        claim(sp.cancel(2 * sp.pi * sp.I * spectrum(x) * offset / rise).subs(offset, 0), formula.rhs).by(
            "2 pi i times the residue", Reduce("expand", "common denominator")
        ),
        claim(x * slope * formula.rhs * turned, radiated(spectrum(x)).replace(sp.Abs, lambda argument: argument)).by(
            "its energy, where F^ and Lambda' are positive", Reduce("expand", "common denominator")
        ),
    ]


def even(distance: sp.Expr) -> sp.Expr:
    """An even interaction: any function h of the distance squared."""
    return sp.Function("h")(distance**2)


def second_slope(distance: sp.Expr) -> sp.Expr:
    """The second derivative of the interaction at a distance."""
    return even(t).diff(t, 2).subs(t, distance).doit()


@states(
    "travelling_wave_growth",
    "beyond the paper",
    "A perturbation exp(nu tau) of the steady drift changes the pulse of force by f = -Phi'' (Q - p), Q and p being "
    "the displacements of mass and particle. With Q^ = f^/Lambda and p_k = T^2 f^(k)/(mu (k + z)^2), k = 0 included, "
    "the growth rates are the zeros of det(1 + Phi'' (A - B)); nu = 0, a shift in time, is one.",
    equal(
        pull(time),
        -second_slope(displacement(time) - speed * time - swing(time)) * (mass_shift(time) - particle_shift(time)),
    ),
    parents=[travelling_distance, travelling_response, travelling_particle],
)
def growth(formula: sp.Basic) -> list[Step]:
    """Linearise the force; then insert the derivatives of the steady drift itself."""
    place = displacement(time) - speed * time - swing(time)
    force = lambda distance: -even(t).diff(t).subs(t, distance).doit()  # noqa: E731
    apart = mass_shift(time) - particle_shift(time)
    shifted = {mass_shift(time): displacement(time).diff(time), particle_shift(time): speed + swing(time).diff(time)}
    return [
        claim(force(place + offset * apart).diff(offset).subs(offset, 0).doit(), formula.rhs).by(
            "first order in the perturbation", Reduce("evaluate", "expand")
        ),
        claim(force(place).diff(time).doit(), formula.rhs.subs(shifted)).by(
            "the pulse's own derivative solves the equation with nu = 0", Reduce("evaluate", "expand")
        ),
    ]
