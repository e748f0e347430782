"""Statements to source code: what the compiled part of the project is built from.

Pure: nothing here writes a file (``python -m derivations --regenerate`` does). Each function is
emitted with the expression it computes, the ledger statements it comes from and its operation
count.

>>> sorted(files())
['__init__.pxd', 'derivatives.pxd', 'dissipation.pxd', 'interactions.h', 'third_order.py', 'travelling_wave.py']
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1
from sympy.printing.numpy import NumPyPrinter

from .closed_forms import CLOSED_FORMS
from .lattice import band_squared
from .notation import amplitude, mass, omega, omega_fast, spacing, speed, width, x
from .potentials import INTERACTIONS
from .printer import CODE_NAMES, Printer, Routine, fold, header, i0e, i0e_minus_i1e, k0, unit_sign
from .single_pass import half_width, loss_per_mode, slowness
from .steady_state import band_continued, crossing_function, tangency_function
from .third_order import force_spectrum, stiffness_spectrum, travelling_denominator
from .travelling_wave import inverse_response, modulation, radiated

__all__ = [
    "Routine",
    "derivatives_pxd",
    "dissipation_pxd",
    "files",
    "interactions_h",
    "third_order_py",
    "travelling_wave_py",
]


def _asymptotic(order: int, terms: int) -> list[sp.Rational]:
    """Return the coefficients of sqrt(2 pi x) exp(-x) I_order(x) in powers of 1/x."""
    coefficients, term = [], sp.Integer(1)
    for number in range(terms):
        coefficients.append(term)
        term = -term * (4 * order**2 - (2 * number + 1) ** 2) / (8 * (number + 1))
    return coefficients


def _difference_routine(terms: int = 14) -> str:
    """Return the Cython source of i0e - i1e.

    The difference itself, or its asymptotic series beyond x = 30.
    """
    pairs = zip(_asymptotic(0, terms), _asymptotic(1, terms), strict=True)
    differences = [float(a - b) for a, b in pairs][1:]  # the leading terms cancel
    horner = repr(differences[-1])
    for coefficient in reversed(differences[:-1]):
        horner = f"{coefficient!r} + y*({horner})"
    return f"""cdef inline double i0e_minus_i1e(double x) noexcept nogil:
    # exp(-x) (I0(x) - I1(x)), x >= 0: beyond 30 by the difference of the asymptotic series, whose leading
    # terms cancel exactly.
    cdef double y
    if x < 30.0:
        return i0e(x) - i1e(x)
    y = 1.0/x
    return y/sqrt(6.2831853071795865*x)*({horner})
"""


def _single_pass_parts() -> tuple[sp.Expr, sp.Expr]:
    """Return Eq. (7) as (factor, sum) such that it is factor exp(-z) sum (ledger: eq07_scaled)."""
    argument = slowness * half_width
    factor = 16 * sp.pi**5 * amplitude**2 * width**2 / speed**4
    return factor, i0e(argument) + half_width * i0e_minus_i1e(argument)


def _stable_transform(name: str, k: sp.Expr) -> sp.Expr:
    """The transform in functions that the compiler knows and that do not overflow."""
    if name == "sech2":  # q/sinh(pi q/2) = 2 q exp(-pi q/2)/(1 - exp(-pi q))
        decay = sp.pi * width * k
        return 2 * sp.pi * amplitude * width**2 * k * sp.exp(-decay / 2) / -expm1(-decay)
    return INTERACTIONS[name].transform(k).replace(sp.besselk, lambda order, argument: k0(argument))


def _stable_potential(name: str, distance: sp.Expr) -> sp.Expr:
    """The potential, likewise; the distance is positive."""
    if name == "sech2":  # 1/cosh(a)^2 = 4 exp(-2 a)/(1 + exp(-2 a))^2
        decay = sp.exp(-2 * distance / width)
        return 4 * amplitude * decay / (1 + decay) ** 2
    return INTERACTIONS[name].potential(distance)


def _weight(name: str) -> tuple[sp.Expr, sp.Expr]:
    """Return the term of Eq. (10) as (loss per mode, Jacobian), to be divided in absolute value."""
    frequency = band_continued()
    loss = loss_per_mode(frequency**2, _stable_transform(name, 2 * sp.pi * frequency / speed))
    return loss, 1 - spacing * sp.diff(frequency, x) / speed


def routines() -> list[Routine]:
    """The functions of dissipation.pxd."""
    factor, bessels = _single_pass_parts()
    chain = (x, omega_fast)
    line = (x, speed, omega_fast, spacing)
    shape = (amplitude, width)
    ten, edge = ("eq10_mean_dissipation",), ("tangency",)
    pass_arguments = (speed, omega_fast, *shape)
    listed = [
        Routine(
            "single_pass_gaussian",
            pass_arguments,
            factor * sp.exp(-slowness) * bessels,
            ("eq07_scaled",),
            "Eq. (7), the loss in one pass; v > 0.",
        ),
        Routine(
            "band_mean_gaussian",
            (speed, omega_fast, width),
            bessels,
            ("eq07_scaled",),
            "Eq. (7) without its prefactor and exponential: the band mean of omega^2 exp(-z (omega^2 - 1)); v > 0.",
        ),
        *(
            Routine(
                f"single_pass_{name}",
                pass_arguments,
                CLOSED_FORMS[name],
                (f"{name}_closed_form",),
                "Loss in one pass; v > 0.",
            )
            for name in CLOSED_FORMS
        ),
        Routine(
            "band_squared",
            chain,
            band_squared(sp.pi * x),
            ("eq01_band",),
            "omega^2 at x = theta/pi, continued over all zones.",
            x,
        ),
        Routine(
            "band",
            chain,
            band_continued(),
            ("eq01_band",),
            "omega at x, continued over all zones.",
            x,
        ),
        Routine("band_slope", chain, sp.diff(band_continued(), x), ("eq01_band",), "d omega/dx.", x),
        Routine(
            "crossing",
            line,
            crossing_function(),
            ten,
            "Zero where the line x v/spacing meets the band.",
            x,
        ),
        Routine("crossing_slope", line, sp.diff(crossing_function(), x), ten, "d crossing/dx.", x),
        Routine(
            "tangency",
            chain,
            tangency_function(),
            edge,
            "Zero where a line through the origin touches the band: ends of the monotone pieces.",
            x,
        ),
        Routine(
            "tangency_slope",
            chain,
            sp.diff(tangency_function(), x),
            ("crossing_count",),
            "d tangency/dx.",
            x,
        ),
    ]
    for name in INTERACTIONS:
        loss, jacobian = _weight(name)
        per_mode = loss_per_mode(omega**2, _stable_transform(name, 2 * sp.pi * omega / speed))
        ledger = ("eq06_single_pass", f"transform_{name}")
        listed += [
            Routine(
                f"loss_per_mode_{name}",
                (omega, speed, *shape),
                per_mode,
                ledger,
                "What a phonon of frequency omega takes; its band average is Eq. (6).",
            ),
            Routine(
                f"weight_{name}",
                (*line, *shape),
                loss / sp.Abs(jacobian),
                (*ten, f"transform_{name}"),
                "The term of Eq. (10) at the crossing x.",
                x,
            ),
        ]
    return listed


def derivative_routines() -> list[Routine]:
    """The functions of derivatives.pxd: partial derivatives, named FUNCTION_by_PARAMETER."""
    line = (x, speed, omega_fast, spacing)
    shape = (amplitude, width)
    factor, bessels = _single_pass_parts()
    sources: list[tuple[str, tuple[sp.Symbol, ...], Any, str, sp.Symbol | None]] = [
        (
            "single_pass_gaussian",
            (speed, omega_fast, *shape),
            factor * sp.exp(-slowness) * bessels,
            "eq07_scaled",
            None,
        ),
        *(
            (
                f"single_pass_{name}",
                (speed, omega_fast, *shape),
                CLOSED_FORMS[name],
                f"{name}_closed_form",
                None,
            )
            for name in CLOSED_FORMS
        ),
        ("crossing", line, crossing_function(), "eq10_mean_dissipation", x),
    ]
    for name in INTERACTIONS:
        loss, jacobian = _weight(name)
        # |J| is the constant sign of J times J, away from the resonances.
        sources.append((f"weight_{name}", (*line, *shape), (loss, jacobian), "eq10_mean_dissipation", x))
    listed = []
    for name, arguments, source, ledger, periodic in sources:
        for variable in arguments:
            if isinstance(source, tuple):
                loss, jacobian = source
                derivative = unit_sign(jacobian) * (
                    sp.diff(loss, variable) / jacobian - loss * sp.diff(jacobian, variable) / jacobian**2
                )
            else:
                derivative = sp.diff(source, variable)
            listed.append(
                Routine(
                    f"{name}_by_{CODE_NAMES[variable]}",
                    arguments,
                    derivative,
                    (ledger,),
                    f"d {name}/d {CODE_NAMES[variable]}, all else fixed.",
                    periodic,
                    f"Derivative({name}, {CODE_NAMES[variable]})",
                )
            )
    return listed


def _pxd(title: str, listed: list[Routine], imports: str, extra: tuple[str, ...] = ()) -> str:
    signatures = [f"  {r.name}({', '.join(CODE_NAMES[a] for a in r.arguments)})" for r in listed]
    docs = tuple(f"{line:<72} {r.doc}" for line, r in zip(signatures, listed, strict=True))
    head = header("#", title, ("", *docs))
    return "\n\n".join([head + "\n" + imports, *extra, *(r.cython() for r in listed)])


def dissipation_pxd() -> str:
    """Return the Cython source of the dissipation functions, Eqs. (6), (7) and (10).

    >>> "double single_pass_gaussian(" in dissipation_pxd()
    True
    """
    imports = (
        "from libc.math cimport cos, exp, expm1, fabs, log, pow, rint, sin, sqrt\n"
        "from scipy.special.cython_special cimport i0e, i1e, k0\n"
    )
    return _pxd(
        "Single-pass and mean dissipation: Eqs. (6), (7) and (10).",
        routines(),
        imports,
        (_difference_routine(),),
    )


def derivatives_pxd() -> str:
    """Return the Cython source of their partial derivatives.

    >>> "single_pass_gaussian" in derivatives_pxd()
    True
    """
    imports = (
        "from libc.math cimport copysign, cos, exp, expm1, fabs, pow, rint, sin, sqrt\n"
        "from scipy.special.cython_special cimport i0e, k0, k1\n"
        "from chaintheory_ext.generated.dissipation cimport i0e_minus_i1e\n"
    )
    return _pxd(
        "Partial derivatives of the functions of dissipation.pxd, in v and in the parameters.",
        derivative_routines(),
        imports,
    )


def _factored_slope(potential: sp.Expr, distance: sp.Symbol) -> sp.Expr:
    """Return the derivative as one product: no cancellation near the top of the potential.

    >>> r = sp.Symbol("r", positive=True)
    >>> _factored_slope((1 + r) * sp.exp(-r), r)
    -r*exp(-r)
    """
    decays = sorted(potential.atoms(sp.exp), key=sp.default_sort_key)
    if len(decays) != 1:
        return sp.diff(potential, distance)
    symbol = sp.Dummy(positive=True)
    slope = sp.factor(sp.diff(potential, distance).subs(decays[0], symbol))
    # 1 - exp(...) loses digits near zero; expm1 does not.
    slope = slope.subs(symbol - 1, expm1(decays[0].args[0]))
    return slope.subs(symbol, decays[0])


def interactions_h() -> str:
    """Return the C source of the interactions.

    The square well is left out: it has no force that a time step could follow.

    >>> "gaussian" in interactions_h(), "square_well" in interactions_h()
    (True, False)
    """
    distance = sp.Symbol("r", positive=True)
    blocks = []
    for name in INTERACTIONS:
        if name == "square_well":
            continue
        even = name == "gaussian" or name in (
            "lorentzian",
            "softened_coulomb",
        )  # smooth in r itself
        variable = "r" if even else "a"
        printer = Printer({amplitude: "c[0]", width: "c[1]", distance: variable})
        potential = _stable_potential(name, distance)
        for suffix, expression in (
            ("potential", potential),
            ("slope", _factored_slope(potential, distance)),
        ):
            temporaries, (result,) = sp.cse([expression], sp.numbered_symbols("t"), order="canonical")
            lines = [] if even else ["    const double a = fabs(r);"]
            lines += [f"    const double {s.name} = {printer.doprint(value)};" for s, value in temporaries]
            text = printer.doprint(result)
            if suffix == "slope" and not even:  # odd; no force exactly on top of a cusp
                text = f"r == 0.0 ? 0.0 : copysign(1.0, r)*({text})"
            blocks.append(
                f"/* {sp.sstr(expression)}, r > 0   [{int(sp.count_ops(expression))} "
                f"operations; ledger: transform_{name}] */\n"
                f"static inline double {name}_{suffix}(double r, const double *c)\n"
                "{\n" + "\n".join([*lines, f"    return {text};"]) + "\n}\n"
            )
    head = header(
        " *",
        "Interactions: NAME_potential(r, c) and NAME_slope(r, c) = dPhi/dr.",
        (
            "c[0] is the amplitude, c[1] the width.",
            f"NAME: {', '.join(n for n in INTERACTIONS if n != 'square_well')}.",
        ),
    )
    return (
        "/*\n" + head + " */\n#ifndef CHAINTHEORY_INTERACTIONS_H\n#define CHAINTHEORY_INTERACTIONS_H\n\n"
        "#include <math.h>\n\n" + "\n".join(blocks) + "\n#endif\n"
    )


def third_order_py() -> str:
    """Return the NumPy source of what the third order is made of; it is evaluated on whole arrays.

    >>> "def force_spectrum(frequency: Any, speed: Any, transform: Any) -> Any:" in third_order_py()
    True
    """
    frequency, value = sp.Symbol("frequency"), sp.Symbol("transform")
    listed = [
        (
            "force_spectrum",
            (frequency, speed, value),
            force_spectrum(frequency, value),
            "force_spectrum",
            "f of a pulse",
        ),
        (
            "stiffness_spectrum",
            (frequency, speed, value),
            stiffness_spectrum(frequency, value),
            "stiffness_spectrum",
            "K of a pulse",
        ),
        (
            "travelling_denominator",
            (frequency, speed, omega_fast, spacing),
            travelling_denominator(frequency),
            "travelling_response",
            "Inverse response of the chain to a travelling force",
        ),
    ]
    return _numpy_source("The spectra of which the third order in the interaction is made.", listed)


def travelling_wave_py() -> str:
    """Return the NumPy source of the exact steady drift's formulas; they are evaluated on whole arrays.

    >>> "def inverse_response(x: Any, shift: Any, " in travelling_wave_py()
    True
    """
    shift, number, value, steepness = sp.symbols("shift number transform slope")
    inverse = inverse_response(shift)
    chain = (x, shift, speed, omega_fast, spacing)
    response = "travelling_wave_response"
    listed = [
        ("inverse_response", chain, inverse, response, "Lambda(x)"),
        ("inverse_response_slope", chain, inverse.diff(x), response, "Lambda'(x)"),
        ("inverse_response_curvature", chain, inverse.diff(x, 2), response, "Lambda''(x)"),
        (
            "modulation",
            (number, shift, speed, spacing, mass, value),
            modulation(number, shift, value),
            "travelling_wave_particle",
            "Harmonic of the particle's displacement",
        ),
        (
            "radiated",
            (x, steepness, value),
            # The slope of Lambda is an argument: near a resonance it is known better than its formula gives it.
            radiated(value).subs(sp.Abs(inverse.subs(shift, 0).diff(x)), sp.Abs(steepness)),
            "travelling_wave_energy",
            "Energy that a phonon carries off per pass",
        ),
    ]
    return _numpy_source("The exact steady drift, a travelling wave: response, modulation, radiated energy.", listed)


def _numpy_source(title: str, listed: list[tuple[str, tuple[sp.Symbol, ...], sp.Expr, str, str]]) -> str:
    """A module of NumPy functions from (name, arguments, expression, statement of the ledger, what it is)."""
    named = {
        omega: sp.Symbol("frequency"),
        omega_fast: sp.Symbol("omega_fast"),
        spacing: sp.Symbol("spacing"),
        speed: sp.Symbol("speed"),
        mass: sp.Symbol("mass"),
        x: sp.Symbol("x"),
    }
    printer = NumPyPrinter()
    blocks = []
    for name, arguments, expression, ledger, doc in listed:
        written = ", ".join(f"{named.get(argument, argument)}: Any" for argument in arguments)
        blocks.append(
            f'def {name}({written}) -> Any:\n    """{doc}; ledger: {ledger}."""\n'
            f"    return {printer.doprint(fold(expression.subs(named)))}\n"
        )
    head = f'"""{title}"""\n\n{header("#", title, ()).split(chr(10), 2)[2]}'
    return f"{head}\nfrom typing import Any\n\nimport numpy\n\n\n" + "\n\n".join(blocks)


def files() -> dict[str, str]:
    """All generated files: name -> text.

    >>> sorted(files())
    ['__init__.pxd', 'derivatives.pxd', 'dissipation.pxd', 'interactions.h', 'third_order.py', 'travelling_wave.py']
    """
    return {
        "__init__.pxd": "# The generated declarations form a package; do not edit.\n",
        "dissipation.pxd": dissipation_pxd(),
        "derivatives.pxd": derivatives_pxd(),
        "interactions.h": interactions_h(),
        "third_order.py": third_order_py(),
        "travelling_wave.py": travelling_wave_py(),
    }
