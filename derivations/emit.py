"""Statements to source code: what production calls, written from the ledger.

Pure: nothing here writes a file (``python -m derivations --regenerate`` does). Each function is emitted with the ledger
statements it comes from; one whose written form is not proved to be the ledger's formula is refused.

>>> sorted(files())[:4]
['__init__.pxd', 'chain.h', 'dispersion.py', 'dissipation.h']
"""

from __future__ import annotations

import sympy as sp

from .formulas import Formula, band_mean, formulas
from .printer import CODE_NAMES, Printer, PythonPrinter, header

__all__ = ["c_function", "chain_h", "dissipation_h", "dissipation_pxd", "files", "in_c", "python_source"]

TITLES = {
    "dispersion.py": "The dispersion relation, the resonance condition and its tangencies; x = q a/(2 pi).",
    "motion.py": "The motion of the particle: kinetic energy, speed and acceleration.",
    "dissipation.py": "The energy that phonons take, at second and third order in the interaction.",
    "interactions.py": "The named interactions: profiles with their derivatives, and transforms.",
    "travelling_wave.py": "The exact steady drift, a travelling wave: modulation and radiated energy.",
    "thermal.py": "A chain at a temperature: energies of the modes, variance and mean of the losses, phonons emitted.",
    "chain.h": "The dispersion relation, the resonance condition and the forces of the compiled loops.",
}


WAVES = "sine_squared = sin^2(pi x), product = sin(pi x) cos(pi x), double_sine, double_cosine = those of 2 pi x,"
NOTES = {name: (WAVES, "band_width = omega_fast^2 - 1, rate = v/spacing.") for name in ("dispersion.py", "chain.h")}


def _asymptotic(order: int, terms: int) -> list[sp.Rational]:
    """Return the coefficients of sqrt(2 pi x) exp(-x) I_order(x) in powers of 1/x."""
    coefficients, term = [], sp.Integer(1)
    for number in range(terms):
        coefficients.append(term)
        term = -term * (4 * order**2 - (2 * number + 1) ** 2) / (8 * (number + 1))
    return coefficients


def _difference_routine(terms: int = 14) -> str:
    """Return the Cython source of i0e - i1e: the difference itself, or its asymptotic series beyond x = 30."""
    pairs = zip(_asymptotic(0, terms), _asymptotic(1, terms), strict=True)
    differences = [float(a - b) for a, b in pairs][1:]  # the leading terms cancel
    return f"""cdef inline double i0e_minus_i1e(double x) noexcept nogil:
    # exp(-x) (I0(x) - I1(x)), x >= 0: beyond 30 by the difference of the asymptotic series, whose leading
    # terms cancel exactly.
    cdef double y
    if x < 30.0:
        return i0e(x) - i1e(x)
    y = 1.0/x
    return y/sqrt(6.2831853071795865*x)*({_series(differences)})
"""


def dissipation_pxd() -> str:
    """Return the Cython source of the band mean of Eq. (7).

    >>> "double band_mean_gaussian(" in dissipation_pxd()
    True
    """
    formula = proved(band_mean())
    signature = f"{formula.name}({', '.join(CODE_NAMES[a] for a in formula.arguments)})"
    head = header("#", "Single-pass dissipation of a Gaussian, Eq. (7).", ("", f"  {signature}"))
    imports = "from libc.math cimport sqrt\nfrom scipy.special.cython_special cimport i0e, i1e\n"
    arguments, steps, result = in_c(formula)
    function = "\n".join([
        f"cdef inline double {formula.name}({arguments}) noexcept nogil:", f"    # {formula.doc}",
        f"    # Ledger: {', '.join(formula.ledger)}.", *(f"    cdef double {step}" for step in steps),
        f"    return {result}", "",
    ])  # fmt: skip
    return "\n\n".join([head + "\n" + imports, _difference_routine(), function])


def _series(coefficients: list[float]) -> str:
    """Return a polynomial in y in Horner's form, as C.

    >>> _series([1.0, 0.5])
    '1.0 + y*(0.5)'
    """
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"{coefficient!r} + y*({text})"
    return text


def dissipation_h(terms: int = 14, nodes: int = 32) -> str:
    """Return the C header of the band mean of Eq. (7), for compilers without SciPy's Bessel functions.

    Below x = 30 the scaled Bessel functions are means over an angle of positive numbers, exp(-2 x s) and 2 s times
    that with s = sin^2(theta/2), by the trapezoidal rule: what it leaves out is the Bessel function of order 2 nodes,
    below 1e-25 of them. Beyond, their asymptotic series.

    >>> "static inline double band_mean_gaussian(double v, double omega_fast, double width)" in dissipation_h()
    True
    """
    squares = [float(sp.sin(sp.pi * node / (2 * nodes)).evalf(25) ** 2) for node in range(nodes + 1)]
    table = ",\n    ".join(", ".join(map(repr, squares[at : at + 4])) for at in range(0, nodes + 1, 4))
    first = [float(a) for a in _asymptotic(0, terms)]
    second = [float(a - b) for a, b in zip(_asymptotic(0, terms), _asymptotic(1, terms), strict=True)][1:]
    guard = "CHAINTHEORY_DISSIPATION_H"

    def function(name: str, weight: str, series: str, doc: str) -> str:
        return (
            f"/* {doc} */\nstatic inline double {name}(double x)\n{{\n"
            "    const double y = 1.0/x;\n"
            f"    if (!(x < 30.0)) return {series};\n"
            f"    double sum = 0.5*({weight.format(0)}*exp(-2.0*x*half_angle[0])"
            f" + {weight.format(nodes)}*exp(-2.0*x*half_angle[{nodes}]));\n"
            f"    for (int j = 1; j < {nodes}; j++) sum += {weight.format('j')}*exp(-2.0*x*half_angle[j]);\n"
            f"    return sum/{nodes};\n}}\n"
        )

    root = "sqrt(6.2831853071795865*x)"
    blocks = [
        f"/* sin^2(pi j/{2 * nodes}). */\nstatic const double half_angle[{nodes + 1}] = {{\n    {table}\n}};\n",
        function("i0e", "1.0", f"({_series(first)})/{root}", "exp(-x) I0(x), x >= 0."),
        function("i0e_minus_i1e", "2.0*half_angle[{}]", f"y/{root}*({_series(second)})",
                 "exp(-x) (I0(x) - I1(x)), x >= 0, without cancellation."),
        c_function(band_mean()),
    ]  # fmt: skip
    head = "/*\n" + header(" *", "Single-pass dissipation of a Gaussian, Eq. (7).", ()) + " */\n"
    return f"{head}#ifndef {guard}\n#define {guard}\n\n#include <math.h>\n\n" + "\n".join(blocks) + "\n#endif\n"


def proved(formula: Formula) -> Formula:
    """The formula, once its written form is proved.

    Raises
    ------
    ValueError
        If the rewritings do not reduce the difference to zero.

    >>> proved(Formula("pi", (), sp.pi, (), "A number.", written=sp.Integer(3)))
    Traceback (most recent call last):
    ...
    ValueError: pi is not the formula of the ledger: leaves 3 - pi after expand
    """
    outcome = formula.proof()
    if outcome.evidence != "proved":
        raise ValueError(f"{formula.name} is not the formula of the ledger: {outcome.detail}")
    return formula


def in_c(formula: Formula) -> tuple[str, list[str], str]:
    """The arguments of a formula's function, its intermediate results and its result, in C.

    >>> from derivations.notation import speed
    >>> in_c(Formula("square", (speed,), speed**2, (), "A square."))
    ('double v', [], '(v*v)')
    """
    printer = Printer(CODE_NAMES)
    arguments = ", ".join(f"double {printer.doprint(argument)}" for argument in formula.arguments)
    steps = [f"{printer.doprint(symbol)} = {printer.doprint(value)}" for symbol, value in formula.steps]
    return arguments, steps, printer.doprint(formula.result)


def c_function(formula: Formula) -> str:
    """Return the formula as a function in C, once its written form is proved.

    >>> from derivations.notation import speed
    >>> print(c_function(Formula("square", (speed,), speed**2, ("none",), "A square.")))
    /* A square. Ledger: none. */
    static inline double square(double v)
    {
        return (v*v);
    }
    <BLANKLINE>
    """
    arguments, steps, result = in_c(proved(formula))
    lines = [
        f"/* {formula.doc} Ledger: {', '.join(formula.ledger)}. */",
        f"static inline double {formula.name}({arguments})",
        "{",
        *(f"    const double {step};" for step in steps),
        f"    return {result};",
        "}",
        "",
    ]
    return "\n".join(lines)


def python_source(file: str) -> str:
    """Return the Python source of a file's formulas, for any arithmetic: ``m`` has its functions and its pi.

    >>> "def kinetic_energy(speed: Any, mass: Any, m: Any = numpy) -> Any:" in python_source("motion.py")
    True
    """
    blocks = []
    for formula in map(proved, formulas()[file]):
        printer = PythonPrinter()
        lines = [f"    {symbol.name} = {printer.doprint(value)}" for symbol, value in formula.steps]
        lines.append(f"    return {printer.doprint(formula.result)}")
        arguments = [f"{printer.doprint(argument)}: Any" for argument in formula.arguments]
        if any("m." in line for line in lines):
            arguments.append("m: Any = numpy")
        blocks.append(
            f"def {formula.name}({', '.join(arguments)}) -> Any:\n"
            f'    """{formula.doc}\n\n    Ledger: {", ".join(formula.ledger)}.\n    """\n' + "\n".join(lines) + "\n"
        )
    note = ("", "m is the arithmetic: numpy, math, or another namespace with pi, exp, sqrt.", *NOTES.get(file, ()))
    head = f'"""{TITLES[file]}"""\n\n{header("#", "", note).split(chr(10), 2)[2]}'
    return f"{head}\nfrom typing import Any\n\nimport numpy\n\n\n" + "\n\n".join(blocks)


def chain_h() -> str:
    """Return the C header of the compiled loops.

    >>> "static inline double ct_frequency_squared(double band_width, double sine_squared)" in chain_h()
    True
    """
    blocks = map(c_function, formulas()["chain.h"])
    guard = "CHAINTHEORY_CHAIN_H"
    return (
        "/*\n" + header(" *", TITLES["chain.h"], ("", *NOTES["chain.h"])) + f" */\n#ifndef {guard}\n#define {guard}\n\n"
        "#include <math.h>\n\n" + "\n".join(blocks) + "\n#endif\n"
    )


def files() -> dict[str, str]:
    """All generated files: name -> text.

    >>> "chain.h" in files()
    True
    """
    python = {file: python_source(file) for file in TITLES if file.endswith(".py")}
    return {
        "__init__.pxd": "# The generated declarations form a package; do not edit.\n",
        "dissipation.pxd": dissipation_pxd(),
        "dissipation.h": dissipation_h(),
        "chain.h": chain_h(),
        **python,
    }
