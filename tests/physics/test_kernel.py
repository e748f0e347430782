"""The memory kernel against 25-digit integrals, its Laplace form and the bound on its tails."""

import mpmath
import numpy as np
import pytest

import chaintheory as ct
from chaintheory.lattice import memory_kernel
from chaintheory.lattice.memory_kernel import _shifted_paths, half_width, propagators


def kernel_by_quadrature(chain, lag, time):
    """Eq. 5 by mpmath, 25 digits, a panel per half oscillation."""
    with mpmath.workdps(25):
        top = mpmath.mpf(chain.omega_fast)
        tau = mpmath.mpf(float(time))

        def integrand(theta):
            omega = mpmath.sqrt(1 + (top**2 - 1) * mpmath.sin(theta) ** 2)
            return mpmath.cos(2 * lag * theta) * mpmath.sin(2 * mpmath.pi * tau * omega) / omega

        panels = int(8 + 2 * lag + 4 * time * chain.omega_fast)
        edges = mpmath.linspace(0, mpmath.pi / 2, panels + 1)
        return float(2 / mpmath.pi * mpmath.quad(integrand, edges))


@pytest.mark.parametrize("omega_fast", [1.05, 10.0])
@pytest.mark.parametrize("lag, time", [(0, 0.013), (1, 0.25), (7, 1.3), (40, 2.0), (3, 6.7)])
def test_kernel_is_eq_5(omega_fast, lag, time):
    chain = ct.Chain(omega_fast, 40.0)
    value = chain.memory_kernel([lag], [time])[0, 0]
    # The 1e-13; measured 2e-16.
    assert value == pytest.approx(kernel_by_quadrature(chain, lag, time), abs=1e-15)


def test_kernel_symmetries_and_shapes():
    chain = ct.Chain(4.0, 1.0)
    kernel = chain.memory_kernel([-3, 0, 3, 10**6], [-2.0, 0.0, 2.0, 1e-300])
    assert kernel.shape == (4, 4)
    assert np.array_equal(kernel[0], kernel[2])
    assert np.array_equal(kernel[:, 0], -kernel[:, 2])
    assert np.all(kernel[3] == 0.0) and np.all(kernel[:, 1] == 0.0)
    assert chain.memory_kernel([], []).shape == (0, 0)
    assert chain.memory_kernel(2, 1.0).shape == (1, 1)


@pytest.mark.parametrize("omega_fast", [1.05, 3.0, 10.0])
def test_growth_on_shifted_paths_is_the_largest_of_a_dense_scan(omega_fast):
    shift, growth, _ = _shifted_paths(omega_fast)
    path = np.linspace(0.0, np.pi / 2, 4001) + 1j * shift[:, None]
    largest = np.abs(np.sqrt(1.0 + (omega_fast**2 - 1.0) * np.sin(path) ** 2).imag).max(axis=1)
    # The scan's step, 4e-4, enters squared; measured 2e-8.
    assert np.all(largest <= growth) and np.all(growth <= largest * (1.0 + 1e-6))


def test_growth_on_a_shifted_path_of_long_springs_holds_between_the_points_of_its_grid(monkeypatch):
    """Springs of 30 and 32 spacings oscillate between the points, and the largest value lies between two of them."""
    chain = ct.Chain.from_springs(1e4, [*np.zeros(29), 0.1, 0.0, 1.0], 10.0)
    monkeypatch.setattr(memory_kernel.np, "geomspace", lambda *_: np.array([0.05]))  # one shift of 160
    _, growth, _ = memory_kernel._any_shifted_paths.__wrapped__(chain)
    path = np.linspace(0.0, np.pi / 2, 400_001) + 0.05j
    largest = np.abs(np.sqrt(1e4 + 0.4 * np.sin(30 * path) ** 2 + 4.0 * np.sin(32 * path) ** 2).imag).max()
    # The scan's step, 4e-6, enters squared, times 64^2/2: 8e-9; the values at the points of the grid are 1.6e-5 below.
    # What the bound adds for the distance to them, is 1.2 % here.
    assert largest <= growth[0] <= 1.02 * largest


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_propagator_of_a_mode_next_to_critical_damping(side):
    """exp(-g t) sin(w t)/w with w^2 = omega^2 - g^2, of either sign; the square of w t = 9e-5 counts, and no more."""
    omega, time = np.sqrt(np.longdouble(1.5) ** 2 + side * np.longdouble(1.4e-4) ** 2), 0.1
    _, found, _ = memory_kernel.mode_propagators(ct.Chain(10.0, 40.0, damping=3.0), np.array([omega]), [time])
    with mpmath.workdps(30):
        given = mpmath.mpf(float(omega)) + mpmath.mpf(float(omega - np.longdouble(float(omega))))
        elapsed, root = 2 * mpmath.pi * mpmath.mpf(time), mpmath.sqrt(given**2 - mpmath.mpf(1.5) ** 2)
        assert 8e-5 < abs(root * elapsed) < 1e-4
        expected = mpmath.exp(-1.5 * elapsed) * mpmath.re(mpmath.sin(root * elapsed) / root)
        assert abs(found[0, 0] / expected - 1) < 1e-15


@pytest.mark.parametrize("damping", [0.5, 3.0, 30.0])
def test_damping_widens_no_kernel(damping):
    """Im sqrt(z - g^2) <= Im sqrt(z) + g for every complex z: forward in time the bound is the undamped one at most."""
    for duration in (0.1, 1.0, 5.0):
        free, damped = (
            half_width(ct.Chain.from_springs(1.0, [20.0, 3.0], spacing=10.0, damping=one), duration)
            for one in (0.0, damping)
        )
        assert damped <= free


@pytest.mark.parametrize("s", [0.3, 2.0, 17.0])
@pytest.mark.parametrize("lag", [0, 2])
def test_kernel_in_the_laplace_domain(s, lag):
    """2 pi r^n / sqrt((s^2 + 4 pi^2)(s^2 + 4 pi^2 omega_fast^2)): the road without oscillations."""
    chain = ct.Chain(3.0, 1.0)
    turn = 4.0 * np.pi**2
    end = 36.0 / s  # exp(-36) of an integrand below 1
    step = 1e-3 * min(1.0, 1.0 / s)
    times = np.linspace(0.0, end, 2 * int(end / step / 2) + 1)
    integrand = chain.memory_kernel([lag], times)[0] * np.exp(-s * times)
    h = times[1]
    simpson = h / 3.0 * (integrand[0] + integrand[-1] + 4 * integrand[1:-1:2].sum()
                         + 2 * integrand[2:-1:2].sum())  # fmt: skip
    coupling = turn * 0.25 * (chain.omega_fast**2 - 1.0)
    b = (s * s + turn) / (2.0 * coupling) + 1.0
    decaying = b - np.sqrt(b * b - 1.0)
    exact = 2.0 * np.pi * decaying**lag
    exact /= np.sqrt((s * s + turn) * (s * s + turn * chain.omega_fast**2))
    # Simpson's error, (2 pi omega_fast h)^4/180: measured 3e-10.
    assert simpson == pytest.approx(exact, rel=3e-8)


@pytest.mark.parametrize("omega_fast", [1.05, 10.0, 50.0])
@pytest.mark.parametrize("fast_periods", [1 / 60, 1.0, 64.0])
def test_tails_are_below_the_bound(omega_fast, fast_periods):
    chain = ct.Chain(omega_fast, 1.0)
    duration = fast_periods / omega_fast
    width = half_width(chain, duration)
    kernels = propagators(chain, [duration], 2 * width + 10)
    for kernel, scale in zip(kernels, (1.0, 1.0, omega_fast), strict=True):
        # Beyond the bound nothing is left but the rounding of the Fourier sum.
        assert np.max(np.abs(kernel[0, width + 1 :])) < 3e-16 * scale
        # And the bound is no extravagance: two thirds of it are needed.
        assert np.max(np.abs(kernel[0, int(0.6 * width) - 2 :])) > 1e-16 * scale


@pytest.mark.parametrize(
    "lags, times, message",
    [
        ([0.5], [1.0], "lags must be whole numbers"),
        ([0], [np.nan], "times must hold finite real numbers"),
        ([[0]], [1.0], "lags must be one-dimensional"),
        (["a"], [1.0], "lags must hold"),
    ],
)
def test_bad_input(lags, times, message):
    refusal = TypeError if lags == ["a"] else ValueError  # house.md: wrong types are TypeError
    with pytest.raises(refusal, match=message):
        ct.Chain(2.0, 1.0).memory_kernel(lags, times)
