r"""The transform of a potential that is known by its values: a Legendre series on each of a row of panels.

.. math:: \hat\Phi(k) = 2\int_0^R \Phi(r)\cos(k r)\,dr, \qquad
          \int_{-1}^1 P_n(x)\,e^{i z x}\,dx = 2\,i^n j_n(z) ,

with the spherical Bessel functions j_n (DLMF 18.17.19), so that each polynomial is integrated exactly at any k
(Bakhvalov and Vasil'eva). The error is then that of interpolation, the same for all k. On a panel of half-length h it
is bounded by the largest abs(Phi(z)) on the disc of radius 17/8 h around the middle, which holds the ellipse with foci
at the panel's ends and semi-axes 17/8 h and 15/8 h: a polynomial of degree 31 through the nodes misses a function that
is analytic there by less than 13 max abs(Phi) 4^-31/3 (Trefethen, Approximation Theory and Approximation Practice,
theorem 8.2 and the Lebesgue constant of Legendre nodes, below 12). ``resolved`` bisects panels until this is below the
tolerance. As the bound comes from the formula over the whole disc and not from samples, no narrow feature is missed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

ORDERS = 32  # of the Legendre series on a panel
DISC = 17.0 / 8.0  # radius in half-lengths of a panel; the ellipse inside has the parameter 4
LEBESGUE = 12.0  # constant of interpolation through 32 Legendre nodes, rounded up
INTERPOLATION = (1.0 + LEBESGUE) * 2.0 / 3.0 * 4.0 ** -(ORDERS - 1)  # largest error over largest value on the disc
TOLERANCE = 2e-17  # of the integral of abs(Phi), per panel
FINEST = 2.0**-52  # of the whole range: a panel shorter than this holds no doubles
MOST_PANELS = 4000
FARTHEST_PHASE = 1e200  # beyond this k R the transform, which falls like 1/k, is 0
VALUES_AT_ONCE = 2**16  # what the processor's cache holds


def nodes(orders: int) -> tuple[Array, Array]:
    """Gauss's nodes and weights on -1 .. 1."""
    return np.polynomial.legendre.leggauss(orders)


class LegendrePanels:
    """A function on 0 .. R by its Legendre series on panels between ``edges``; 0 beyond.

    Parameters
    ----------
    function
        Values at an array of distances.
    edges
        Ends of the panels, from 0, increasing.
    orders
        Terms of each series; 6 are exact for a spline of degree 5.

    >>> panels = LegendrePanels(lambda r: 1.0 - r, np.array([0.0, 1.0]), 2)
    >>> round(float(panels.transform(np.array([np.pi]))[0] * np.pi**2), 12)  # 2 (1 - cos k)/k^2
    4.0
    """

    def __init__(self, function: Callable[[Array], Array], edges: Array, orders: int = ORDERS) -> None:
        x, weights = nodes(orders)
        self.edges = edges
        self.half = 0.5 * np.diff(edges)
        self.middle = 0.5 * (edges[1:] + edges[:-1])
        self.nodes = self.middle[:, None] + self.half[:, None] * x
        self.values = np.broadcast_to(function(self.nodes), self.nodes.shape)
        self.weights = self.half[:, None] * weights
        order = np.arange(orders)
        legendre = np.polynomial.legendre.legvander(x, orders - 1)
        self.coefficients = (self.values * weights) @ legendre * (order + 0.5)

    def integral(self, values: Array) -> float:
        """Integral over 0 .. R of a function with these values at the nodes."""
        return float(np.sum(self.weights * values))

    @property
    def moment_bound(self) -> float:
        """A bound of the integral of r abs(Phi(r)): by Cauchy and Schwarz on each panel."""
        squares = np.sum(self.coefficients**2 / (np.arange(self.coefficients.shape[1]) + 0.5), axis=1) * self.half
        return float(np.sum(self.edges[1:] * np.sqrt(2.0 * self.half * squares)))

    def transform(self, k: Array) -> Array:
        """2 int_0^R Phi(r) cos(k r) dr for a row of wave numbers that are not negative."""
        result = np.zeros(k.shape)
        (near,) = np.nonzero(k * self.edges[-1] < FARTHEST_PHASE)
        for part in np.array_split(near, 1 + near.size * max(self.half.size, ORDERS) // VALUES_AT_ONCE):
            result[part] = self._transform(k[part])
        return result

    def _transform(self, k: Array) -> Array:
        total = np.zeros(k.shape)
        orders = self.coefficients.shape[1]
        signs = (-1.0) ** (np.arange(orders) // 2)
        for half in np.unique(self.half):
            bessel = signs[:, None] * spherical_bessel(orders, k * half)
            members = self.half == half
            coefficients, phase = self.coefficients[members], self.middle[members, None] * k
            total += half * np.sum(np.cos(phase) * (coefficients[:, ::2] @ bessel[::2]), axis=0)
            total -= half * np.sum(np.sin(phase) * (coefficients[:, 1::2] @ bessel[1::2]), axis=0)
        return 4.0 * total


class Unresolved(Exception):
    """The function is not finite or varies too fast near ``place``."""

    def __init__(self, place: float) -> None:
        super().__init__(place)
        self.place = place


def resolved(
    largest: Callable[[Array, Array], Array],
    bounds: Callable[[Array, Array], tuple[Array, Array, Bools]],
    end: float,
    most: int,
) -> tuple[Array, float, Bools]:
    """Panels on 0 .. ``end`` that resolve a function, the error of its transform by them, and where it has a cusp.

    Parameters
    ----------
    largest
        Bound of abs(Phi(z)) over discs of given centres and radii, infinite where Phi is not analytic.
    bounds
        Lowest and highest value over intervals with given ends, and whether a cusp lies in them.
    end
        Where the function ends.
    most
        Largest number of panels.

    Raises
    ------
    Unresolved
        When a panel holds a singularity, or more panels than allowed are needed.
    """
    left, right = np.zeros(1), np.full(1, end)
    starts: list[Array] = []
    cusps: list[Bools] = []
    settled = total = error = 0.0
    while left.size:
        half, middle = 0.5 * (right - left), 0.5 * (left + right)
        low, high, cusp = bounds(left, right)
        # 2 int abs(Phi - p) by interpolation; beside a cusp, where the panels become tiny, by what Phi varies.
        smooth = 4.0 * half * INTERPOLATION * largest(middle, DISC * half)
        rough = 4.0 * half * (1.0 + LEBESGUE) * 0.5 * (high - low)
        missed = np.fmin(smooth, rough)
        # The tolerance is a part of the integral of abs(Phi), of which the least values are a lower bound.
        least = 2.0 * half * np.where(np.sign(low) == np.sign(high), np.fmin(np.abs(low), np.abs(high)), 0.0)
        total = max(total, settled + float(np.sum(least)))
        done = missed <= TOLERANCE * total
        settled += float(np.sum(least[done]))
        error += float(np.sum(missed[done]))
        starts.append(left[done])
        cusps.append(cusp[done])
        left, middle, right = left[~done], middle[~done], right[~done]
        if left.size and (float(np.min(right - left)) < FINEST * end or sum(map(len, starts)) + left.size > most):
            raise Unresolved(float(middle[np.argmin(right - left)]))
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    first = np.concatenate(starts)
    order = np.argsort(first)
    return np.append(first[order], end), error, np.concatenate(cusps)[order]


def spherical_bessel(orders: int, z: Array) -> Array:
    """Spherical Bessel functions j_0 .. j_(orders - 1) at a row z >= 0, as rows: errors of some 1e-16.

    Recurrence upwards where z exceeds the order, else downwards from far above (Miller; SciPy's function takes a
    hundred times as long); two terms of the series below 1e-4.

    >>> spherical_bessel(2, np.array([0.0, 2.0])).round(6).tolist()
    [[1.0, 0.454649], [0.0, 0.435398]]
    """
    result = np.empty((orders, z.size))
    large, small = z >= orders, z < 1e-4
    x = z[large]
    below, here = np.cos(x) / x, np.sin(x) / x
    for n in range(orders):
        result[n, large] = here
        below, here = here, (2 * n + 1) / x * here - below
    x = z[small]
    term = np.ones(x.size)
    for n in range(orders):
        result[n, small] = term * (1.0 - x * x / (4 * n + 6))
        term = term * x / (2 * n + 3)
    middle = ~large & ~small
    x = z[middle]
    above, here = np.zeros(x.size), np.full(x.size, 1e-100)
    squares = np.zeros(x.size)
    rows = np.empty((orders, x.size))
    start = orders + 40 if orders > 8 else orders + 24
    for n in range(start, -1, -1):
        if n < orders:
            rows[n] = here
        squares += (2 * n + 1) * here * here
        above, here = here, (2 * n + 1) / x * here - above
        if n % 8 == 1:  # eight steps multiply by less than 1e60
            scale = np.where(np.abs(here) > 1e50, 1e-100, 1.0)
            above, here, squares = above * scale, here * scale, squares * scale * scale
            rows[n:] *= scale
    # sum (2 n + 1) j_n^2 = 1; the sign is that of sin z/z or, where this vanishes, of the next.
    first = np.sin(x) / x
    second = (first - np.cos(x)) / x
    chosen = np.where(np.abs(first) > np.abs(second), rows[0] * first, rows[1] * second if orders > 1 else rows[0])
    result[:, middle] = rows * (np.sign(chosen) / np.sqrt(squares))
    return result
