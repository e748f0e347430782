"""Checks of what a user passes in: one line that names the parameter, its value and what is allowed.

A value of the wrong kind (text, bytes, truth values, complex numbers, records) is a TypeError; a number outside
its range, or one that is masked or not finite, is a ValueError.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.support.stated import foreign_unit

BUFFERS = bytes | bytearray | memoryview  # NumPy and float() read numbers out of them


LONGEST_SHOWN = 200  # characters of a value in a message


def number(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as a finite float.

    >>> number("bias", "much")
    Traceback (most recent call last):
    ...
    TypeError: bias must be a finite real number, got 'much'
    >>> number("bias", math.inf)
    Traceback (most recent call last):
    ...
    ValueError: bias must be a finite real number, got inf
    """
    allowed = f"{name} must be a finite real number"
    refuse_units(name, value)
    kind, shape = (value.dtype.kind, value.shape) if isinstance(value, np.ndarray | np.generic) else ("f", ())
    if isinstance(value, str | bool | complex | BUFFERS) or kind not in "iuf" or shape:
        raise TypeError(f"{allowed}, got {shown(value)}")
    if masked(value):
        raise ValueError(f"{allowed}, got a masked value")
    try:
        result = float(value)
    except TypeError:
        raise TypeError(f"{allowed}, got {shown(value)}") from None
    except (ValueError, OverflowError):
        raise ValueError(f"{allowed}, got {shown(value)}") from None
    if not math.isfinite(result):
        raise ValueError(f"{allowed}, got {shown(value)}")
    return result


def shown(value: Any) -> str:
    """A value as a message of one line shows it.

    >>> shown(np.ma.masked_array([1.0], mask=[True]))
    'masked_array(data=[--], mask=[ True], fill_value=1e+20, dtype=float64)'
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


def refuse_units(name: str, value: Any) -> None:
    """TypeError for numbers that state a unit other than the model's, which a number alone would lose.

    >>> import xarray as xr
    >>> refuse_units("speed", xr.DataArray([8.0], attrs={"units": "Å/ps"}))
    Traceback (most recent call last):
    ...
    TypeError: speed must be in the model's units, got numbers in Å/ps; divide them by those of system.units.scale()
    """
    if (unit := foreign_unit(value)) is not None:
        raise TypeError(
            f"{name} must be in the model's units, got numbers in {unit:.40}; divide them by those of "
            "system.units.scale()"
        )


def angles(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return angles in radians as an array of finite doubles; a unit of an angle is none of the model's.

    >>> angles("theta", [0.0, 1.5]).tolist()
    [0.0, 1.5]
    """
    if (unit := foreign_unit(value)) is not None:
        raise TypeError(
            f"{name} must be in radians, as numbers without a unit, got numbers in {unit:.40}; give theirs in radians, "
            "value.to('radian').magnitude say"
        )
    return real_array(name, value)


def masked(value: Any) -> bool:
    """Whether ``value``, or an array in a list of it, has a masked element.

    >>> masked([1.0, np.ma.masked]), masked(np.ma.masked_array([1.0, 2.0], mask=False))
    (True, False)
    """
    if isinstance(value, list | tuple):
        return any(map(masked, value))
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def holds_truth(value: Any) -> bool:
    """Whether a list, or one in it, holds a truth value, of which an array would make a number.

    >>> holds_truth([1.0, (2.0, True)]), holds_truth([1.0, 0.0])
    (True, False)
    """
    if isinstance(value, list | tuple):
        return any(map(holds_truth, value))
    return isinstance(value, bool | np.bool_)


def truth(name: str, value: object) -> bool:
    """Return ``value`` if it is True or False.

    >>> truth("log", "no")
    Traceback (most recent call last):
    ...
    TypeError: log must be True or False, got 'no'
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def above(name: str, value: SupportsFloat | SupportsIndex, bound: float) -> float:
    """Return ``value`` as a finite float larger than ``bound``."""
    result = number(name, value)
    if not result > bound:
        raise ValueError(f"{name} must be greater than {bound:g}, got {shown(value)}")
    return result


def positive(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as a finite float greater than zero.

    >>> positive("width", -4)
    Traceback (most recent call last):
    ...
    ValueError: width must be greater than 0, got -4
    """
    return above(name, value, 0.0)


# Beyond these magnitudes powers of a parameter leave the range of doubles.
SMALLEST, LARGEST = 1e-30, 1e30
FAINTEST = 1e-100  # amplitude of an interaction, whose square is still a double


def scale(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as a float within ``SMALLEST`` .. ``LARGEST``: a length, a mass, any positive parameter.

    >>> scale("width", 1e-200)
    Traceback (most recent call last):
    ...
    ValueError: width must be within 1e-30 .. 1e+30, got 1e-200
    """
    result = positive(name, value)
    if not SMALLEST <= result <= LARGEST:
        raise ValueError(f"{name} must be within {SMALLEST:g} .. {LARGEST:g}, got {shown(value)}")
    return result


# A flatter band has its first resonance beyond any speed of interest; a wider one outruns the kernels' rings.
FLATTEST, WIDEST = 1.0 + 1e-6, 1e6


def bandwidth(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as the top of a band whose bottom is 1."""
    result = above(name, value, 1.0)
    if not FLATTEST <= result <= WIDEST:
        raise ValueError(f"{name} must be within {FLATTEST!r} .. {WIDEST:g}, got {shown(value)}")
    return result


def bounded(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as a float of magnitude at most ``LARGEST``: an energy of either sign."""
    result = number(name, value)
    if abs(result) > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST:g} in magnitude, got {shown(value)}")
    return result


def amplitude_of(name: str, value: SupportsFloat | SupportsIndex) -> float:
    """Return ``value`` as a float that is 0 or within ``FAINTEST`` .. ``LARGEST`` in magnitude.

    >>> amplitude_of("amplitude", 1e-200)
    Traceback (most recent call last):
    ...
    ValueError: amplitude must be 0 or at least 1e-100 in magnitude, got 1e-200
    """
    result = bounded(name, value)
    if 0.0 < abs(result) < FAINTEST:
        raise ValueError(f"{name} must be 0 or at least {FAINTEST:g} in magnitude, got {shown(value)}")
    return result


def whole(name: str, value: SupportsIndex, lowest: int, highest: int | None = None) -> int:
    """Return ``value`` as an integer within ``lowest`` .. ``highest`` (both included)."""
    allowed = f"{name} must be a whole number of at least {lowest}"
    if highest is not None:
        allowed += f" and at most {highest}"
    try:
        if isinstance(value, bool | np.bool_ | np.ma.MaskedArray):
            raise TypeError
        result = operator.index(value)
    except TypeError:
        raise TypeError(f"{allowed}, got {shown(value)}") from None
    if result < lowest or (highest is not None and result > highest):
        raise ValueError(f"{allowed}, got {shown(value)}")
    return result


def choice(name: str, value: str, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else name the nearest of them."""
    allowed = list(allowed)
    must = f"{name} must be one of {', '.join(map(repr, allowed))}, got {shown(value)}"
    if not isinstance(value, str):
        raise TypeError(must)
    if value in allowed:
        return value
    raise ValueError(must + nearest(value, allowed))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that is most like ``name``; nothing if none is.

    >>> nearest("widht", ["width", "amplitude"])
    " (did you mean 'width'?)"
    """
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def increasing(name: str, values: NDArray[np.float64]) -> None:
    """ValueError, with the row (from 0), where ``values`` do not increase from row to row.

    >>> increasing("time", np.array([0.0, 1.0, 1.0]))
    Traceback (most recent call last):
    ...
    ValueError: time must increase from row to row, got 1 after 1 in row 2
    """
    steps = np.diff(values)
    if np.any(steps <= 0.0):
        row = int(np.argmax(steps <= 0.0)) + 1
        raise ValueError(
            f"{name} must increase from row to row, got {values[row]:g} after {values[row - 1]:g} in row {row}"
        )


def real_array(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return ``value`` as an array of finite doubles (any shape, 0-d and empty included)."""
    allowed = f"{name} must hold finite real numbers"
    refuse_units(name, value)
    if isinstance(value, BUFFERS):
        raise TypeError(f"{allowed}, got {type(value).__name__}")
    if masked(value):
        raise ValueError(f"{allowed}, got masked ones; fill or drop them first")
    if holds_truth(value):
        raise TypeError(f"{allowed}, got a truth value among them")
    try:
        raw = np.asarray(value)
    except ValueError:
        raise ValueError(f"{allowed}, got rows of unequal length") from None
    if raw.dtype.kind not in ("iuf" if raw.size else "iufO"):
        raise TypeError(f"{allowed}, got an array of type {raw.dtype}")
    result = raw.astype(np.float64) if raw.size else np.zeros(raw.shape)
    wrong = ~np.isfinite(result)
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        where = f" at index {tuple(int(i) for i in place)}" if result.ndim else ""
        raise ValueError(f"{allowed}, got {result[place]!r}{where}".replace("np.float64", ""))
    return result
