"""What a sweep computes: its file, its points, and the numbers at one point.

    [system]                  # fixed parameters; those left out are the paper's
    width = 4.0
    couplings = [2.0, -0.1]   # springs and confinement in the place of omega_fast: any chain; damping as well
                              # (in [axes] couplings is a list of such lists)

    [run]                     # only for simulated quantities; speed and temperature for one pass too
    speed = 50.0
    duration = 100.0
    temperature = 5.0         # a chain at rest if left out; sampling = "quantum" or "classical"

    [axes]                    # a list, or a grid with "linear" or "log" spacing
    amplitude = [-2.0, 2.0]
    bias = { start = 0.001, stop = 0.1, count = 9, spacing = "log" }
    seed = [1, 2, 3]          # of the thermal motion

    [interaction]             # a Gaussian if left out; or potential = "A*exp(-(r/4)**4)", or samples = "table.csv"
    name = "Gaussian"         # its parameters here, in [system] or in [axes], as are those of a formula

    [compute]
    quantities = ["mean_dissipation", "drift_velocities", "final_state"]
    lowest = 5.0              # range of drift velocities
    highest = 80.0
    approximation = "travelling-wave"    # of mean_dissipation and drift_velocities: the exact ones; Eq. 10 if left out

Every key is in the schema below; an unknown one is refused with the nearest known. How a sweep is
run and kept is in run.py and journal.py.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from chaintheory import __version__
from chaintheory.interactions.build import PLAIN, build, kind_of, parameters_of
from chaintheory.interactions.grammar import parse
from chaintheory.interactions.text import interaction_from_text, interaction_to_text
from chaintheory.lattice.thermal_field import checked_sampling, one_temperature
from chaintheory.support.files import read_text, unreadable
from chaintheory.support.validation import above, choice, number, positive, shown, whole
from chaintheory.system import Chain, System

SYSTEM = {"omega_fast": 10.0, "spacing": 40.0, "mass": 1.0, "bias": 0.01}
# Of any other chain, given only where there is one: in the place of omega_fast, damping beside either.
SPRINGS = {"confinement": 1.0, "couplings": None, "damping": 0.0}
SHAPE: dict[str, float | None] = {"amplitude": 2.0, "width": 4.0}
INTERACTION = ("name", "potential", "samples", "cutoff")
RUN: dict[str, float | None] = {
    "position": 220.0,
    "speed": 50.0,
    "duration": 100.0,
    "order": None,
    "steps_per_fast_period": None,
    "temperature": None,
    "seed": None,
}
# A word, so that it can be no axis of numbers.
SAMPLING = "sampling"
COMPUTE = ("quantities", "lowest", "highest", "approximation")
GRID = ("start", "stop", "count", "spacing")
TABLES = ("system", "interaction", "run", "axes", "compute")

UNITS = {
    "couplings": "m Omega^2", "confinement": "m Omega^2", "damping": "Omega",
    "omega_fast": "Omega_slow", "spacing": "l_slow", "amplitude": "hbar Omega_slow",
    "width": "l_slow", "mass": "chain mass", "bias": "hbar Omega_slow", "position": "l_slow",
    "speed": "l_slow/t_slow", "duration": "t_slow", "order": "1", "steps_per_fast_period": "1",
    "temperature": "hbar Omega_slow/k_B", "seed": "1",
    "depth": "hbar Omega_slow", "sigma": "l_slow", "distance": "l_slow", "length": "l_slow", "offset": "l_slow",
    "dispersion": "hbar Omega_slow l_slow^6",
}  # fmt: skip

# Quantity: its variables, each with its unit and the dimension along which it has many values.
QUANTITIES: dict[str, dict[str, tuple[str, str | None]]] = {
    "single_pass_dissipation": {"single_pass_dissipation": ("hbar Omega_slow", None)},
    "mean_dissipation": {"mean_dissipation": ("hbar Omega_slow", None)},
    "drift_velocities": {
        "drift_velocity": ("l_slow/t_slow", "drift"),
        "drift_kind": ("0 locked, 1 stable, 2 unstable", "drift"),
    },
    "passes": {
        "pass_time": ("t_slow", "pass"),
        "pass_speed": ("l_slow/t_slow", "pass"),
        "pass_energy_lost": ("hbar Omega_slow", "pass"),
    },
    "final_state": {
        "final_position": ("l_slow", None),
        "final_speed": ("l_slow/t_slow", None),
        "final_chain_energy": ("hbar Omega_slow", None),
    },
}
SIMULATED = {"passes", "final_state"}
# Those that each quantity has, and all of them.
APPROXIMATIONS = {
    "single_pass_dissipation": ("constant-velocity", "third-order", "static-lattice"),
    "mean_dissipation": ("constant-velocity", "third-order", "static-lattice", "travelling-wave"),
    "drift_velocities": ("constant-velocity", "static-lattice", "travelling-wave"),
}
KINDS = ("locked", "stable", "unstable")
MOST_POINTS = 1_000_000
MOST_PARTS = 20  # of a dotted key, three of which are of use: tomllib takes a time that grows with their square
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{{MOST_PARTS}}}")
POSITIVE = ("spacing", "width", "mass", "duration", "steps_per_fast_period", "sigma", "distance", "length", "offset")


@dataclass(frozen=True)
class Sweep:
    """A checked sweep: fixed values, axes in order, and what to compute at every point."""

    fixed: dict[str, Any]
    axes: dict[str, tuple[Any, ...]]
    quantities: tuple[str, ...]
    drift_range: tuple[float, float]
    read_from: tuple[Path, ...] = field(default=(), compare=False)  # files that are not to be replaced

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the numbers, or lists of numbers, that a point holds."""
        return tuple(name for quantity in self.quantities for name in QUANTITIES[quantity])

    @property
    def digest(self) -> str:
        """A digest of everything that the results depend on but the code."""
        described = [self.fixed, self.axes, self.quantities, self.drift_range]
        text = json.dumps(described, sort_keys=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the parameters of every point, the last axis running fastest."""
        for values in itertools.product(*self.axes.values()):
            yield self.fixed | dict(zip(self.axes, values, strict=True))


def read_sweep(path: str | os.PathLike[str]) -> Sweep:
    """Read and check a sweep file, a grid of systems in the units of the model (TOML; sweep/specification.py has one).

    Raises
    ------
    ValueError
        A path that is no plain file, a file that cannot be read, or a key or value that is not allowed, by name.

    >>> read_sweep("nowhere.toml")
    Traceback (most recent call last):
    ...
    ValueError: sweep file must be a file that exists, got 'nowhere.toml'
    """
    sweep = parse_sweep(read_text("sweep file", path).removeprefix("\ufeff"))  # the mark of some editors
    return replace(sweep, read_from=(Path(path).absolute(), *sweep.read_from))


def parse_sweep(text: str) -> Sweep:
    """Check the text of a sweep file.

    >>> text = '''
    ... [axes]
    ... bias = [0.01, 0.02]
    ... [compute]
    ... quantities = ["mean_dissipation"]
    ... '''
    >>> sweep = parse_sweep(text)
    >>> sweep.shape, [point["bias"] for point in sweep.points()]
    ((2,), [0.01, 0.02])
    """
    if LONG_KEY.search(text):
        raise ValueError(f"sweep file must have keys of at most {MOST_PARTS} parts with dots between, got more")
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"sweep file is not TOML: {unreadable(error)}") from None
    try:
        return _checked_sweep(tables)
    except TypeError as error:  # a wrong type in a file is bad input, not a fault of the program
        raise ValueError(str(error)) from None


def _checked_sweep(tables: dict[str, Any]) -> Sweep:
    """Check what a sweep file holds."""
    known(tables, TABLES, "table")
    for name in TABLES:
        if not isinstance(tables.setdefault(name, {}), dict):
            raise ValueError(f"[{name}] must be a table, got {shown(tables[name])}")
    described, shape = _interaction(tables["interaction"], tables["axes"])
    known(tables["system"], {**SYSTEM, **SPRINGS, **shape}, "key in [system]")
    known(tables["interaction"], {**dict.fromkeys(INTERACTION), **shape}, "key in [interaction]")
    known(tables["run"], [*RUN, SAMPLING], "key in [run]")
    known(tables["axes"], {**SYSTEM, **SPRINGS, **shape, **RUN}, "key in [axes]")
    springs = _has_springs(tables["system"], tables["axes"])
    known(tables["compute"], COMPUTE, "key in [compute]")
    axes = {name: axis(name, given) for name, given in tables["axes"].items()}
    own = {name: value for name, value in tables["interaction"].items() if name not in INTERACTION}
    fixed = {**SYSTEM, **shape, **RUN, **tables["system"], **own, **tables["run"]}
    thermal = [name for name in ("seed", SAMPLING) if name in axes or name in tables["run"]]
    if thermal and "temperature" not in axes and fixed["temperature"] is None:
        raise ValueError(f"{thermal[0]} goes with a temperature in [run] or [axes], which must be given too")
    if springs:
        del fixed["omega_fast"]
    for name in axes:
        if name in tables["system"] or name in own or name in tables["run"]:
            raise ValueError(f"{name} must be either fixed or an axis, got both")
        fixed.pop(name, None)
    if missing := [name for name in shape if name in fixed and fixed[name] is None]:
        raise ValueError(f"[interaction] must have {', '.join(missing)}, or [axes] must")
    fixed = {name: None if value is None else checked(name, value) for name, value in fixed.items()}
    wanted = quantities(tables["compute"])
    if (approximation := _approximation(tables["compute"], wanted)) is not None:
        fixed["approximation"] = approximation
    fixed["interaction"], fixed["parameters"] = described, list(shape)
    points = int(np.prod([len(values) for values in axes.values()], dtype=object))
    if points > MOST_POINTS:
        raise ValueError(f"axes must span at most {MOST_POINTS} points, got {points}")
    lowest = positive("lowest", tables["compute"].get("lowest", 5.0))
    highest = above("highest", tables["compute"].get("highest", 80.0), lowest)
    samples = tables["interaction"].get("samples")
    read_from = () if samples is None else (Path(samples).absolute(),)
    return Sweep(fixed, axes, wanted, (lowest, highest), read_from)


def _has_springs(system: dict[str, Any], axes: dict[str, Any]) -> bool:
    """Whether the springs of a chain are given, in the place of the ``omega_fast`` of the paper's."""
    given = {**system, **axes}
    if "couplings" not in given:
        if "confinement" in given:
            raise ValueError("confinement goes with couplings in [system], a list of numbers, which must be given too")
        return False
    if "omega_fast" in given:
        springs = shown(given["couplings"])
        raise ValueError(f"omega_fast and couplings exclude each other, got couplings = {springs} besides")
    return True


def _approximation(compute: dict[str, Any], wanted: tuple[str, ...]) -> str | None:
    """The approximation of all curves, None where it is left out."""
    if "approximation" not in compute:
        return None
    of = [name for name in wanted if name in APPROXIMATIONS]
    if not of:
        raise ValueError(f"approximation goes with one of the quantities {', '.join(APPROXIMATIONS)}")
    common = [name for name in APPROXIMATIONS["mean_dissipation"] if all(name in APPROXIMATIONS[one] for one in of)]
    return choice(f"approximation of {' and '.join(of)}", compute["approximation"], common)


def _interaction(table: dict[str, Any], axes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float | None]]:
    """What ``build`` is given besides the parameters, and these with their defaults (None: to be given)."""
    chosen = [name for name in ("name", "potential", "samples") if name in table]
    if len(chosen) > 1:
        raise ValueError(f"[interaction] must have one of name, potential and samples, got {' and '.join(chosen)}")
    for name in chosen:
        if not isinstance(table[name], str):
            raise ValueError(f"{name} in [interaction] must be text, got {shown(table[name])}")
    cutoff = {} if "cutoff" not in table else {"cutoff": positive("cutoff", table["cutoff"])}
    if cutoff and "potential" not in table:
        raise ValueError(f"cutoff in [interaction] goes with potential, got {shown(table['cutoff'])}")
    if "samples" in table:
        return {"samples": interaction_to_text(build({}, samples=table["samples"]))}, {}
    if "potential" in table:
        constants = dict.fromkeys(
            name for name in (*table, *axes) if name not in (*INTERACTION, *SYSTEM, *SPRINGS, *RUN)
        )
        parse(table["potential"], dict.fromkeys(constants, 1.0))  # a name without a value, or a value without its name
        return {"potential": table["potential"], **cutoff}, constants
    kind = kind_of(table.get("name", "Gaussian"))
    if kind == "Matern":
        raise ValueError("name in [interaction] must not be 'Matern' in a sweep; give its potential instead")
    return {"interaction": kind}, dict(SHAPE) if kind in PLAIN else dict.fromkeys(parameters_of(kind))


def known(given: dict[str, Any], allowed: Any, what: str) -> None:
    """Refuse keys outside ``allowed``, naming the nearest."""
    for name in given:
        if name not in allowed:
            near = get_close_matches(name, list(allowed), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(allowed)}"
            raise ValueError(f"unknown {what}: {shown(name)}; {hint}")


def quantities(compute: dict[str, Any]) -> tuple[str, ...]:
    """Check the list of what to compute."""
    given = compute.get("quantities")
    if not isinstance(given, list) or not given:
        raise ValueError(f"quantities must be a list of one or more of {', '.join(QUANTITIES)}, got {shown(given)}")
    named = tuple(choice("quantities", name, QUANTITIES) for name in given)
    if len(set(named)) < len(named):
        raise ValueError(f"quantities must not repeat, got {shown(given)}")
    return named


def checked(name: str, value: Any) -> Any:
    """Check one value by the rule of its parameter."""
    if name == SAMPLING:
        return checked_sampling(value)
    if name == "couplings":
        if not isinstance(value, list):
            raise ValueError(f"couplings must be a list of numbers, in [axes] a list of such lists, got {shown(value)}")
        return tuple(float(number(name, one)) for one in value)
    if name == "temperature":
        return one_temperature(value)
    if name == "seed":
        return whole(name, value, 0, 2**53)  # a coordinate of the result is a double
    if name == "order":
        return whole(name, value, 2)
    if name == "omega_fast":
        return above(name, value, 1.0)
    if name in POSITIVE:
        return positive(name, value)
    return number(name, value)


def axis(name: str, given: Any) -> tuple[Any, ...]:
    """Return the values of an axis: a list as it is, a grid spelled out.

    A number out of the range of its parameter is a refused point of the sweep; the axis is refused if all are.

    >>> axis("omega_fast", [0.5, 10])
    (0.5, 10.0)
    >>> axis("omega_fast", [0.5, 0.7])
    Traceback (most recent call last):
    ...
    ValueError: omega_fast must be greater than 1, got 0.5
    """
    if isinstance(given, dict):
        known(given, GRID, f"key in the grid of {name}")
        if missing := [key for key in GRID[:3] if key not in given]:
            raise ValueError(f"the grid of {name} must have {', '.join(missing)}")
        start, stop = number(name, given["start"]), number(name, given["stop"])
        count = whole(f"count of {name}", given["count"], 1, MOST_POINTS)
        if choice(f"spacing of {name}", given.get("spacing", "linear"), ("linear", "log")) == "log":
            positive(f"start of {name}", start)
            positive(f"stop of {name}", stop)
            values = np.geomspace(start, stop, count).tolist()
        else:
            values = np.linspace(start, stop, count).tolist()
    elif isinstance(given, list) and given:
        values = given
    else:
        raise ValueError(f"axis {name} must be a list of numbers or a grid, got {shown(given)}")
    result, refused = [], []
    for value in values:
        try:
            result.append(checked(name, value))
        except ValueError as problem:
            if name == "couplings":  # no list of numbers; an unstable chain is refused at its point
                raise
            number(name, value)
            result.append(value)
            refused.append(problem)
    if len(refused) == len(result):
        raise refused[0]
    if len(set(result)) < len(result):
        raise ValueError(f"axis {name} must not repeat a value, got {shown(given)}")
    return tuple(result)


def compute_point(
    point: dict[str, Any], wanted: tuple[str, ...], drift_range: tuple[float, float], version: str = __version__
) -> dict[str, Any]:
    """Every variable of the wanted quantities at one point; or ``{"refused": reason}`` where one of them is refused.

    ValueError on a worker that runs another version than the one that asks.
    """
    if version != __version__:
        raise ValueError(f"a worker runs chaintheory {__version__}, this is {version}: install one version on all")
    try:
        return _computed(point, wanted, drift_range)
    except (ArithmeticError, RuntimeError, ValueError) as problem:
        if isinstance(problem.__cause__ or problem.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None  # a library made an error of its own of it
        return {"refused": str(problem) or type(problem).__name__}


def _computed(
    point: dict[str, Any], wanted: tuple[str, ...], drift_range: tuple[float, float]
) -> dict[str, float | list[float]]:
    for name in [*SYSTEM, *SPRINGS, *RUN, *point["parameters"]]:
        if name != "couplings" and point.get(name) is not None:
            checked(name, point[name])
    damping = point.get("damping", 0.0)
    if "couplings" in point:
        chain = Chain.from_springs(point.get("confinement", 1.0), point["couplings"], point["spacing"], damping)
    else:
        chain = Chain(point["omega_fast"], point["spacing"], damping)
    described = point["interaction"]
    if "samples" in described:
        interaction = interaction_from_text(described["samples"])
    else:
        interaction = build({name: point[name] for name in point["parameters"]}, **described)
    system = System(chain, interaction, mass=point["mass"], bias=point["bias"])
    result: dict[str, float | list[float]] = {}
    chosen = {"approximation": point["approximation"]} if "approximation" in point else {}
    heat = {name: point[name] for name in ("temperature", SAMPLING) if point.get(name) is not None}
    if "single_pass_dissipation" in wanted:
        result["single_pass_dissipation"] = float(system.single_pass_dissipation(point["speed"], **heat, **chosen))
    if "mean_dissipation" in wanted:
        result["mean_dissipation"] = float(system.mean_dissipation(point["speed"], **chosen))
    if "drift_velocities" in wanted:
        found = system.drift_velocities(*drift_range, **chosen)
        result["drift_velocity"] = [float(v.speed) for v in found]
        result["drift_kind"] = [float(KINDS.index(v.kind)) for v in found]
    if SIMULATED & set(wanted):
        given = {name: point[name] for name in (*RUN, SAMPLING) if point.get(name) is not None}
        run = system.simulate(**given)
        if "passes" in wanted:
            result["pass_time"] = run.passes["time"].tolist()
            result["pass_speed"] = run.passes["speed"].tolist()
            result["pass_energy_lost"] = run.passes["energy_lost"].tolist()
        if "final_state" in wanted:
            result["final_position"] = float(run.position[-1])
            result["final_speed"] = float(run.velocity[-1])
            result["final_chain_energy"] = float(run.chain_energy[-1])
    return result
