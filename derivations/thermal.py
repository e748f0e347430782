"""A chain at a temperature: what the particle loses in one pass, on the average, and how the losses scatter.

Each normal mode is an oscillator of frequency omega with a random phase and the mean energy E: omega/2 coth(omega/2T)
where the chain is quantum, zero point included, T where it is classical. The particle passes at constant speed
(second order in the interaction); s = 8 pi^4 omega^2 |transform(2 pi omega/v)|^2/v^4 is what a mode at rest takes up,
so that the loss in a cold chain, Delta, is the mean of s over the band. It holds for any dispersion omega(theta).

>>> mode_energy_quantum(omega).subs({omega: 1, temperature: sp.Rational(1, 2)}).n(6)
0.656518
"""

from __future__ import annotations

import sympy as sp

from .checks import Apply, Cited, Integrands, Reduce
from .lattice import band, band_squared, resolvent
from .ledger import Step, claim, equal, states
from .motion import kinetic_energy, mode_energy, units_particle
from .notation import (
    amplitude,
    bias,
    broadened,
    cell_mean,
    counting,
    energy,
    harmonic,
    loss,
    mass,
    occupation,
    offset,
    omega,
    omega_fast,
    phi,
    spacing,
    speed,
    temperature,
    thermal_energy,
    theta,
    time,
    u,
    wavenumber,
    weight_of_mode,
    width,
    x,
    z,
)
from .potentials import gaussian as gaussian_transform
from .potentials import transform, transform_gaussian
from .single_pass import (
    band_average,
    gaussian_closed_form,
    gaussian_single_pass,
    loss_per_mode,
    mean_of_inverse,
    single_pass,
)

__all__ = [
    "broadened_integrand",
    "correlation_of_mode",
    "emission_rates",
    "mode_energy_quantum",
    "speed_per_energy",
    "variance_of_mode",
    "walk_exponent_slope",
]

T = temperature
Energy = sp.Function("E")
Correlation = sp.Function("C")
Variance = sp.Function("Var")
Delta = sp.Function("Delta")
mean_loss = sp.Function("Delta_T")
exponent = sp.Function("S")
cumulants = sp.Function("G")
density = sp.Function("w")
frequency = sp.sqrt(band_squared(theta))


def mode_energy_quantum(mode_frequency: sp.Expr) -> sp.Expr:
    """Return omega/2 coth(omega/2T), the mean energy of a quantum oscillator, zero point included.

    >>> sp.limit(mode_energy_quantum(omega), temperature, 0)
    omega/2
    """
    return mode_frequency / 2 * sp.coth(mode_frequency / (2 * T))


def correlation_of_mode(mode_energy_value: sp.Expr, mode_frequency: sp.Expr) -> sp.Expr:
    """Return E cos(2 pi omega tau)/omega^2: a mode's part of the displacement's correlation; length^2.

    >>> correlation_of_mode(sp.Integer(3), omega).subs(time, 0)
    3/omega**2
    """
    return mode_energy_value * sp.cos(2 * sp.pi * mode_frequency * time) / mode_frequency**2


def variance_of_mode(taken: sp.Expr, mode_energy_value: sp.Expr) -> sp.Expr:
    """Return 2 s E: the variance of what a mode of energy E takes up, where it would take s at rest; energy^2.

    >>> variance_of_mode(sp.Integer(1), sp.Integer(3))
    6
    """
    return 2 * taken * mode_energy_value


def speed_per_energy() -> sp.Expr:
    """Return dv/dE = 4 pi^2/(mu v) of the particle.

    >>> speed_per_energy().subs({mass: 4, speed: 1})
    pi**2
    """
    return 4 * sp.pi**2 / (mass * speed)


def walk_exponent_slope(taken: sp.Expr) -> sp.Expr:
    """Return (1 - beta/Delta)/T: slope of minus the logarithm of the stationary density of a walk with a bias.

    >>> walk_exponent_slope(bias)
    0
    """
    return (1 - bias / taken) / T


def emission_rates(taken: sp.Expr, number: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return s (n + 1)/omega and s n/omega: the mean numbers of phonons emitted and absorbed in a pass.

    >>> emission_rates(omega, sp.Integer(0))
    (1, 0)
    """
    return taken * (number + 1) / omega, taken * number / omega


def broadened_integrand() -> sp.Expr:
    """Return the integrand over tau of a Gaussian's variance with thermal broadening; energy^2/time.

    sqrt(pi) v (Phi0 lambda)^2/(2 w^3) (1 - y) exp(-y/2), y = (v tau/w)^2/2, w^2 = lambda^2 + C(0) - C(tau).

    >>> broadened_integrand().subs(time, 0)
    sqrt(pi)*Phi_0**2*lambda**2*v/(2*lambda_T**3)
    """
    y = (speed * time / broadened) ** 2 / 2
    return sp.sqrt(sp.pi) * speed * (amplitude * width) ** 2 / (2 * broadened**3) * (1 - y) * sp.exp(-y / 2)


@states(
    "thermal_mode_energy",
    "beyond the paper",
    "The mean energy of a quantum oscillator at a temperature T, zero point included, is omega/2 coth(omega/2T).",
    equal(Energy(omega), mode_energy_quantum(omega)),
)
def quantum_energy(formula: sp.Basic) -> list[Step]:
    """The levels (j + 1/2) omega, their geometric sum, and minus the derivative of its logarithm in 1/T."""
    beta = x  # the inverse temperature
    level = sp.exp(-beta * omega * (harmonic + sp.Rational(1, 2)))
    sum_of_levels = 1 / (2 * sp.sinh(beta * omega / 2))
    return [
        claim(level.subs(harmonic, harmonic + 1), sp.exp(-beta * omega) * level).by(
            "each Boltzmann factor is exp(-omega/T) times the one before", Reduce("powers")
        ),
        claim(level.subs(harmonic, 0), sum_of_levels * (1 - sp.exp(-beta * omega))).by(
            "so that the sum is the first over 1 - exp(-omega/T)", Reduce("exponentials")
        ),
        claim(-sp.Derivative(sp.log(sum_of_levels), beta), formula.rhs.subs(T, 1 / beta)).by(
            "the mean energy is minus the derivative of its logarithm", Reduce("evaluate", "exponentials")
        ),
    ]


@states(
    "thermal_correlation",
    "beyond the paper",
    "A chain mass's displacement at a temperature has the correlation <coth(omega/2T) cos(2 pi omega tau)/omega>/2.",
    equal(
        Correlation(time),
        band_average(sp.coth(frequency / (2 * T)) * sp.cos(2 * sp.pi * frequency * time) / (2 * frequency)),
    ),
    parents=[band, quantum_energy],
)
def correlation(formula: sp.Basic) -> list[Step]:
    """A mode of energy E and random phase; then its energy, and the mean over the band."""
    swing = lambda t: sp.sqrt(2 * thermal_energy) / omega * sp.cos(phi + 2 * sp.pi * omega * t)  # noqa: E731
    of_mode = correlation_of_mode(thermal_energy, omega)
    # The antiderivative in the phase, whose values at the ends of a whole turn are compared.
    turn = (
        thermal_energy
        / omega**2
        * (phi * sp.cos(2 * sp.pi * omega * time) + sp.sin(2 * phi + 2 * sp.pi * omega * time) / 2)
    )
    return [
        claim(swing(0).diff(phi) ** 2 * omega**2 / 2 + (omega * swing(0)) ** 2 / 2, thermal_energy).by(
            "the amplitude belongs to the energy", Reduce("trigonometry")
        ),
        claim(swing(0) * swing(time), sp.Derivative(turn, phi)).by(
            "antiderivative in the phase", Reduce("evaluate", "trigonometry")
        ),
        claim((turn.subs(phi, 2 * sp.pi) - turn.subs(phi, 0)) / (2 * sp.pi), of_mode).by(
            "mean over a turn of the phase", Reduce("trigonometry")
        ),
        claim(
            band_average(of_mode.subs(thermal_energy, mode_energy_quantum(omega)).subs(omega, frequency)), formula.rhs
        ).by("the quantum energy, and the mean over the band", Integrands("powers")),
    ]


@states(
    "thermal_displacement_classical",
    "beyond the paper",
    "The mean squared displacement of a chain mass, classical, is T/omega_fast.",
    equal(Correlation(0), T / omega_fast),
    parents=[correlation, resolvent],
)
def classical_displacement(formula: sp.Basic) -> list[Step]:
    """The energy T, and the band average of 1/omega^2."""
    start = T * band_average(1 / band_squared(theta))
    return [
        claim(correlation_of_mode(T, omega).subs(time, 0), T / omega**2).by("the energy T in each mode", Reduce()),
        *(
            claim(T * step.before, T * step.after).by(step.rule, step.check)
            for step in mean_of_inverse(start / T, sp.Integer(1), omega_fast**2, formula.rhs / T)
        ),
    ]


@states(
    "loss_variance_of_mode",
    "beyond the paper",
    "A mode of energy E and random phase that would take up s at rest takes up s on the average, with variance 2 s E.",
    equal(Variance(weight_of_mode), variance_of_mode(weight_of_mode, thermal_energy)),
    parents=[mode_energy],
)
def variance_one_mode(formula: sp.Basic) -> list[Step]:
    """The pass adds a fixed vector to the amplitude's: the cross term has mean zero."""
    before, pulse = sp.sqrt(2 * thermal_energy), sp.sqrt(2 * weight_of_mode)
    gained = ((before * sp.cos(phi) + pulse) ** 2 + (before * sp.sin(phi)) ** 2) / 2 - thermal_energy
    cross = 2 * sp.sqrt(weight_of_mode * thermal_energy)
    antiderivative = cross**2 * (phi / 2 + sp.sin(2 * phi) / 4)
    return [
        claim(gained, weight_of_mode + cross * sp.cos(phi)).by(
            "energy after less energy before", Reduce("trigonometry")
        ),
        claim((cross * sp.cos(phi)) ** 2, sp.Derivative(antiderivative, phi)).by(
            "antiderivative in the phase", Reduce("evaluate", "trigonometry")
        ),
        claim((antiderivative.subs(phi, 2 * sp.pi) - antiderivative.subs(phi, 0)) / (2 * sp.pi), formula.rhs).by(
            "mean over a turn of the phase", Reduce("expand")
        ),
    ]


def mean_over_band(of_mode: sp.Expr) -> sp.Expr:
    """Mean over the band of what depends on omega and s, with s of a particle at constant speed.

    >>> mean_over_band(sp.Integer(0)).doit()
    0
    """
    taken = loss_per_mode(omega**2, transform(2 * sp.pi * omega / speed))
    return band_average(of_mode.subs(weight_of_mode, taken).subs(omega, frequency))


@states(
    "loss_variance",
    "beyond the paper",
    "At constant speed, second order in Phi, the variance of the loss in a pass is <s omega coth(omega/2T)>.",
    equal(Variance(speed), mean_over_band(weight_of_mode * omega * sp.coth(omega / (2 * T)))),
    parents=[single_pass, variance_one_mode, quantum_energy],
)
def variance(formula: sp.Basic) -> list[Step]:
    """The phases of the modes are independent, so that variances add."""
    quantum = variance_one_mode.formula.rhs.subs(thermal_energy, mode_energy_quantum(omega))
    return [claim(mean_over_band(quantum), formula.rhs).by("the quantum energy in each mode", Integrands("expand"))]


@states(
    "loss_variance_zero_point",
    "beyond the paper",
    "At T = 0 the zero point alone scatters the losses: the variance is <s omega>.",
    equal(Variance(speed), mean_over_band(weight_of_mode * omega)),
    parents=[variance],
)
def zero_point(formula: sp.Basic) -> list[Step]:
    """The hyperbolic cotangent tends to one."""
    return [
        claim(sp.Limit(sp.coth(omega / (2 * T)), T, 0, "+"), 1).by("T to 0", Reduce("evaluate")),
        claim(variance.formula.rhs.replace(sp.coth, lambda _: sp.Integer(1)), formula.rhs).by(
            "insert it", Integrands()
        ),
    ]


@states(
    "fluctuation_dissipation",
    "beyond the paper",
    "In a classical chain, and in any chain at high temperature, the variance of the loss is 2 T Delta.",
    equal(Variance(speed), 2 * T * single_pass.formula.rhs),
    parents=[variance, single_pass],
)
def fluctuations(formula: sp.Basic) -> list[Step]:
    """The energy T in each mode; and the limit of the quantum one."""
    classical = variance_one_mode.formula.rhs.subs(thermal_energy, T)
    return [
        claim(mean_over_band(classical), formula.rhs).by("the energy T in each mode", Integrands("expand")),
        claim(sp.Limit(mode_energy_quantum(omega) / T, T, sp.oo), 1).by(
            "at high temperature a quantum mode has it too", Reduce("evaluate")
        ),
    ]


@states(
    "jarzynski",
    "beyond the paper",
    "Gaussian losses with mean Delta and variance 2 T Delta have the mean 1 of exp(-loss/T): Jarzynski's equality for "
    "a particle at constant speed.",
    equal(
        sp.Integral(
            sp.exp(-((loss - weight_of_mode) ** 2) / (4 * T * weight_of_mode) - loss / T)
            / sp.sqrt(4 * sp.pi * T * weight_of_mode),
            (loss, -sp.oo, sp.oo),
        ),
        1,
    ),
    parents=[fluctuations],
)
def jarzynski(formula: sp.Basic) -> list[Step]:
    """Complete the square: the density with the sign of its mean turned round."""
    turned = sp.exp(-((loss + weight_of_mode) ** 2) / (4 * T * weight_of_mode)) / sp.sqrt(
        4 * sp.pi * T * weight_of_mode
    )
    return [
        claim(formula.lhs, sp.Integral(turned, (loss, -sp.oo, sp.oo))).by(
            "complete the square", Integrands("powers", "expand", "powers")
        ),
        claim(sp.Integral(turned, (loss, -sp.oo, sp.oo)), formula.rhs).by("a density", Reduce("evaluate")),
    ]


@states(
    "loss_variance_gaussian_classical",
    "beyond the paper",
    "For the Gaussian interaction and a classical chain the variance of the loss is 2 T times Eq. (7): Bessel "
    "functions. There are none at T = 0, where an odd power of omega is averaged.",
    equal(Variance(speed), 2 * T * gaussian_closed_form()),
    parents=[fluctuations, gaussian_single_pass],
)
def gaussian_classical(formula: sp.Basic) -> list[Step]:
    """Insert Eq. (7)."""
    return [
        claim(2 * T * Delta(speed), formula.rhs).by(
            "Eq. (7)", Apply(equal(Delta(speed), gaussian_single_pass.formula.rhs))
        )
    ]


def lowest_powers(expression: sp.Expr) -> sp.Expr:
    """Keep the powers of x up to the second.

    >>> lowest_powers((1 + x) ** 3)
    3*x**2 + 3*x + 1
    """
    expanded = sp.expand(expression)
    return sum((expanded.coeff(x, power) * x**power for power in range(-2, 3)), sp.Integer(0))


@states(
    "thermal_correction",
    "beyond the paper",
    "The first quantum correction of a mode's energy is omega^2/(12 T), so that the variance is "
    "2 T Delta + <s omega^2>/(6 T) + O(T^-3).",
    equal(Energy(omega), T + omega**2 / (12 * T)),
    parents=[quantum_energy, variance],
    relation=r"\sim",
)
def high_temperature(formula: sp.Basic) -> list[Step]:
    """The expansion of the hyperbolic cotangent in omega/T."""
    ratio = {T: omega / (2 * x)}  # x = omega/2T
    quantum, claimed = (side.subs(ratio) for side in (mode_energy_quantum(omega), formula.rhs))
    return [
        claim(quantum, omega / 2 * (sp.exp(x) + sp.exp(-x)) / (sp.exp(x) - sp.exp(-x))).by(
            "with x = omega/2T", Reduce("exponentials")
        ),
        claim(
            lowest_powers(omega / 2 * sp.cosh(x).series(x, 0, 4).removeO()),
            lowest_powers(claimed * sp.sinh(x).series(x, 0, 5).removeO()),
        ).by("both sides times sinh x agree to second order in x", Reduce("expand")),
    ]


@states(
    "thermal_broadening",
    "beyond the paper",
    "With the masses' thermal displacement in the Gaussian force the variance is the integral over tau of this, "
    "lambda_T^2 = lambda^2 + C(0) - C(tau): the width is broadened.",
    equal(Variance(time), broadened_integrand()),
    parents=[correlation, gaussian_transform, variance],
)
def broadening(formula: sp.Basic) -> list[Step]:
    """The mean of a phase factor of Gaussian displacements, and the integral over the wave number."""
    k, spread, distance = wavenumber, broadened**2 - width**2, u  # C(0) - C(tau)
    of_difference = sp.exp(-(distance**2) / (4 * spread))
    power = k**2 * transform_gaussian(k) ** 2 * sp.exp(-(k**2) * spread)
    integral = sp.Integral(k**2 * sp.exp(-(k**2) * broadened**2) * sp.cos(k * speed * time), (k, -sp.oo, sp.oo))
    c0 = offset * thermal_energy / omega**2
    phase = 2 * sp.pi * omega * time
    return [
        claim(
            sp.Derivative(-2 * spread * of_difference * sp.exp(sp.I * k * distance), distance),
            (distance - 2 * sp.I * k * spread) * of_difference * sp.exp(sp.I * k * distance),
        ).by(
            "the difference of two displacements is Gaussian with variance 2 (C(0) - C(tau)); integrate by parts",
            Reduce("evaluate", "common denominator"),
        ),
        claim(sp.Derivative(sp.exp(-(k**2) * spread), k), -2 * k * spread * sp.exp(-(k**2) * spread)).by(
            "so that the mean of its phase factor obeys this equation, and is exp(-k^2 (C(0) - C(tau)))",
            Reduce("evaluate", "expand"),
        ),
        claim(power, 2 * sp.pi * (amplitude * width) ** 2 * k**2 * sp.exp(-(k**2) * broadened**2)).by(
            "the spectrum of the force", Reduce("powers", "expand", "powers")
        ),
        claim(
            sp.Integral(sp.exp(-(k**2) * broadened**2) * sp.cos(k * x), (k, -sp.oo, sp.oo)),
            sp.sqrt(sp.pi) / broadened * sp.exp(-(x**2) / (4 * broadened**2)),
        ).by("the Gaussian integral", Reduce("evaluate")),
        claim(
            -((amplitude * width) ** 2)
            * speed
            * sp.Derivative(sp.sqrt(sp.pi) / broadened * sp.exp(-(x**2) / (4 * broadened**2)), x, 2)
            .doit()
            .subs(x, speed * time),
            formula.rhs,
        ).by("v times the correlation of the force: twice differentiated in the distance v tau", Reduce("expand")),
        claim(
            sp.Derivative(sp.exp(-(k**2) * c0 * (1 - sp.cos(phase))), offset).subs(offset, 0).doit(),
            k**2 * thermal_energy / omega**2 * (sp.cos(phase) - 1),
        ).by(
            "to first order in C the integral over tau has the frequency k v = 2 pi omega, as without broadening",
            Reduce("evaluate", "expand"),
        ),
        claim(
            integral.function.subs(broadened, width), k**2 * sp.exp(-(k**2) * width**2) * sp.cos(k * speed * time)
        ).by("without displacements lambda_T is lambda", Reduce()),
    ]


@states(
    "mean_loss_with_recoil",
    "beyond the paper",
    "The particle answers the thermal force: at a temperature the mean loss is Delta - (1/2) dVar/dE, E being the "
    "kinetic energy.",
    equal(mean_loss(energy), Delta(energy) - sp.Derivative(Variance(energy), energy) / 2),
    parents=[variance],
)
def recoil(formula: sp.Basic) -> list[Step]:
    """A given force conserves phase space: equally filled energies stay so; the chain's answer adds Delta."""
    gained = Delta(energy) - formula.rhs  # mean energy gained from the given thermal force
    flux = gained - sp.Derivative(Variance(energy), energy) / 2  # drift and diffusion of a constant density
    moved = loss * density(loss, energy - offset * loss / 2)
    return [
        claim(flux, 0).by("a constant density stays constant (Liouville)", Reduce("evaluate", "expand")),
        claim(
            sp.Derivative(moved, offset).doit().subs(offset, 0).doit(),
            -(loss**2) / 2 * sp.Derivative(density(loss, energy), energy),
        ).by(
            "as a density of losses at the mean of the energies before and after says it", Reduce("evaluate", "expand")
        ),
        claim(formula.rhs - Delta(energy), -sp.Derivative(Variance(energy), energy) / 2).by(
            "whose second moment is the variance", Reduce("expand")
        ),
    ]


@states(
    "recoil_by_speed",
    "beyond the paper",
    "The recoil in terms of the speed, as it is computed: dv/dE = 4 pi^2/(mu v).",
    equal(mean_loss(speed), Delta(speed) - speed_per_energy() * sp.Derivative(Variance(speed), speed) / 2),
    parents=[recoil, units_particle],
)
def recoil_speed(formula: sp.Basic) -> list[Step]:
    """The derivative of the kinetic energy, and of the loss of each mode."""
    kinetic = kinetic_energy(speed)
    return [
        claim((Delta(speed) - formula.rhs) * sp.diff(kinetic, speed) * 2, sp.Derivative(Variance(speed), speed)).by(
            "the derivative of mu v^2/(8 pi^2)", Reduce("evaluate", "expand")
        ),
        claim(speed_per_energy() * sp.diff(kinetic, speed), 1).by("its inverse", Reduce("expand")),
    ]


@states(
    "energy_walk",
    "beyond the paper",
    "With the recoil the walk of the energy from pass to pass keeps exp(-E/T) stationary if and only if "
    "Var = 2 T Delta.",
    equal(Variance(energy), 2 * T * Delta(energy)),
    parents=[recoil, fluctuations],
)
def energy_walk(formula: sp.Basic) -> list[Step]:
    """The flux of a walk with this mean and variance in the density exp(-E/T) vanishes."""
    boltzmann = sp.exp(-energy / T)
    flux = -recoil.formula.rhs * boltzmann - sp.Derivative(Variance(energy) * boltzmann, energy) / 2
    inserted = flux.subs(Variance(energy), formula.rhs).doit()
    return [
        claim(flux.doit(), boltzmann * (Variance(energy) - 2 * T * Delta(energy)) / (2 * T)).by(
            "the flux: what contains dVar/dE cancels", Reduce("evaluate", "expand")
        ),
        claim(inserted, 0).by("zero", Reduce("evaluate", "expand")),
    ]


@states(
    "detailed_balance",
    "beyond the paper",
    "The exact motion in a classical chain, at any coupling: p(E to E') exp(-E/T) = p(E' to E) exp(-E'/T), as the "
    "energy of particle and chain is conserved and the motion can be reversed.",
    equal(
        sp.exp(-energy / T) * sp.exp(-thermal_energy / T),
        sp.exp(-(energy - loss) / T) * sp.exp(-(thermal_energy + loss) / T),
    ),
)
def balance(formula: sp.Basic) -> list[Step]:
    """The weights of a state and of the reversed state that it ends in are equal."""
    return [
        claim(formula.lhs, formula.rhs).by(
            "what the particle loses the chain gains", Reduce("powers", "expand", "powers")
        ),
        claim(formula.rhs.subs(loss, 0), sp.exp(-(energy + thermal_energy) / T)).by(
            "the weight of the start", Reduce("powers")
        ),
    ]


def cumulants_of_mode(number: sp.Expr) -> sp.Expr:
    """Return ln <exp(i chi L)> of what a quantum mode takes up: phonons emitted and absorbed are Poisson.

    >>> cumulants_of_mode(sp.Integer(0)).subs(counting, 0)
    0
    """
    emitted, absorbed = emission_rates(weight_of_mode, number)
    turn = sp.exp(sp.I * counting * omega)
    return emitted * (turn - 1) + absorbed * (1 / turn - 1)


@states(
    "loss_spectrum",
    "beyond the paper",
    "In a quantum chain the phonons emitted and absorbed in a pass of a heavy particle are Poisson: the loss to a "
    "mode has ln <exp(i chi L)> = (s/omega) [(n + 1)(exp(i chi omega) - 1) + n (exp(-i chi omega) - 1)].",
    equal(cumulants(counting), cumulants_of_mode(occupation)),
    parents=[mode_energy, quantum_energy],
)
def spectrum(formula: sp.Basic) -> list[Step]:
    """The pass displaces the mode in phase space by the root of s/omega; its energy is measured twice."""
    alpha_squared = weight_of_mode / omega
    turn = sp.exp(sp.I * counting * omega)
    distance_squared = (turn - 1) * (1 / turn - 1)
    poisson = sp.exp(-alpha_squared) * alpha_squared**harmonic / sp.factorial(harmonic)
    weyl = sp.I * alpha_squared * sp.sin(counting * omega) - alpha_squared * distance_squared * (
        occupation + sp.Rational(1, 2)
    )
    cold = {weight_of_mode: sp.Rational(3, 4), omega: sp.Rational(3, 2), counting: sp.Rational(2, 3)}
    return [
        claim(distance_squared, 2 - 2 * sp.cos(counting * omega)).by(
            "the square of |exp(i chi omega) - 1|", Reduce("trigonometry")
        ),
        claim(weyl, formula.rhs).by(
            "the product of two displacements (Weyl), its thermal mean exp(-|b|^2 (n + 1/2))", Reduce("trigonometry")
        ),
        claim(
            sp.exp(formula.rhs.subs(occupation, 0)).subs(cold),
            sum((poisson * turn**harmonic).subs(cold).subs(harmonic, j) for j in range(45)),
        ).by(
            "at T = 0: j phonons with the probabilities of Poisson", Cited("coherent states (Glauber 1963)", points=1)
        ),
        claim(formula.rhs.diff(counting).subs(counting, 0) / sp.I, weight_of_mode).by(
            "its mean is s", Reduce("expand")
        ),
        claim(
            -formula.rhs.diff(counting, 2).subs(counting, 0),
            variance_of_mode(weight_of_mode, omega * (occupation + sp.Rational(1, 2))),
        ).by("its variance is that of the mode", Reduce("expand")),
    ]


@states(
    "loss_symmetry",
    "beyond the paper",
    "The spectrum of the losses of a quantum chain obeys p(-L) = p(L) exp(-L/T): G(i/T - chi) = G(chi) for each mode.",
    equal(cumulants(sp.I / T - counting), cumulants_of_mode(1 / (sp.exp(omega / T) - 1))),
    parents=[spectrum],
)
def symmetry(formula: sp.Basic) -> list[Step]:
    """Bose's occupation has n + 1 = n exp(omega/T); absorption and emission change places."""
    bose = 1 / (sp.exp(omega / T) - 1)
    shifted = cumulants_of_mode(bose).subs(counting, sp.I / T - counting)
    return [
        claim(bose + 1, bose * sp.exp(omega / T)).by("Bose's occupation", Reduce("exponentials")),
        claim(omega * (bose + sp.Rational(1, 2)), mode_energy_quantum(omega)).by(
            "is the mean energy", Reduce("exponentials")
        ),
        claim(shifted, formula.rhs).by("emission and absorption change places", Reduce("exponentials")),
    ]


@states(
    "no_loss",
    "beyond the paper",
    "A pass emits and absorbs <s coth(omega/2T)/omega> phonons on the average; the probability of none is the "
    "exponential of minus that.",
    equal(sp.Function("p_0")(T), sp.exp(-weight_of_mode / omega * sp.coth(omega / (2 * T)))),
    parents=[spectrum],
)
def no_phonon(formula: sp.Basic) -> list[Step]:
    """What remains of the characteristic function when the phase factors are averaged away."""
    turn = z  # the phase factor
    without = cumulants_of_mode(occupation).subs(sp.exp(sp.I * counting * omega), turn)
    emitted, absorbed = emission_rates(weight_of_mode, occupation)
    bose = 1 / (sp.exp(omega / T) - 1)
    return [
        claim(sp.expand(without).coeff(turn, 0), -(emitted + absorbed)).by("the constant term", Reduce("expand")),
        claim(-(emitted + absorbed).subs(occupation, bose), sp.expand_log(sp.log(formula.rhs), force=True)).by(
            "at a temperature", Reduce("exponentials")
        ),
    ]


@states(
    "driven_energy_walk",
    "beyond the paper",
    "With a bias the walk of the energy has the stationary density exp(-S), dS/dE = (1 - beta/Delta)/T: it leaves a "
    "drift over the barrier U = int (1 - beta/Delta) dE.",
    equal(sp.Derivative(exponent(energy), energy), walk_exponent_slope(Delta(energy))),
    parents=[energy_walk],
)
def driven_walk(formula: sp.Basic) -> list[Step]:
    """The flux of the walk with the bias, and the equation of the mean time until it leaves a range."""
    density_of_walk = sp.exp(-exponent(energy))
    drift = bias - recoil.formula.rhs.subs(Variance(energy), energy_walk.formula.rhs).doit()
    flux = drift * density_of_walk - sp.Derivative(T * Delta(energy) * density_of_walk, energy)
    left = sp.Function("t")(energy)  # the mean time until it leaves
    generator = drift * sp.Derivative(left, energy) + T * Delta(energy) * sp.Derivative(left, energy, 2)
    inserted = {sp.Derivative(exponent(energy), energy): formula.rhs}
    one_way = sp.Derivative(T * Delta(energy) * density_of_walk * sp.Derivative(left, energy), energy).doit()
    return [
        claim(drift, bias - Delta(energy) + T * sp.Derivative(Delta(energy), energy)).by(
            "what a pass gains on the average, with recoil", Reduce("evaluate", "expand")
        ),
        claim(flux.doit().subs(inserted), 0).by("the flux of this density vanishes", Reduce("evaluate", "expand")),
        claim(one_way.subs(inserted), density_of_walk * generator).by(
            "so that the mean time t until it leaves obeys (exp(-S) T Delta t')' = -exp(-S) (time of a pass)",
            Reduce("evaluate", "expand"),
        ),
    ]


@states(
    "thermal_diffusion",
    "beyond the paper",
    "A particle whose energy walks with the variance 2 T Delta of each pass over the rigid lattice diffuses with "
    "D = T alpha <v/Delta(v)>/<exp(-U/T)>: the mean over Maxwell's speeds midway that pass, and that of the potential "
    "over a cell.",
    equal(sp.Function("D_x")(T), T * spacing * speed / (Delta(speed) * cell_mean)),
    parents=[energy_walk, units_particle],
)
def diffusion(formula: sp.Basic) -> list[Step]:
    """Of the energy: its walk from pass to pass, the response g of the displacement, and <v g> over all states."""
    kinetic = kinetic_energy(speed)
    momentum = sp.diff(kinetic, speed)
    boltzmann = sp.exp(-energy / T)
    response_slope = spacing / Delta(energy)  # dg/dE where (1/t) exp(E/T) d/dE (T Delta exp(-E/T) dg/dE) = -alpha/t
    # Of all states those above the barrier, in both directions: t dE in the energy E, t the time of a pass.
    states_of_all = spacing * cell_mean * sp.sqrt(2 * sp.pi * T * mass / (4 * sp.pi**2))
    maxwell = 2 * sp.exp(-kinetic / T) / sp.sqrt(2 * sp.pi * T * mass / (4 * sp.pi**2))  # of a momentum, its modulus
    return [
        claim(momentum * speed, 2 * kinetic).by("the momentum that belongs to the energy", Reduce("expand")),
        claim(sp.Derivative(T * Delta(energy) * boltzmann * response_slope, energy), -spacing * boltzmann).by(
            "the equation of the response, in which the time of a pass drops out", Reduce("evaluate", "expand")
        ),
        claim(
            2
            * T
            * spacing
            * boltzmann.subs(energy, kinetic)
            * response_slope.subs(energy, speed)
            / states_of_all
            * sp.diff(kinetic, speed)
            / sp.diff(momentum, speed),
            formula.rhs * maxwell,
        ).by("integrate <v g> by parts: dE = v dP, P the momentum midway", Reduce("powers", "expand")),
    ]
