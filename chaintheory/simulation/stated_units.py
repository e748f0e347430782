"""Units that data state: in the header of a file, in attributes of xarray, in a column's name, in quantities of pint.

Every door by which data come in reads them here, so that one spelling means the same at each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.support.stated import HEADER, NO_UNIT, is_model, is_quantity, stated
from chaintheory.support.validation import real_array
from chaintheory.units import Units, in_si, unit

Array = NDArray[np.float64]

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15,
           "as": 1e-18}  # fmt: skip
METRES = {"km": 1e3, "m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9, "pm": 1e-12,
          "a": 1e-10, "å": 1e-10, "ang": 1e-10, "bohr": 5.29177210544e-11}  # fmt: skip
# As pint, unyt and prose write them.
SECONDS |= {"second": 1.0, "seconds": 1.0, "nanosecond": 1e-9, "picosecond": 1e-12, "femtosecond": 1e-15}
METRES |= {"angstrom": 1e-10, "angstroms": 1e-10, "ångström": 1e-10, "meter": 1.0, "nanometer": 1e-9}
OF_MODEL = {
    "time": "t_slow",
    "position": "l_slow",
    "velocity": "l_slow/t_slow",
    "chain_energy": "hbar Omega_slow",
}
KINDS = {"time": "time", "position": "length", "velocity": "speed", "chain_energy": "energy"}
# An explicit unit equals a stated one within the digits that someone types.
SAME = 1e-5


def bare(name: str) -> str:
    """The name of a column without its unit.

    >>> bare("time [ps]"), bare("x (Angstrom)"), bare("t/ps"), bare("v_x")
    ('time', 'x', 't', 'v_x')
    """
    found = HEADER.fullmatch(name.strip())
    return name if found is None else found["name"]


def one_word_each(header: str) -> str:
    """A header of columns apart by white space, with each unit next to its name.

    >>> one_word_each("time [ps]  x / (l slow)")
    'time[ps]  x/(lslow)'
    """
    closed = re.sub(r"[\[(][^\])]*[\])]", lambda found: re.sub(r"\s+", "", found[0]), header)
    return re.sub(r"\s+(?=[\[(/])|(?<=/)\s+", "", closed)


def in_si_units(text: str, what: str) -> float:
    """The SI value of a unit that is written in a header; NaN where it is unknown.

    >>> in_si_units("nm/fs", "velocity"), in_si_units("furlong", "position")
    (1000000.0, nan)
    """
    if what == "chain_energy":
        return {"j": 1.0, "ev": unit("energy", "metal"), "mev": 1e-3 * unit("energy", "metal")}.get(
            text.strip().casefold(), math.nan
        )
    first, _, time = text.casefold().replace(" ", "").partition("/")
    if what == "time":
        return SECONDS.get(first, math.nan) if not time else math.nan
    if what == "position":
        return METRES.get(first, math.nan) if not time else math.nan
    return METRES.get(first, math.nan) / SECONDS.get(time, math.nan)


def size_of(what: str, units: Units) -> float:
    """The model's unit of a column in SI.

    >>> size_of("time", Units(mass=6.6e-26, omega_slow=1e12)) == Units(mass=6.6e-26, omega_slow=1e12).time
    True
    """
    return float(getattr(units, KINDS[what]))


def refuse_contradiction(what: str, option: str, given: float, text: str | None, units: Units | None) -> None:
    """ValueError where an explicit unit (of the model) is not the one that the data state; equal ones pass.

    >>> refuse_contradiction("time", "time_unit", 1.0, "t_slow", None)
    >>> refuse_contradiction("time", "time_unit", 2.0, "t_slow", None)
    Traceback (most recent call last):
    ...
    ValueError: time_unit must be left out, or 1 as the header says t_slow, got 2.0
    """
    if text is None or text.strip() in NO_UNIT:
        return
    size = 1.0 if is_model(text, OF_MODEL[what]) else in_si_units(text, what)
    if not is_model(text, OF_MODEL[what]):
        if units is None or math.isnan(size):  # nothing else says what the unit is in the model's
            return
        size /= size_of(what, units)
    if not math.isclose(given, size, rel_tol=SAME):
        raise ValueError(f"{option} must be left out, or {size:.9g} as the header says {text:.40}, got {given!r}")


def in_model(given: Mapping[str, Any], units: Units | None) -> dict[str, Array]:
    """Columns as finite doubles in the model's units: what they state of their units is used, or refused.

    Parameters
    ----------
    given
        ``time``, ``position``, ``velocity``, ``chain_energy``, those that there are: quantities of pint, arrays of
        xarray with an attribute ``units``, columns of pandas with a name such as ``time (ps)``; or numbers, in the
        model's units.
    units
        The model's units in physical ones, which physical columns need.

    Raises
    ------
    TypeError
        A column that holds no real numbers.
    ValueError
        Numbers that are not finite, a unit that is unknown or of another kind, physical units where ``units`` are not
        given, or units of some columns only.

    >>> import pandas as pd
    >>> mine = Units(mass=6.6e-26, omega_slow=1e12)
    >>> column = pd.Series([0.0, mine.time * 1e12], name="time (ps)")
    >>> in_model({"time": column}, mine)["time"].round(12).tolist()
    [0.0, 1.0]
    """
    columns, physical, without = {}, {}, []
    for what, value in given.items():
        data = getattr(value, "data", None)
        inner: Any = data if is_quantity(data) else value
        if is_quantity(inner) and is_model(str(inner.units)):
            inner = value = inner.magnitude
        if isinstance(inner, list | tuple) and inner and all(map(is_quantity, inner)):
            values, text = (
                np.array([in_si(what, one, KINDS[what], "SI") for one in inner]),
                str(getattr(inner[0], "units", "")),
            )
        elif is_quantity(inner):
            values, text = in_si_array(what, inner), str(getattr(inner, "units", ""))
        else:
            values, text = real_array(what, getattr(value, "values", value)), stated(value) or ""
            if is_model(text, OF_MODEL[what]):
                without += [] if text else [what]
                columns[what] = values
                continue
            size = in_si_units(text, what)
            if math.isnan(size):
                raise ValueError(
                    f"{what} must be in {OF_MODEL[what]} or in a unit that is known, s, ps, fs, m, nm, angstrom, eV "
                    f"say, got {text:.40}"
                )
            values = values * size
        if units is None:
            raise ValueError(
                f"{what} must be in {OF_MODEL[what]}, as this system was not made by System.from_physical and does not "
                f"know its own units, got {text:.40}"
            )
        physical[what], columns[what] = text, values / size_of(what, units)
    if physical and without:
        raise ValueError(
            f"{without[0]} must state its unit as {next(iter(physical))} does (attribute units, or a name such as "
            f"'{without[0]} [{OF_MODEL[without[0]]}]'), got none"
        )
    return columns


def in_si_array(what: str, value: Any) -> Array:
    """A quantity of pint that holds an array, in SI; ValueError where it is of another kind."""
    unit_in_si = in_si(what, 1.0 * value.units, KINDS[what], "SI")
    return real_array(what, value.magnitude) * unit_in_si
