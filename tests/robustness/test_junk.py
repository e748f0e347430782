"""Junk for every argument of every public function: taken, or refused in one line by ValueError, TypeError or OSError."""

import decimal
import inspect

import numpy as np
import pytest

import chaintheory as ct

NESTED = 1.0
for _ in range(100):
    NESTED = [NESTED]
# No ordinary number is among them: what takes it may work for long.
JUNK = [
    None, "", "nan", "\x00", "\ud800", b"4", bytearray(b"4"), memoryview(b"4"), 1j, [], [[1.0], [1.0, 2.0]], [None], NESTED, {}, {"a": 1},
    object(), object, 10**400, float("nan"), float("inf"), 1e300, -1e300, np.array("x"), np.array([1, None], dtype=object),
    np.datetime64("2020-01-01"), np.void(b"abc"), np.zeros(2, dtype=[("a", float)]), np.ma.masked,
    np.ma.masked_array([1.0, 2.0], [True, False]), slice(None), ..., iter("ab"), decimal.Decimal("sNaN"), ct.Gaussian(2.0, 4.0),
    ct.Chain(10.0, 40.0),
]  # fmt: skip
SYSTEM = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
GRID = np.linspace(0.0, 20.0, 21)
VALID = {
    "omega_fast": 10.0, "spacing": 40.0, "amplitude": 2.0, "width": 4.0, "mass": 1.0, "bias": 0.01, "chain": SYSTEM.chain,
    "interaction": SYSTEM.interaction, "theta": 0.3, "confinement": 1e-2, "coupling": 1.0, "units": ct.Units(6.6e-26, 1e12),
    "lags": [0, 1], "times": [0.01, 0.02], "speed": 50.0, "passes": 3, "lowest": 39.5, "highest": 40.5, "position": 20.0,
    "duration": 0.1, "path": "absent", "system": SYSTEM, "time": [0.0, 0.1, 0.2], "r": 1.0, "k": 1.0, "amplitudes": [1.0, 2.0],
    "widths": [3.0, 4.0], "expression": "exp(-r^2)", "biases": [0.01], "systems": [SYSTEM], "omega_slow": 1e12, "energy": 1.0,
    "drift_velocities": [40.0, 20.0], "order": 2, "run": None, "potential": np.exp(-GRID),
    "depth": 1.0, "sigma": 3.0, "offset": 3.0, "distance": 3.0, "length": 1.0, "dispersion": 1.0, "chain_mass": 1.0,
    "particle_mass": 1.0, "function": lambda r: 2.0**-r, "end": 20.0, "dataset": None, "quantity": "mean_dissipation",
    "sweep": None, "output": "absent/out.nc", "couplings": [24.75], "temperature": 1.0, "samples": 2, "every": 2,
    "series": [1.0, 2.0, 3.0],
}  # fmt: skip
# Slow, or tried by tests of their own, or given an object of this package's own as their only argument.
LEFT_OUT = {("System", "drag_curve"), ("System", "travelling_wave"), ("Gaussian", "enclosed_transform")}


# What the package makes, and nobody else.
RESULTS = ("Comparison", "DragCurve", "TravellingWave", "Finding")


def public():
    """Every public class and function, and every public method of an object of each class: owner, name, callable."""
    made = {"System": SYSTEM, "Chain": SYSTEM.chain, "Gaussian": SYSTEM.interaction, "Units": VALID["units"]}
    made["Trajectory"] = SYSTEM.simulate(20.0, 50.0, 0.1)
    made["Comparison"] = ct.compare(SYSTEM, SYSTEM.simulate(20.0, 50.0, 2.0), theory_points=0)
    for owner in ct.__all__:
        thing = getattr(ct, owner)
        if not callable(thing) or (inspect.isclass(thing) and issubclass(thing, BaseException)) or owner == "Status":
            continue
        if owner not in ("Interaction", "Trajectory", *RESULTS):
            yield owner, "", thing
        for name in dir(made.get(owner, ())):
            if owner in made and not name.startswith("_") and (owner, name) not in LEFT_OUT:
                kind = inspect.getattr_static(made[owner], name)
                if callable(kind) or isinstance(kind, classmethod | staticmethod):
                    yield owner, name, getattr(made[owner], name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("owner", "name", "function"), [pytest.param(*one, id=".".join(one[:2])) for one in public()])
def test_junk_is_taken_or_refused(owner, name, function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parameters = [
        one
        for one in inspect.signature(function).parameters.values()
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    valid = {one.name: VALID[one.name] for one in parameters if one.default is one.empty}
    if name == "from_samples":
        valid["r"] = GRID
    if name == "from_arrays":
        valid["position"] = [0.0, 5.0, 10.0]
    for parameter in parameters:
        for junk in JUNK:
            if parameter.name == "progress" and callable(junk):
                continue
            try:
                function(**{**valid, parameter.name: junk})
            except (ValueError, TypeError, OSError, ct.EnergyBalanceError) as refusal:
                assert "\n" not in str(refusal), f"{parameter.name}={junk!r:.80}: {refusal}"
            except Exception as error:
                pytest.fail(f"{parameter.name}={junk!r:.80} ends in {type(error).__name__}: {error}")
    assert all(path.name in ("nan", "absent") for path in tmp_path.iterdir())
