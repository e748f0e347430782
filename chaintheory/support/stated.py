"""Units that numbers state of themselves: quantities of pint, attributes of xarray, names of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

# "time [ps]", "x (Angstrom)", "t/ps", "t / (ps)".
HEADER = re.compile(r"(?P<name>[^\[(/]+?)\s*(?:\[(?P<a>[^\]]*)\]|\((?P<b>[^)]*)\)|/\s*\(?(?P<c>[^()]*)\)?)$")
# Units in the name of an array are those of a clear kind only: "t/2" is no time in halves.
PHYSICAL = re.compile(r"([kcmnpfuµμ]?m|Å|angstrom|a|[mnpfuµμ]?s|eV|meV|J|K|kg|u|amu)([/ ].*)?", re.IGNORECASE)

NO_UNIT = ("", "1", "dimensionless")


def of_name(name: str) -> str | None:
    """The unit that the name of a column states; None without one.

    >>> of_name("time (ps)"), of_name("v_x")
    ('ps', None)
    """
    found = HEADER.fullmatch(name.strip())
    return None if found is None else (found["a"] or found["b"] or found["c"] or "").strip()


def is_quantity(value: Any) -> bool:
    """Whether a value is a quantity of pint."""
    return hasattr(value, "magnitude") and hasattr(value, "to")


def stated(value: Any) -> str | None:
    """The unit that an array states of itself: an attribute ``units``, or the name of a column; None without one."""
    attributes = getattr(value, "attrs", None)
    text = attributes.get("units") if isinstance(attributes, Mapping) else None
    if text is None and attributes is None:  # quantities of pint, unyt and astropy
        text = getattr(value, "units", getattr(value, "unit", None))
    if text is not None:
        return str(text).strip()
    name = getattr(value, "name", None)
    return of_name(name) if isinstance(name, str) else None


def is_model(text: str, unit: str = "") -> bool:
    """Whether a unit that is stated is the model's, ``unit`` if that is given; what has no unit is in the model's.

    >>> is_model("l_slow / t_slow"), is_model("l_slow", "t_slow"), is_model("dimensionless", "t_slow"), is_model("ps")
    (True, False, True, False)
    """
    plain, wanted = ("".join(one.split()).casefold() for one in (text, unit))
    return plain in NO_UNIT or (plain == wanted if wanted else "slow" in plain)


def foreign_unit(value: Any) -> str | None:
    """A unit that is not the model's and that a value, or one in a list of it, states; None without one.

    >>> import xarray as xr
    >>> foreign_unit(xr.DataArray([8.0], attrs={"units": "Å/ps"})), foreign_unit([50.0, 60.0])
    ('Å/ps', None)
    """
    if isinstance(value, list | tuple):
        return next((unit for one in value if (unit := foreign_unit(one)) is not None), None)
    if not (hasattr(value, "__array__") or is_quantity(value)):
        return None
    data = None if isinstance(value, np.ndarray | np.generic) else getattr(value, "data", None)
    text = stated(data if is_quantity(data) else value)
    if text is None or is_model(text):
        return None
    by_name = not is_quantity(value) and text == of_name(str(getattr(value, "name", "")))
    return text if not by_name or PHYSICAL.fullmatch(text) else None
