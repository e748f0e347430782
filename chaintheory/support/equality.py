"""Equality of results that hold arrays: field by field, to the last bit."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


class EqualFields:
    """Base of dataclasses with ``eq=False``: ``==`` says whether all compared fields are equal to the last bit.

    The ``==`` that dataclasses write asks for the truth value of an array, which there is none of.
    """

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _fields_equal(self, other)


def _fields_equal(one: Any, other: Any) -> bool:
    return all(_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(one) if item.compare)


def _equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if hasattr(one, "identical"):  # of xarray
        return bool(one.identical(other))
    if is_dataclass(one) and not isinstance(one, type):
        return _fields_equal(one, other)
    return bool(one == other) or (isinstance(one, float) and math.isnan(one) and math.isnan(other))
