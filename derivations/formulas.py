"""What is computed: the formulas of the ledger in the form in which they are evaluated.

A formula of the ledger can lose digits or overflow as it stands. Where it does, `Formula.written` has a form that does
not, in arguments that the caller has at hand (a sine squared, the frequency itself); `Formula.proof` shows that it is
the formula of the ledger, by the named rewritings of `checks`. `emit.py` prints what is listed here and refuses a form
without a proof. Only what production calls is listed; a test walks the sources.

>>> listed = formulas()
>>> [formula.name for formula in listed["motion.py"]]
['kinetic_energy', 'speed_of_energy', 'squared_speed', 'acceleration']
>>> all(formula.proof().evidence == "proved" for formula in listed["motion.py"])
True
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy.codegen.cfunctions import expm1

from .checks import Outcome, Reduce
from .closed_forms import matern_transform
from .drift import orbit_speed
from .harmonic_chain import absorption, spring_band
from .lattice import band_squared, coupling, sound_cone
from .motion import kinetic_energy, mode_energy, units_particle
from .notation import (
    amplitude,
    bias,
    broadened,
    cell_mean,
    curvature,
    damping,
    energy,
    gap,
    lag,
    mass,
    omega,
    omega_fast,
    position,
    reach,
    response_frequency,
    screening,
    sound,
    spacing,
    speed,
    spring,
    temperature,
    thermal_energy,
    time,
    weight_of_mode,
    width,
    x,
)
from .potentials import INTERACTIONS, potential_gaussian, transform_gaussian
from .printer import i0e, i0e_minus_i1e, unscaled
from .resonances import lower_resonance, resonance_strength
from .single_pass import gaussian_scaled, half_width, leading, loss_per_mode, slowness
from .steady_state import band_continued, crossing_moves, tangency_function
from .thermal import (
    broadened_integrand,
    correlation_of_mode,
    diffusion,
    emission_rates,
    mode_energy_quantum,
    recoil,
    speed_per_energy,
    variance_of_mode,
    walk_exponent_slope,
)
from .third_order import force_spectrum, inverse_response, inverse_response_of, phonon_energy, stiffness_spectrum
from .trapping import lattice_capture_speed
from .travelling_wave import (
    absorbed,
    creep,
    modulation,
    radiated,
    sound_energy,
    sound_strain,
)  # fmt: skip

__all__ = ["Formula", "formulas"]

Steps = tuple[tuple[sp.Symbol, sp.Expr], ...]


@dataclass(frozen=True)
class Formula:
    """A formula of the ledger and how it is evaluated.

    Attributes
    ----------
    name, arguments, doc
        Of the function that is emitted.
    exact
        The formula as the ledger has it.
    ledger
        The statements that it comes from.
    where
        What the arguments stand for that are no symbols of ``exact``.
    written
        The result in terms of the arguments and of ``steps``; None: ``exact`` as it stands.
    steps
        Intermediate results, in order.
    rules
        The rewritings that reduce the difference of both forms to zero.

    >>> a = sp.Symbol("a")
    >>> Formula("square", (a,), (a + 1) ** 2, (), "A square.", written=a * (a + 2) + 1).proof().evidence
    'proved'
    """

    name: str
    arguments: tuple[sp.Symbol, ...]
    exact: sp.Expr
    ledger: tuple[str, ...]
    doc: str
    where: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    written: sp.Expr | None = None
    steps: Steps = ()
    rules: tuple[str, ...] = ("expand",)

    @property
    def result(self) -> sp.Expr:
        """The form that is emitted, without its intermediate results."""
        return self.exact if self.written is None else self.written

    @property
    def inserted(self) -> sp.Expr:
        """The form that is emitted, in the symbols of the ledger."""
        result = self.result
        for symbol, value in reversed(self.steps):
            result = result.subs(symbol, value)
        return unscaled(result.subs(self.where))

    def proof(self) -> Outcome:
        """Whether the form that is emitted is the formula of the ledger."""
        return Reduce(*self.rules).run(self.inserted, self.exact, random.Random(self.name))


def _symbols(names: str) -> list[sp.Symbol]:
    return list(sp.symbols(names, real=True))


sine_squared, double_sine, double_cosine, product = _symbols("sine_squared double_sine double_cosine product")
frequency, slope, rate, band_width, line = _symbols("frequency slope rate band_width line")
WAVES = {
    sine_squared: sp.sin(sp.pi * x) ** 2,
    double_sine: sp.sin(2 * sp.pi * x),
    double_cosine: sp.cos(2 * sp.pi * x),
    product: sp.sin(sp.pi * x) * sp.cos(sp.pi * x),
}
PERIODIC = ("trigonometry",)


def dispersion() -> list[Formula]:
    """The dispersion relation and what follows from it, for any arithmetic; x = q a/(2 pi).

    >>> [formula.name for formula in dispersion()][:2]
    ['band_width', 'frequency_squared']
    """
    spread = band_squared(sp.pi / 2) - band_squared(0)
    widths: Steps = ((band_width, (omega_fast - 1) * (omega_fast + 1)),)
    half_slope = sp.pi * band_width * double_sine / 2
    squared = 1 + band_width * sine_squared
    shift, edge_shift = _symbols("shift edge_shift")
    return [
        Formula(
            "band_width", (omega_fast,), spread, ("eq01_band",), "omega_fast^2 - 1, the width of the band in omega^2.",
            written=(omega_fast - 1) * (omega_fast + 1),
        ),
        Formula(
            "frequency_squared", (sine_squared, omega_fast), band_squared(sp.pi * x), ("eq01_band",),
            "omega^2, theta = pi x = q a/2.", WAVES, squared, widths,
        ),
        Formula(
            "half_slope", (double_sine, omega_fast), sp.diff(band_squared(sp.pi * x), x) / 2, ("eq01_band",),
            "omega d omega/dx.", WAVES, half_slope, widths, PERIODIC,
        ),
        Formula(
            "frequency_curvature", (frequency, slope, double_cosine, omega_fast), sp.diff(band_continued(), x, 2),
            ("eq01_band", "resonance_curvature"), "d^2 omega/dx^2; slope = d omega/dx.",
            {**WAVES, frequency: band_continued(), slope: sp.diff(band_continued(), x)},
            (sp.pi**2 * band_width * double_cosine - slope**2) / frequency, widths,
            ("common denominator", "trigonometry"),
        ),
        Formula(
            "resonance", (sine_squared, frequency, omega_fast), inverse_response(shift),
            ("travelling_wave_response", "eq10_mean_dissipation"),
            "omega(x)^2 - w^2, inverse response to a force that travels along; zero at the roots of the resonance "
            "condition.", {**WAVES, frequency: speed / spacing * (x + shift)}, squared - frequency**2, widths,
        ),
        Formula(
            "resonance_slope", (double_sine, frequency, rate, omega_fast), sp.diff(inverse_response(shift), x),
            ("travelling_wave_response",), "d resonance/dx along the line w = rate x.",
            {**WAVES, frequency: speed / spacing * (x + shift), rate: speed / spacing},
            sp.pi * band_width * double_sine - 2 * rate * frequency, widths, PERIODIC,
        ),
        Formula(
            "tangency", (x, sine_squared, double_sine, omega_fast), tangency_function(), ("tangency",),
            "omega (x d omega/dx - omega): zero where a line through the origin is tangent to the band.", WAVES,
            x * half_slope - squared, widths, PERIODIC,
        ),
        Formula(
            "tangency_slope", (x, double_sine, double_cosine, omega_fast), sp.diff(tangency_function(), x),
            ("crossing_count",), "d tangency/dx.", WAVES, sp.pi**2 * band_width * x * double_cosine - half_slope,
            widths, PERIODIC,
        ),
        Formula(
            "steepest_sine_squared", (omega_fast,), (omega_fast - 1) / spread, ("sound_cone",),
            "sin^2(pi x) where the group velocity is largest.", written=1 / (omega_fast + 1),
            rules=("common denominator",),
        ),
        Formula(
            "largest_group_speed", (omega_fast, spacing), sound_cone.formula.rhs, ("sound_cone",),
            "Largest group velocity, at which the sound cone widens.",
        ),
        Formula(
            "top_of_lower_edge", (edge_shift,), omega_fast, ("resonance_lower_edge",),
            "omega_fast from (spacing/v)^2 - n^2 at a resonance of the lower edge, to leading order.",
            {edge_shift: ((spacing / lower_resonance()) ** 2 - lag**2).expand().subs(gap, sp.sqrt(spread))},
            sp.sqrt(1 + 1 / (sp.pi**2 * edge_shift)), rules=("evaluate",),
        ),
        Formula(
            "neighbour_stiffness", (omega_fast,), coupling, ("units_band",),
            "Springs between neighbours in units of the on-site spring.", written=band_width / 4, steps=widths,
        ),
        *springs(),
        *travelling_response(),
    ]  # fmt: skip


def travelling_response() -> list[Formula]:
    """Lambda, the inverse response of any chain to a force that travels along, and its derivatives.

    >>> [formula.name for formula in travelling_response()]
    ['inverse_response', 'inverse_response_slope', 'inverse_response_curvature']
    """
    squared, of_square, shift = sp.Function("omega_2")(x), *_symbols("of_square shift")
    drag = sp.Symbol("drag")  # complex
    exact = inverse_response_of(squared, shift)
    line = {frequency: speed / spacing * (x + shift), rate: speed / spacing, drag: sp.I * damping}
    statement = ("travelling_wave_of_any_chain",)
    return [
        Formula(
            "inverse_response", (of_square, frequency, drag), exact, statement,
            "omega^2 - w^2 - drag w; of_square = omega^2, drag = i gamma.", {of_square: squared, **line},
            of_square - frequency * (frequency + drag),
        ),
        Formula(
            "inverse_response_slope", (of_square, frequency, rate, drag), sp.diff(exact, x), statement,
            "Its derivative along the line w = rate x; of_square = d omega^2/dx.", {of_square: squared.diff(x), **line},
            of_square - rate * (2 * frequency + drag),
        ),
        Formula(
            "inverse_response_curvature", (of_square, rate), sp.diff(exact, x, 2), statement,
            "Its second derivative; of_square = d^2 omega^2/dx^2.", {of_square: squared.diff(x, 2), **line},
            of_square - 2 * rate**2,
        ),
    ]  # fmt: skip


def springs() -> list[Formula]:
    """What a spring between masses j apart adds to omega^2 of any harmonic chain, and its derivatives in x.

    >>> [formula.name for formula in springs()]
    ['spring_term', 'spring_slope', 'spring_curvature']
    """
    term = spring_band(sp.pi * x)
    waves = {
        sine_squared: sp.sin(reach * sp.pi * x) ** 2,
        double_sine: sp.sin(2 * reach * sp.pi * x),
        double_cosine: sp.cos(2 * reach * sp.pi * x),
    }
    return [
        Formula(
            "spring_term", (sine_squared, spring), term, ("band_of_springs",),
            "What a spring adds to omega^2; sine_squared = sin^2(pi j x).", waves, 4 * spring * sine_squared,
        ),
        Formula(
            "spring_slope", (double_sine, spring, reach), sp.diff(term, x), ("band_of_springs",),
            "What it adds to d omega^2/dx; double_sine = sin(2 pi j x).", waves,
            4 * sp.pi * reach * spring * double_sine, rules=PERIODIC,
        ),
        Formula(
            "spring_curvature", (double_cosine, spring, reach), sp.diff(term, x, 2), ("band_of_springs",),
            "What it adds to d^2 omega^2/dx^2; double_cosine = cos(2 pi j x).", waves,
            8 * sp.pi**2 * reach**2 * spring * double_cosine, rules=PERIODIC,
        ),
    ]  # fmt: skip


def motion() -> list[Formula]:
    """The motion of the particle.

    >>> motion()[0].exact
    mu*v**2/(8*pi**2)
    """
    potential, force, twice = _symbols("potential force square")
    driven = units_particle.formula.rhs
    given = driven.subs(sp.Function("Phi")(position).diff(position), bias / spacing - force)
    return [
        Formula(
            "kinetic_energy", (speed, mass), kinetic_energy(speed), ("eq04_particle",),
            "Kinetic energy of the particle.",
        ),
        Formula(
            "speed_of_energy", (energy, mass), lattice_capture_speed(energy), ("capture_speed_of_the_lattice",),
            "Speed of the particle at a kinetic energy.", written=sp.sqrt(twice),
            steps=((twice, 8 * sp.pi**2 * energy / mass),),
        ),
        Formula(
            "squared_speed", (speed, potential, mass), orbit_speed(potential) ** 2, ("orbit_speed",),
            "v^2 of the particle at a potential, from its speed at potential 0.",
        ),
        Formula(
            "acceleration", (force, mass), given, ("eq04_particle",), "Acceleration of the particle by a force.",
            written=4 * sp.pi**2 * force / mass,
        ),
    ]  # fmt: skip


def dissipation() -> list[Formula]:
    """The energy that phonons take.

    >>> dissipation()[1].exact.subs(speed, 1)
    8*pi**4*omega**2*transform**2
    """
    transform, force, in_phase, out_of_phase, pace, pulse, root = _symbols(
        "transform force in_phase out_of_phase pace pulse root"
    )
    parts = sorted(mode_energy.formula.rhs.atoms(sp.Integral), key=sp.default_sort_key)
    impulse = mode_energy.formula.rhs.subs(dict(zip(parts, (in_phase, out_of_phase), strict=True)))
    spectrum = next(iter(phonon_energy.formula.rhs.atoms(sp.Function("q")(omega).func)))
    shape = force_spectrum(omega, sp.Function(r"\hat\Phi")(2 * sp.pi * omega / speed))
    mismatch, size = _symbols("mismatch size")
    damped = {frequency: response_frequency, mismatch: omega**2 - response_frequency**2}
    sizes: Steps = ((size, mismatch**2 + (damping * frequency) ** 2),)
    return [
        Formula(
            "loss_prefactor", (), loss_per_mode(sp.Integer(1), sp.Integer(1)).subs(speed, 1), ("eq06_single_pass",),
            "The number in front of omega^2 transform^2/v^4.",
        ),
        Formula(
            "loss_per_mode", (omega, speed, transform), loss_per_mode(omega**2, transform), ("eq06_single_pass",),
            "Energy that a phonon takes in a pass at constant speed; no factor overflows before the result does.",
            written=8 * sp.pi**4 * root**2,
            steps=((pace, omega / speed), (pulse, transform / speed), (root, pace * pulse)),
        ),
        Formula(
            "absorption", (frequency, mismatch, damping), absorption(response_frequency, omega),
            ("damped_response", "damped_dissipation"),
            "What a mode with damping takes up, w Im chi; mismatch = omega^2 - w^2.", damped,
            damping * frequency**2 / size, sizes, ("common denominator",),
        ),
        Formula(
            "absorption_slope", (frequency, mismatch, damping),
            sp.diff(absorption(response_frequency, omega), response_frequency),
            ("damped_response", "damped_dissipation"), "Derivative of the absorption in w.", damped,
            2 * damping * frequency * (mismatch + 2 * frequency**2) * mismatch / size**2, sizes,
            ("common denominator",),
        ),
        Formula(
            "energy_of_force", (in_phase, out_of_phase), impulse, ("mode_energy",),
            "Energy of a phonon from the two parts of the force integral.",
        ),
        Formula(
            "third_order_energy", (force, in_phase),
            phonon_energy.formula.rhs.subs({spectrum: in_phase}).subs(shape, force), ("phonon_energy_to_third_order",),
            "Energy of a phonon at third order from the spectra of the force at first and, in phase, at second "
            "order.",
        ),
        Formula(
            "force_spectrum", (omega, speed, transform), force_spectrum(omega, transform), ("force_spectrum",),
            "Spectrum of the force of a pulse.",
        ),
        Formula(
            "stiffness_spectrum", (omega, speed, transform), stiffness_spectrum(omega, transform),
            ("stiffness_spectrum",), "Spectrum of the stiffness of a pulse.",
        ),
    ]  # fmt: skip


def interactions() -> list[Formula]:
    """Profiles Phi/Phi0 of x = r/width with their derivatives, and transforms over Phi0 width of kappa = k width.

    >>> interactions()[0].exact
    exp(-x**2/2)
    """
    kappa, order, total, profile, prefactor, bessel = _symbols("kappa order total profile prefactor bessel_k0")
    two_pi, reach, decay, bessel_1 = _symbols("two_pi reach decay bessel_k1")
    x, unit = sp.Symbol("x", positive=True), {amplitude: 1, width: 1}
    listed = []

    def add(
        name: str,
        kind: str,
        exact: sp.Expr,
        written: sp.Expr | None = None,
        rules: tuple[str, ...] = ("common denominator",),
        arguments: tuple[sp.Symbol, ...] = (x,),
        steps: Steps = (),
        where: dict[sp.Symbol, sp.Expr] | None = None,
    ) -> None:
        doc = {
            "profile": "Phi/Phi0 at x = r/width.",
            "slope": "d(Phi/Phi0)/dx.",
            "curvature": "d^2(Phi/Phi0)/dx^2.",
            "transform": "Transform over Phi0 width at kappa = k width.",
            "prefactor": "Transform over Phi0 width without its exponential.",
        }[kind]
        listed.append(
            Formula(f"{name}_{kind}", arguments, exact, (f"transform_{name}",), doc, where or {}, written, steps, rules)
        )

    shape = {name: one.potential(x).subs(unit) for name, one in INTERACTIONS.items()}
    spectrum = {name: one.transform(kappa).subs(unit) for name, one in INTERACTIONS.items()}
    gaussian, lorentzian, coulomb, sech2 = (
        shape[name] for name in ("gaussian", "lorentzian", "softened_coulomb", "sech2")
    )
    add("gaussian", "profile", gaussian)
    add("gaussian", "slope", gaussian.diff(x))
    add("gaussian", "curvature", gaussian.diff(x, 2), (x**2 - 1) * gaussian, ("expand",))
    add(
        "gaussian", "transform", spectrum["gaussian"], sp.sqrt(two_pi) * sp.exp(-(kappa**2) / 2), ("expand", "powers"),
        arguments=(kappa,), steps=((two_pi, 2 * sp.pi),),
    )  # fmt: skip
    add("lorentzian", "profile", lorentzian)
    add("lorentzian", "slope", lorentzian.diff(x))
    add("lorentzian", "curvature", lorentzian.diff(x, 2), (6 * x**2 - 2) / (1 + x**2) ** 3)
    add("lorentzian", "transform", spectrum["lorentzian"], arguments=(kappa,))
    add("softened_coulomb", "profile", coulomb)
    add("softened_coulomb", "slope", coulomb.diff(x))
    add(
        "softened_coulomb", "curvature", coulomb.diff(x, 2), (2 * x**2 - 1) / (1 + x**2) ** sp.Rational(5, 2),
        ("factored radicals", "common denominator"),
    )  # fmt: skip
    add(
        "softened_coulomb", "transform", spectrum["softened_coulomb"], 2 * bessel, arguments=(bessel,),
        where={bessel: sp.besselk(0, kappa)},
    )  # fmt: skip
    folded = ((decay, sp.exp(-2 * x)),)
    hyperbolic = ("exponentials",)
    add("sech2", "profile", sech2, 4 * decay / (1 + decay) ** 2, hyperbolic, steps=folded)
    known = {profile: sech2}
    add("sech2", "slope", sech2.diff(x), -2 * profile * sp.tanh(x), hyperbolic, (profile, x), where=known)
    add("sech2", "curvature", sech2.diff(x, 2), profile * (4 - 6 * profile), hyperbolic, (profile,), where=known)
    add(
        "sech2", "prefactor", spectrum["sech2"] * sp.exp(sp.pi * kappa / 2), -2 * reach / expm1(-reach),
        ("evaluate", "exponentials"), arguments=(kappa,), steps=((reach, sp.pi * kappa),),
    )  # fmt: skip
    add(
        "sech2", "transform", spectrum["sech2"], prefactor * sp.exp(-sp.pi * kappa / 2), ("exponentials",),
        arguments=(prefactor, kappa), where={prefactor: spectrum["sech2"] * sp.exp(sp.pi * kappa / 2)},
    )  # fmt: skip
    for name, powers, divisor in (
        ("inverse_sixth", (1, 3, 3), 8),
        ("inverse_twelfth", (1, 15, 105, 420, 945, 945), 3840),
    ):
        written = sp.pi * sp.horner(sp.Poly(powers, kappa).as_expr()) / total
        add(
            name, "prefactor", spectrum[name] * sp.exp(kappa), written, ("expand",), arguments=(kappa,),
            steps=((total, sp.Integer(divisor)),),
        )  # fmt: skip
    root = sp.sqrt(kappa**2 + screening**2)
    add(
        "exponential_beside", "transform", spectrum["exponential_beside"], 2 * screening * bessel_1 / reach,
        arguments=(bessel_1, reach, screening), where={bessel_1: sp.besselk(1, root), reach: root},
    )  # fmt: skip
    bare = matern_transform(order, kappa).subs(unit)
    add(
        "matern", "transform", bare, total * (1 + kappa**2 / (2 * order + 1)) ** (-order - 1), (),
        arguments=(kappa, order, total), where={total: bare.subs(kappa, 0)},
    )  # fmt: skip
    return listed


def band_mean() -> Formula:
    """The band mean of Eq. (7), in scaled Bessel functions, which neither overflow nor cancel.

    >>> band_mean().proof().evidence
    'proved'
    """
    half, argument = _symbols("t0 t1")
    return Formula(
        "band_mean_gaussian", (speed, omega_fast, width), gaussian_scaled.formula.rhs / leading * sp.exp(slowness),
        ("eq07_scaled",),
        "Eq. (7) without its prefactor and exponential: the band mean of omega^2 exp(-z (omega^2 - 1)); v > 0.",
        written=half * i0e_minus_i1e(argument) + i0e(argument),
        steps=((half, half_width), (argument, slowness * half)),
    )  # fmt: skip


def travelling_wave() -> list[Formula]:
    """The exact steady drift.

    >>> [formula.name for formula in travelling_wave()]
    ['modulation', 'radiated', 'absorbed', 'sound_strain', 'creep', 'sound_slower', 'sound_faster']
    """
    number, shift, steepness, taken, mean_force = _symbols("number shift slope taken mean_force")
    transform = sp.Symbol("transform")  # complex
    return [
        Formula(
            "modulation", (number, shift, speed, spacing, mass, transform), modulation(number, shift, transform),
            ("travelling_wave_particle",), "Harmonic of the particle's displacement.",
        ),
        Formula(
            "radiated", (x, steepness, transform), radiated(transform), ("travelling_wave_energy",),
            "Energy that a phonon carries off per pass; slope = Lambda'(x).",
            # The slope of Lambda is an argument: near a resonance it is known better than its formula gives it.
            {steepness: inverse_response(sp.Integer(0)).diff(x)},
            4 * sp.pi**2 * x * sp.Abs(transform) ** 2 / sp.Abs(steepness),
        ),
        Formula(
            "absorbed", (rate, taken, transform), absorbed(omega, transform), ("travelling_wave_heat",),
            "Energy that the damping takes per pass and dx; taken = w Im chi at w = rate x.",
            {rate: speed / spacing, taken: absorption(speed / spacing * x, omega)},
            4 * sp.pi * taken * sp.Abs(transform) ** 2 / rate,
        ),
        Formula(
            "sound_strain", (sound, rate), sound_strain(), ("travelling_wave_sound",),
            "Strain ahead of a particle slower than sound, per transit and F^(0).", {rate: speed / spacing},
            2 * sp.pi**2 / (sound * (sound - rate)),
        ),
        Formula(
            "creep", (sound, mean_force), creep(mean_force), ("travelling_wave_sound",),
            "Velocity of the masses around a particle slower than sound.",
        ),
        Formula(
            "sound_slower", (sound, rate, mean_force), sound_energy(mean_force, faster=False),
            ("travelling_wave_sound_energy",), "Energy that sound takes per pass of a particle slower than it.",
            {rate: speed / spacing}, 2 * sp.pi**2 * mean_force**2 * rate / (sound * (sound - rate) * (sound + rate)),
            rules=("common denominator",),
        ),
        Formula(
            "sound_faster", (sound, rate, mean_force), sound_energy(mean_force, faster=True),
            ("travelling_wave_sound_energy",), "Energy that sound takes per pass of a particle faster than it.",
            {rate: speed / spacing}, 2 * sp.pi**2 * mean_force**2 / ((rate - sound) * (rate + sound)),
            rules=("common denominator",),
        ),
    ]  # fmt: skip


def thermal() -> list[Formula]:
    """A chain at a temperature, mode by mode.

    >>> [formula.name for formula in thermal()][:2]
    ['quantum_energy', 'displacement_variance']
    """
    per_temperature, loss, order, share = _symbols("per_temperature loss order share")
    taken = loss_per_mode(omega**2, matern_transform(order, 2 * sp.pi * omega / speed))
    poles = {share: 1 / (1 + (2 * sp.pi * omega * width / speed) ** 2 / (2 * order + 1))}
    bose = 1 / (sp.exp(omega / temperature) - 1)
    ratio = {per_temperature: omega / temperature}
    of_speed = diffusion.formula.rhs
    (changing,) = recoil.formula.rhs.atoms(sp.Derivative)
    at_rest = {sp.Function("Delta")(energy): loss}
    mean_loss = next(iter(of_speed.atoms(sp.core.function.AppliedUndef)))
    return [
        Formula(
            "quantum_energy", (omega, per_temperature), mode_energy_quantum(omega), ("thermal_mode_energy",),
            "Mean energy of a quantum mode; per_temperature = omega/T, infinite at T = 0.", ratio,
            omega * (sp.Rational(1, 2) + 1 / expm1(per_temperature)), (), ("exponentials",),
        ),
        Formula(
            "displacement_variance", (thermal_energy, omega), correlation_of_mode(thermal_energy, omega).subs(time, 0),
            ("thermal_correlation",), "Mean squared amplitude that a mode of this energy lends to a displacement.",
        ),
        Formula(
            "loss_variance", (weight_of_mode, thermal_energy), variance_of_mode(weight_of_mode, thermal_energy),
            ("loss_variance_of_mode",), "Variance of what a mode of this energy takes that takes so much at rest.",
        ),
        Formula(
            "speed_per_energy", (speed, mass), speed_per_energy(), ("recoil_by_speed",), "dv/dE of the particle.",
        ),
        Formula(
            "mean_loss", (loss, slope), recoil.formula.rhs.subs(at_rest).subs(changing, slope),
            ("mean_loss_with_recoil",), "Mean loss with recoil, from that in a cold chain; slope = dVar/dE.",
        ),
        Formula(
            "matern_power", (order, share), -speed * taken.diff(speed) / taken,
            ("eq06_single_pass", "transform_matern"),
            "Power of 1/v of what a mode takes from a Matern interaction; share = 1/(1 + (k width)^2/(2 order + 1)).",
            poles, 4 * ((order + 1) * share - order), (), ("evaluate", "common denominator"),
        ),
        Formula(
            "emission", (weight_of_mode, omega, per_temperature), emission_rates(weight_of_mode, bose)[0],
            ("loss_spectrum",), "Mean number of phonons emitted into a mode in a pass; per_temperature = omega/T.",
            ratio, -weight_of_mode / (omega * expm1(-per_temperature)), (), ("exponentials",),
        ),
        Formula(
            "broadened_variance", (speed, time, amplitude, width, broadened), broadened_integrand(),
            ("thermal_broadening",), "Integrand over tau of a Gaussian's variance, with thermal broadening.",
        ),
        Formula(
            "diffusion", (temperature, spacing, speed, loss, cell_mean), of_speed.subs(mean_loss, loss),
            ("thermal_diffusion",), "What a speed with this mean loss adds to the diffusion constant.",
        ),
        Formula(
            "walk_exponent_slope", (temperature, bias, loss), walk_exponent_slope(loss), ("driven_energy_walk",),
            "Slope in the energy of minus the logarithm of the stationary density, of a walk with this mean loss.",
        ),
    ]  # fmt: skip


def chain_header() -> list[Formula]:
    """What the compiled loops evaluate: the dispersion relation again, in the products that they have at hand.

    >>> [formula.name for formula in chain_header()][:2]
    ['ct_band_width', 'ct_frequency_squared']
    """
    known = {one.name: one for one in (*motion(), *dissipation(), *interactions(), *dispersion(), *thermal())}
    given = {**WAVES, band_width: band_squared(sp.pi / 2) - band_squared(0)}
    peak, per_square, r, shift = _symbols("peak per_square r shift")
    along = {frequency: speed / spacing * (x + shift), rate: speed / spacing}
    touch, touch_slope, wave = _symbols("touch touch_slope kappa")
    # With v = alpha omega/x a term of Eq. (10) depends on x alone; the Jacobian is the tangency function over omega^2.
    of_x = loss_per_mode(band_continued() ** 2, transform_gaussian(2 * sp.pi * x / spacing))
    excited = of_x.subs(speed, spacing * band_continued() / x) * band_continued() ** 2 / tangency_function()
    wanted = ("acceleration", "speed_of_energy", "squared_speed", "loss_per_mode", "energy_of_force",
              "gaussian_transform", "largest_group_speed", "quantum_energy", "loss_variance", "speed_per_energy",
              "mean_loss")  # fmt: skip
    gaussian_loss = loss_per_mode(omega**2, transform_gaussian(2 * sp.pi * omega / speed))

    def compiled(name: str, *arguments: sp.Symbol) -> Formula:
        """The formula of ``dispersion`` in these arguments."""
        one = known[name]
        at_hand = {double_sine: 2 * product, double_cosine: 1 - 2 * sine_squared}
        written = one.result.subs({old: new for old, new in at_hand.items() if old not in arguments})
        return replace(one, name=f"ct_{name}", arguments=arguments, where=given | one.where, written=written, steps=())

    return [
        compiled("band_width", omega_fast),
        compiled("frequency_squared", band_width, sine_squared),
        compiled("half_slope", band_width, product),
        compiled("resonance", band_width, sine_squared, frequency),
        compiled("resonance_slope", band_width, product, rate, frequency),
        Formula(
            "ct_resonance_curvature", (band_width, double_cosine, rate), sp.diff(inverse_response(shift), x, 2),
            ("travelling_wave_response",), "d^2 resonance/dx^2 along the line w = rate x.", {**given, **along},
            2 * (sp.pi**2 * band_width * double_cosine - rate**2), rules=PERIODIC,
        ),
        compiled("tangency", band_width, x, sine_squared, product),
        compiled("tangency_slope", band_width, x, sine_squared, product),
        compiled("steepest_sine_squared", omega_fast),
        Formula(
            "ct_lower_edge_shift", (band_width,), ((spacing / lower_resonance()) ** 2 - lag**2).expand(),
            ("resonance_lower_edge",), "(spacing/v)^2 - n^2 at the n-th resonance of the lower edge, to leading order.",
            {band_width: gap**2}, 1 / (sp.pi**2 * band_width),
        ),
        Formula(
            "ct_gaussian_slope", (r, peak, per_square), potential_gaussian(r).diff(r), ("transform_gaussian",),
            "dPhi/dr of the Gaussian, peak = -amplitude/width^2, per_square = 1/width^2.",
            {peak: -amplitude / width**2, per_square: 1 / width**2}, peak * r * sp.exp(-per_square * r**2 / 2),
        ),
        compiled("frequency_curvature", frequency, slope, double_cosine, band_width),
        compiled("neighbour_stiffness", band_width),
        Formula(
            "ct_crossing_rate", (x, slope, speed, spacing), crossing_moves.formula.rhs, ("crossing_moves",),
            "dx/dv of a root of the resonance condition, slope = d omega/dx.", {slope: sp.diff(band_continued(), x)},
            x / (spacing * slope - speed),
        ),
        Formula(
            "ct_gaussian_growth", (x, touch, touch_slope, width, spacing), sp.diff(sp.log(excited), x),
            ("eq10_mean_dissipation", "eq10_gaussian", "tangency"),
            "d log T/dx of the term T of Eq. (10) along its branch, for a Gaussian; touch = tangency at x.",
            {touch: tangency_function(), touch_slope: sp.diff(tangency_function(), x)},
            4 / x - 8 * sp.pi**2 * width**2 * x / spacing**2 - touch_slope / touch, rules=("common denominator",),
        ),
        Formula(
            "ct_resonance_strength", (x, weight_of_mode, curvature, speed, spacing), resonance_strength.formula.rhs,
            ("resonance_strength",), "R of the divergence R/sqrt(dv) beside a resonance at x, A the loss per mode.",
        ),
        Formula(
            "ct_gaussian_potential", (r, amplitude, per_square), potential_gaussian(r), ("transform_gaussian",),
            "Phi(r) of the Gaussian, per_square = 1/width^2.", {per_square: 1 / width**2},
            amplitude * sp.exp(-per_square * r**2 / 2),
        ),
        Formula(
            "ct_gaussian_loss_growth", (wave,), speed * sp.diff(sp.log(gaussian_loss), speed),
            ("eq06_single_pass", "transform_gaussian"),
            "d log A/d log v of the energy A that a phonon takes in a pass of a Gaussian; kappa = 2 pi omega width/v.",
            {wave: 2 * sp.pi * omega * width / speed}, 2 * wave**2 - 4, rules=("common denominator",),
        ),
        *(replace(known[name], name=f"ct_{name}") for name in wanted),
    ]  # fmt: skip


def formulas() -> dict[str, list[Formula]]:
    """The formulas of each generated file; that of dissipation.h stands in dissipation.pxd too.

    >>> len({formula.name for listed in formulas().values() for formula in listed}) > 40
    True
    """
    return {
        "dispersion.py": dispersion(),
        "motion.py": motion(),
        "dissipation.py": dissipation(),
        "interactions.py": interactions(),
        "travelling_wave.py": travelling_wave(),
        "thermal.py": thermal(),
        "chain.h": chain_header(),
        "dissipation.h": [band_mean()],
    }
