"""A molecular dynamics program of a ring of masses and a particle, which knows nothing of chaintheory.

Units of the model: length l_slow, time t_slow, energy hbar Omega_slow. The masses and the particle obey

    rho_n'' = (2 pi)^2 [ -u_n - K (2 u_n - u_(n-1) - u_(n+1)) + Phi'(sigma - rho_n) ]
    sigma'' = (2 pi)^2/mu [ -sum_n Phi'(sigma - rho_n) + beta/alpha ],    Phi(r) = A exp(-r^2/(2 w^2)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SQUARE = (2.0 * np.pi) ** 2


@dataclass(frozen=True)
class Ring:
    """A ring of masses, at rest or at a temperature (k T in hbar Omega_slow), and the particle's parameters."""

    masses: int = 1200
    omega_fast: float = 10.0
    spacing: float = 40.0
    amplitude: float = 2.0
    width: float = 4.0
    mass: float = 1.0
    bias: float = 0.01
    temperature: float = 0.0
    seed: int = 0

    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Displacements and velocities of the masses: every mode with energy k T on average."""
        if self.temperature == 0.0:
            return np.zeros(self.masses), np.zeros(self.masses)
        random = np.random.default_rng(self.seed)
        sine = np.sin(np.pi * np.arange(self.masses // 2 + 1) / self.masses)
        omega = np.sqrt(1.0 + (self.omega_fast**2 - 1.0) * sine**2)
        draw = np.sqrt(self.temperature) * random.normal(size=(2, self.masses))
        u = np.fft.irfft(np.fft.rfft(draw[0]) / omega, self.masses)
        return u, 2.0 * np.pi * draw[1]

    def accelerations(self, u: np.ndarray, x: float) -> tuple[np.ndarray, float]:
        """Of the masses and of the particle; it feels the eight masses nearest to it."""
        coupling = (self.omega_fast**2 - 1.0) / 4.0
        a = -(1.0 + 2.0 * coupling) * u
        a[1:] += coupling * u[:-1]
        a[:-1] += coupling * u[1:]
        a[0] += coupling * u[-1]
        a[-1] += coupling * u[0]
        near = round(x / self.spacing) + np.arange(-4, 5)
        r = x - self.spacing * near - u[near % self.masses]
        slope = -self.amplitude * r / self.width**2 * np.exp(-0.5 * (r / self.width) ** 2)
        np.add.at(a, near % self.masses, slope)
        return SQUARE * a, SQUARE / self.mass * (self.bias / self.spacing - float(slope.sum()))

    def verlet(self, position: float, speed: float, duration: float, step: float, every: int = 1):
        """Times and positions of a run by velocity Verlet, each so many steps."""
        u, v = self.start()
        x, w = position, speed
        a, b = self.accelerations(u, x)
        count = round(duration / step)
        positions = np.empty(count + 1)
        positions[0] = x
        for n in range(1, count + 1):
            v += 0.5 * step * a
            w += 0.5 * step * b
            u += step * v
            x += step * w
            a, b = self.accelerations(u, x)
            v += 0.5 * step * a
            w += 0.5 * step * b
            positions[n] = x
        return step * np.arange(0, count + 1, every), positions[::every]

    def accurate(self, position: float, speed: float, duration: float, times: np.ndarray, tolerance: float = 1e-10):
        """Positions at some times of a run by SciPy's Runge-Kutta method of order 8, with a controlled error."""
        from scipy.integrate import solve_ivp

        u, v = self.start()
        n = self.masses

        def rates(_, y):
            a, b = self.accelerations(y[:n], float(y[2 * n]))
            return np.concatenate([y[n : 2 * n], a, [y[2 * n + 1], b]])

        begin = np.concatenate([u, v, [position, speed]])
        done = solve_ivp(rates, (0.0, duration), begin, "DOP853", t_eval=times, rtol=tolerance, atol=tolerance)
        return done.y[2 * n]

    def changed(self, **parameters) -> Ring:
        """The same with other parameters."""
        return replace(self, **parameters)


def forgetful(ring: Ring, position: float, speed: float, duration: float, step: float, memory: float):
    """Times and positions of the infinite chain in the memory-kernel form, whose kernel is cut off after ``memory``.

    Impulses of the particle on each mass are convolved with the kernel, which a long ring gives by FFT.
    """
    count, keep = round(duration / step), round(memory / step)
    lowest = int(np.floor(position / ring.spacing)) - 5
    lags = int(np.ceil((position + 1.3 * speed * duration) / ring.spacing)) + 6 - lowest
    size = 4 * int(3.2 * (ring.omega_fast - 1.0) * memory + lags + 60)
    omega = np.sqrt(1.0 + (ring.omega_fast**2 - 1.0) * np.sin(np.pi * np.arange(size // 2 + 1) / size) ** 2)
    times = step * np.arange(1, keep + 1)
    kernel = np.empty((keep, lags))
    for i, t in enumerate(times):
        kernel[i] = np.fft.irfft(np.sin(2.0 * np.pi * t * omega) / omega, size)[:lags]
    places = ring.spacing * (lowest + np.arange(lags))
    force = np.zeros((count + 1, lags))
    x, w = position, speed
    positions = np.empty(count + 1)
    positions[0] = x
    at = np.arange(lags)

    def acceleration(x: float, n: int) -> float:
        first = round(x / ring.spacing) - lowest
        near = np.arange(max(first - 2, 0), min(first + 3, lags))
        back = min(n, keep)
        u = np.zeros(near.size)
        if back:
            past = force[n - back : n][::-1]
            for i, m in enumerate(near):
                u[i] = 2.0 * np.pi * step * np.sum(past * kernel[:back][:, np.abs(at - m)])
        r = x - places[near] - u
        slope = -ring.amplitude * r / ring.width**2 * np.exp(-0.5 * (r / ring.width) ** 2)
        force[n, near] = slope * (0.5 if n == 0 else 1.0)
        return SQUARE / ring.mass * (ring.bias / ring.spacing - float(slope.sum()))

    b = acceleration(x, 0)
    for n in range(1, count + 1):
        w += 0.5 * step * b
        x += step * w
        b = acceleration(x, n)
        w += 0.5 * step * b
        positions[n] = x
    return step * np.arange(count + 1), positions
