"""One table of symbols: paper, SymPy, code, unit, assumptions.

Every other module imports its symbols from here, and a test checks that no statement of the ledger
uses a symbol that this table does not explain. Units are those of the paper: length
``sqrt(hbar/(m Omega_slow))``, time ``2 pi/Omega_slow``, energy ``hbar Omega_slow``, mass ``m``;
``1`` marks a pure number.

The assumptions that SymPy can hold (positive unless a row says real or integer) sit on the symbol;
``low`` and ``high`` add the range over which the numerical checks draw their points.

>>> entry(omega_fast).code
'omega_fast'
>>> entry(width).paper, entry(width).unit
('λ', 'length')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

__all__ = ["TABLE", "Entry", "entry", "glossary", "known"]


@dataclass(frozen=True)
class Entry:
    """One line of the table of symbols.

    Attributes
    ----------
    symbol, paper, code
        The symbol in SymPy, in the paper and in code.
    unit
        ``"1"`` for a pure number, or the paper's units of length, time, energy and mass.
    meaning
        In words.
    low, high
        The range from which numerical checks draw.

    >>> entry(width).meaning, entry(width).unit
    ('width of the interaction', 'length')
    """

    symbol: sp.Symbol
    paper: str
    code: str
    unit: str
    meaning: str
    low: sp.Rational
    high: sp.Rational

    @property
    def assumptions(self) -> str:
        """The assumptions in words, as SymPy holds them, and the range of the numerical checks.

        >>> entry(omega_fast).assumptions
        'positive, 21/20 to 12'
        """
        kinds = [kind for kind in ("integer", "positive", "real") if getattr(self.symbol, f"is_{kind}")]
        if "positive" in kinds:
            kinds.remove("real")
        return f"{' '.join(kinds) or 'complex'}, {self.low} to {self.high}"


_entries: list[Entry] = []


def _symbol(
    name: str, paper: str, code: str, unit: str, meaning: str, low: Any, high: Any, **assumptions: Any
) -> sp.Symbol:
    symbol = sp.Symbol(name, **(assumptions or {"positive": True}))
    _entries.append(Entry(symbol, paper, code, unit, meaning, sp.Rational(low), sp.Rational(high)))
    return symbol


# The chain
omega_fast = _symbol("omega_fast", "ω_fast", "omega_fast", "1", "top of the phonon band (the bottom is 1)", "21/20", 12)
gap = _symbol("g", "√(ω_fast²−1)", "gap", "1", "root of the band's width in omega squared", "1/5", 10)
spacing = _symbol("alpha", "α", "spacing", "length", "lattice spacing", 5, 60)
theta = _symbol("theta", "θ", "angle", "1", "half the phase between neighbours, q a/2", "1/100", "3/2", real=True)
omega = _symbol("omega", "ω", "frequency", "1", "frequency of a phonon", 1, 12)
response_frequency = _symbol(
    "w", "w", "response_frequency", "1", "frequency of a response, as a variable of integration", "1/10", 20
)
time = _symbol("tau", "τ", "time", "time", "time", "1/20", 3)
laplace = _symbol("s", "s", "laplace", "1/time", "Laplace variable", "1/2", 20)
lag = _symbol("n", "n", "lag", "1", "number of a chain mass, a lag or a resonance", 1, 6, integer=True, positive=True)
site = _symbol("l", "l", "site", "1", "number of a chain mass", 1, 6, integer=True)
masses = _symbol("N", "N", "masses", "1", "number of masses in a finite chain", 2, 9, integer=True, positive=True)

# The particle and its interaction
mass = _symbol("mu", "μ", "mass", "mass", "mass of the mobile particle", "1/5", 5)
position = _symbol("sigma", "σ", "position", "length", "position of the mobile particle", "1/2", 40, real=True)
speed = _symbol("v", "σ̇", "speed", "length/time", "speed of the mobile particle", 3, 90)
v_c = _symbol("v_c", "σ̇_c", "capture_speed", "length/time", "capture speed", 3, 30)
bias = _symbol("beta", "β", "bias", "energy", "work of the pulling force over one lattice spacing", "1/500", "1/10")
amplitude = _symbol(
    "Phi_0",
    "Φ₀",
    "amplitude",
    "energy",
    "amplitude of the interaction, with its sign",
    "1/4",
    4,
    real=True,
    nonzero=True,
)
width = _symbol("lambda", "λ", "width", "length", "width of the interaction", "1/2", 6)
first_amplitude = _symbol(
    "Phi_1", "Φ₁", "amplitudes", "energy", "amplitude of one Gaussian of a mixture", "1/4", 4, real=True, nonzero=True
)
second_amplitude = _symbol(
    "Phi_2", "Φ₂", "amplitudes", "energy", "amplitude of another Gaussian", "1/4", 4, real=True, nonzero=True
)
first_width = _symbol("lambda_1", "λ₁", "widths", "length", "width of one Gaussian of a mixture", "1/2", 6)
second_width = _symbol("lambda_2", "λ₂", "widths", "length", "width of another Gaussian", "1/2", 6)
screening = _symbol(
    "s", "—", "screening", "1", "offset of the particle's line over the length of an exponential decay", "1/4", 4
)
wavenumber = _symbol("k", "k", "wavenumber", "1/length", "wave number of the interaction's transform", "1/10", 2)
passes = _symbol("N_p", "N", "passes", "1", "number of masses passed", 1, 9, integer=True, positive=True)

c_s = _symbol("c_s", "c", "sound_speed", "length/time", "largest group velocity", 1, 100)
resolvent_p = _symbol("p", "p", "resolvent_p", "1", "positive parameter", "1/2", 5)
resolvent_q = _symbol("q", "q", "resolvent_q", "1", "positive parameter", "1/2", 5)

strength = _symbol(
    "R",
    "—",
    "strength",
    "energy (length/time)^(1/2)",
    "amplitude of the inverse-square-root singularity at a resonance",
    "1/10",
    5,
)
curvature = _symbol("omega_xx", "ω''", "curvature", "1", "second derivative of omega(x) at a tangency", 1, 90)
excess = _symbol("delta", "—", "excess", "length/time", "speed above a resonance", "1/1000", "1/10")
weight_of_mode = _symbol("A", "—", "loss_per_mode", "energy", "loss to one phonon in a pass", "1/1000", 1)

dissipation_slope = _symbol(
    "D", "dΔ̄/dσ̇", "slope", "energy time/length", "slope of the mean dissipation", "-1", 1, real=True
)
growth = _symbol("gamma", "—", "growth", "1", "factor of a deviation of speed per pass", "-1", 2, real=True)
growth_rate = _symbol(
    "nu", "—", "growth_rate", "1/time", "growth rate of a small perturbation of a steady drift", "-1", 1, real=True
)
transit = _symbol("T_t", "—", "transit", "time or 1", "duration of a transit, or of a relaxation in passes", 1, 20)
work = _symbol("W", "—", "work", "energy", "work of the bias over a spacing", "1/500", "1/10", real=True)

response = _symbol(
    "G", "—", "response", "length^2/energy", "displacement of a mass per unit force on it", "1/10", 2, real=True
)

# Variables of integration and summation, and abbreviations
u = _symbol("u", "u", "distance", "length", "distance between the particle and a mass", -9, 9, real=True)
t = _symbol("t", "t", "elapsed", "time", "time, as a variable of integration", "-3", 3, real=True)
phi = _symbol("phi", "φ", "phase", "1", "an angle, or a phase in cycles", "1/10", 3, real=True)
z = _symbol("z", "z", "slowness", "1", "(2 pi lambda/v)^2", "1/20", 20)
x = _symbol("x", "x", "root", "1", "theta/pi = q a/(2 pi), in the extended zone scheme", "1/10", 3)
harmonic = _symbol("j", "j", "harmonic", "1", "number of a mode or of a harmonic", 0, 6, integer=True, nonnegative=True)
ratio = _symbol("r", "r", "ratio", "1", "ratio of successive terms", "1/10", "9/10", real=True)
distance = _symbol("epsilon", "ε", "distance", "1", "relative distance 1 - v/v_r from a resonance", "1/1000", "1/100")
offset = _symbol("epsilon", "ε", "offset", "1", "a small quantity", "1/1000", "1/100", real=True)
index = _symbol(
    "m", "m", "index", "1", "index of a sum, or order of a Matern interaction", 0, 6, integer=True, nonnegative=True
)

# Physical units: only the statements on units use these
chain_mass = _symbol("M_c", "m", "chain_mass", "kg", "mass of a chain mass", "1/2", 5)
particle_mass = _symbol("M_p", "M", "particle_mass", "kg", "mass of the mobile particle", "1/2", 5)
confinement = _symbol("kappa", "κ", "confinement", "N/m", "stiffness of the on-site springs", "1/2", 5)
coupling = _symbol("K", "k", "coupling", "N/m", "stiffness of the springs between neighbours", "1/2", 50)
hbar = _symbol("hbar", "ħ", "hbar", "J s", "reduced Planck constant", "1/2", 5)
lattice_constant = _symbol("a", "a", "lattice_constant", "m", "lattice spacing", "1/2", 5)
physical_time = _symbol("T", "t", "physical_time", "s", "time", "1/2", 5)
drift = _symbol("V", "v", "drift_speed", "m/s", "physical drift speed", 1, 9)
energy = _symbol("E", "E", "energy", "energy", "energy", "1/2", 9)
rate = _symbol("C", "C", "rate", "1", "coefficient of a power law", "1/2", 5)
stiffness = _symbol("K_w", "Φ''", "stiffness", "energy/length^2", "curvature of the well that traps", "1/20", 2)

# Any harmonic chain
well = _symbol("kappa_u", "—", "confinement", "1", "stiffness of the on-site springs over m Omega^2", 0, 2, real=True)
spring = _symbol(
    "K_j", "—", "couplings", "1", "stiffness of the springs between masses j apart over m Omega^2", "1/10", 5, real=True
)
reach = _symbol("j_s", "—", "number", "1", "number of spacings that a spring spans", 1, 5, integer=True, positive=True)
damping = _symbol("gamma_d", "—", "damping", "1", "damping rate of each mass over the unit frequency", "1/100", 1)
sound = _symbol("s_0", "—", "sound", "1/time", "speed of sound, in lattice spacings, of a chain without wells", 2, 10)

# A chain at a temperature
temperature = _symbol("Theta", "k_B T", "temperature", "energy", "temperature of the chain, k_B T", "1/2", 30)
thermal_energy = _symbol(
    "E_q", "—", "mode_energy", "energy", "mean energy of a normal mode at a temperature", "1/2", 30
)
occupation = _symbol("n_q", "n", "occupation", "1", "mean number of phonons in a mode", "1/10", 5)
counting = _symbol("chi", "—", "counting", "1/energy", "variable conjugate to the loss of a pass", "-2", 2, real=True)
loss = _symbol("L", "—", "loss", "energy", "loss of one pass", "-2", 2, real=True)
broadened = _symbol("lambda_T", "—", "broadened_width", "length", "root of lambda^2 + C(0) - C(tau)", 1, 9)
cell_mean = _symbol(
    "b_c", "—", "cell_mean", "1", "mean over a cell of exp(-U/k_B T), U of the rigid lattice from midway", "1/5", 1
)

TABLE: tuple[Entry, ...] = tuple(_entries)
_BY_SYMBOL = {line.symbol: line for line in TABLE}


def known(symbol: sp.Symbol) -> bool:
    """Whether the table explains this symbol.

    >>> known(omega_fast), known(sp.Symbol("omega_fast"))
    (True, False)
    """
    return symbol in _BY_SYMBOL


def entry(symbol: sp.Symbol) -> Entry:
    """The line of the table that explains this symbol; a KeyError if none does.

    >>> entry(omega_fast).unit
    '1'
    """
    return _BY_SYMBOL[symbol]


def glossary() -> str:
    """The table as Markdown: symbol of the paper, name in code, unit, meaning.

    >>> print(glossary().splitlines()[7])
    | ω_fast | `omega_fast` | 1 | top of the phonon band (the bottom is 1) |
    """
    lines = [
        "# Symbols",
        "",
        "Units of the paper: length `sqrt(hbar/(m Omega_slow))`, time `2 pi/Omega_slow`, energy `hbar Omega_slow`,",
        "mass `m` of a chain mass; 1 is a pure number.",
        "",
        "| paper | code | unit | meaning |",
        "|---|---|---|---|",
        *(f"| {one.paper} | `{one.code}` | {one.unit} | {one.meaning} |".replace("|n|", "abs(n)") for one in TABLE),
        "",
        "Written by `make regenerate` from `derivations/notation.py`.",
    ]
    return "\n".join(lines) + "\n"
