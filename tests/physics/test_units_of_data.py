"""Units that data carry are used or refused at each door: from_arrays, from_csv, compare, which finds those lost."""

from dataclasses import replace

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.comparison import fits
from chaintheory.comparison.factors import NAMED, known_factors, named_factor
from chaintheory.comparison.sampling import slopes
from chaintheory.simulation import stated_units
from chaintheory.simulation.readers import read_columns

SYSTEM = ct.System.from_physical(
    chain_mass=39.1, confinement=0.0484, coupling=0.1815, spacing=5.3, particle_mass=39.1, bias=2e-5,
    interaction=ct.Gaussian(0.02, 0.9), units="metal",
)  # fmt: skip
WITHOUT = ct.System(SYSTEM.chain, SYSTEM.interaction, mass=SYSTEM.mass, bias=SYSTEM.bias)
RUN = SYSTEM.simulate(position=SYSTEM.chain.spacing / 2, speed=8.0 / SYSTEM.units.scale().speed, duration=3.0)
# By hand from SI, not by the scale that the code uses.
PS, ANGSTROM = RUN.time * SYSTEM.units.time / 1e-12, RUN.position * SYSTEM.units.length / 1e-10
SPEED = RUN.velocity * SYSTEM.units.speed / 100.0


def of_xarray():
    data = RUN.in_units("metal")
    return data.time, data.position, data.velocity


def of_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"time (ps)": PS, "x / nm": ANGSTROM / 10.0, "v [km/s]": SPEED / 10.0})
    return tuple(frame[name] for name in frame)


def of_pint():
    unit = pytest.importorskip("pint").UnitRegistry()
    return PS * unit.picosecond, (ANGSTROM * unit.angstrom).to("bohr"), SPEED * unit.angstrom / unit.picosecond


def of_pint_in_xarray():
    xarray = pytest.importorskip("xarray")
    return tuple(xarray.DataArray(one, dims="row") for one in of_pint())


@pytest.mark.parametrize("made", [of_xarray, of_pandas, of_pint, of_pint_in_xarray])
def test_columns_with_units_are_the_run(made):
    """The oracle is the run in the model's own units; the pint registry's constants agree to 1e-9."""
    time, position, velocity = made()
    found = ct.Trajectory.from_arrays(SYSTEM, time, position, velocity)
    np.testing.assert_allclose(found.time, RUN.time, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.position, RUN.position, rtol=1e-9)
    np.testing.assert_allclose(found.velocity, RUN.velocity, rtol=1e-9)
    compared = ct.compare(SYSTEM, time, position, theory_points=0)
    np.testing.assert_allclose(compared.rows.position, RUN.position, rtol=1e-9)
    np.testing.assert_allclose(compared.rows.time, RUN.time, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("made", [of_xarray, of_pandas, of_pint])
def test_a_system_without_units_refuses_columns_with_units(made):
    time, position, _ = made()
    for door in (ct.Trajectory.from_arrays, ct.compare):
        with pytest.raises(ValueError, match=r"time must be in t_slow, .*from_physical") as told:
            door(WITHOUT, time, position)
        assert "\n" not in str(told.value)


def test_units_of_the_model_and_none_are_numbers():
    data = RUN.to_xarray()
    assert data.time.attrs["units"] == "t_slow"
    for time, position in ((data.time, data.position), (RUN.time, RUN.position)):
        assert np.array_equal(ct.Trajectory.from_arrays(WITHOUT, time, position).position, RUN.position)


@pytest.mark.parametrize("time_unit", ["dimensionless", "1", "", "t_slow", "T_slow", " t_slow "])
def test_one_rule_says_what_is_a_unit_of_the_model(time_unit):
    """The doors of columns and those of speeds have the same one: no unit, by any name, and that of the model."""
    xarray = pytest.importorskip("xarray")
    time = xarray.DataArray(RUN.time, dims="row", attrs={"units": time_unit})
    assert np.array_equal(ct.Trajectory.from_arrays(WITHOUT, time, RUN.position).time, RUN.time)
    speed = xarray.DataArray([50.0], attrs={"units": time_unit})
    assert WITHOUT.mean_dissipation(speed) == WITHOUT.mean_dissipation([50.0])


def test_quantities_without_dimension_are_numbers():
    unit = pytest.importorskip("pint").UnitRegistry()
    time, position = RUN.time * unit.dimensionless, RUN.position * unit.dimensionless
    assert np.array_equal(ct.Trajectory.from_arrays(WITHOUT, time, position).position, RUN.position)
    assert WITHOUT.mean_dissipation(50.0 * unit.dimensionless) == WITHOUT.mean_dissipation(50.0)


def test_an_angle_with_a_unit_is_told_to_be_in_radians():
    unit = pytest.importorskip("pint").UnitRegistry()
    said = r"^theta must be in radians, .*got numbers in degree; give theirs in radians, value\.to\('radian'\)"
    with pytest.raises(TypeError, match=said):
        SYSTEM.chain.frequency(90 * unit.degree)
    top = SYSTEM.chain.frequency((90 * unit.degree).to("radian").magnitude)
    assert top == pytest.approx(SYSTEM.chain.omega_fast, rel=1e-15)


def test_what_cannot_be_converted_is_refused():
    time, position, _ = of_xarray()
    for first, second, words in (
        (time, position.values, "position must state its unit as time does"),
        (time.assign_attrs(units="fortnight"), position, "time must be in t_slow or .*got fortnight"),
        (position, position, "time must be in t_slow or .*got Å"),
        (of_pint()[1], position, "time must be a time"),
    ):
        for door in (ct.Trajectory.from_arrays, ct.compare):
            with pytest.raises(ValueError, match=words):
                door(SYSTEM, first, second)
    # Of two columns without a unit the first is named, in the example too.
    said = r"position must state its unit as time does \(attribute units, or a name such as 'position \["
    with pytest.raises(ValueError, match=said):
        ct.Trajectory.from_arrays(SYSTEM, time, position.values, RUN.velocity)


@pytest.mark.parametrize("header", ["time [ps] position [angstrom]", "t / ps  x (Å)", "time [ps], position [A]"])
def test_the_header_of_savetxt_is_read(tmp_path, header):
    path = tmp_path / "run.txt"
    np.savetxt(path, np.stack([PS, ANGSTROM], axis=1), header=header)
    found = ct.Trajectory.from_csv(SYSTEM, path)
    np.testing.assert_allclose(found.time, RUN.time, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.position, RUN.position, rtol=1e-9)
    with pytest.raises(ValueError, match="time_unit must be given"):
        ct.Trajectory.from_csv(WITHOUT, path)


def test_a_header_with_units_of_no_column_is_refused(tmp_path):
    path = tmp_path / "run.txt"
    np.savetxt(path, np.stack([PS, ANGSTROM, SPEED], axis=1), header="particle: time [ps] position [angstrom] and more")
    with pytest.raises(ValueError, match=r"time_unit must be given, or run\.txt must name each of its 3 columns"):
        read_columns(path, units=SYSTEM.units)
    assert read_columns(path, time_unit=1.0, position_unit=1.0).time.tolist() == PS.tolist()


def test_an_explicit_unit_must_not_contradict_the_header(tmp_path):
    path = tmp_path / "run.csv"
    np.savetxt(path, np.stack([PS, ANGSTROM], axis=1), header="time [ps],position [l_slow]", comments="", delimiter=",")
    of_ps = 1e-12 / SYSTEM.units.time
    same = read_columns(path, time_unit=of_ps, position_unit=1.0, units=SYSTEM.units)
    assert np.array_equal(same.time, PS * of_ps)
    with pytest.raises(ValueError, match=r"time_unit must be left out, or 0\.\d+ as the header says ps, got 1\.0"):
        read_columns(path, time_unit=1.0, units=SYSTEM.units)
    with pytest.raises(ValueError, match="position_unit must be left out, or 1 as the header says l_slow, got 2"):
        read_columns(path, position_unit=2.0, units=SYSTEM.units)


def with_units():
    """8 and 9 in a unit that is not the model's, as xarray, pandas and pint carry it."""
    pint, pd, xarray = (pytest.importorskip(name) for name in ("pint", "pandas", "xarray"))
    speed = np.array([8.0, 9.0])
    unit = pint.UnitRegistry()
    quantity = speed * unit.angstrom / unit.picosecond
    return [
        quantity, quantity[0], list(quantity), pd.Series(speed, name="v (Å/ps)"),
        xarray.DataArray(speed, attrs={"units": "Å/ps"}), xarray.DataArray(quantity),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "function",
    [
        SYSTEM.mean_dissipation, SYSTEM.single_pass_dissipation, SYSTEM.friction_force, SYSTEM.mobility,
        SYSTEM.validity,
        SYSTEM.diffusion, SYSTEM.interaction.potential, SYSTEM.chain.frequency, lambda v: SYSTEM.loss_variance(v, 1.0),
        lambda v: SYSTEM.loss_variance(8.0, v), lambda v: SYSTEM.finite_pass_dissipation(v, 3),
        lambda v: SYSTEM.chain.memory_kernel([0], v), lambda v: ct.simulate_many(SYSTEM, [2.6, 2.6], v, 0.1),
        SYSTEM.travelling_wave, lambda v: SYSTEM.drift_velocities(v, 20.0), lambda v: ct.Gaussian(v, 1.0),
    ],
)  # fmt: skip
def test_numbers_with_a_unit_are_not_taken_for_the_models(function):
    """Once the unit was dropped: a mean loss at 8 angstrom/ps was that of 8 l_slow/t_slow, 53,000 times too small."""
    for value in with_units():
        with pytest.raises(TypeError, match=r"must be in (the model's units|radians, .*), got numbers in"):
            function(value)


def test_a_name_without_a_unit_is_a_name():
    pd, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    plain = SYSTEM.mean_dissipation([8.0, 9.0])
    for name in ("v", "half t/2", "l_slow/t_slow", "v [l_slow/t_slow]", "speed (fit)", "v_x(t)"):
        assert np.array_equal(SYSTEM.mean_dissipation(pd.Series([8.0, 9.0], name=name)), plain)
    for units in ("", "1", "l_slow/t_slow"):
        assert np.array_equal(SYSTEM.mean_dissipation(xarray.DataArray([8.0, 9.0], attrs={"units": units})), plain)


def test_a_table_is_in_the_units_of_the_system_that_it_will_be_part_of():
    pd = pytest.importorskip("pandas")
    r = np.linspace(0.0, 8.0, 60)
    frame = pd.DataFrame({"r (Å)": r, "V (eV)": 0.02 * np.exp(-(r**2) / 2.0)})
    assert ct.Interaction.from_samples(frame["r (Å)"], frame["V (eV)"]) == ct.Interaction.from_samples(
        r, frame["V (eV)"].values
    )


# ---------------------------------------------------------------- units that were lost
# The crystal of the README, in eV and angstrom; seven rows in a pass.
MORSE = ct.System.from_physical(
    chain_mass=39.10, confinement=0.0484, coupling=0.1815, spacing=5.3, particle_mass=39.10, bias=2e-5,
    interaction=ct.Morse(0.02, 3.2, 0.9, offset=5.0), units="metal",
)  # fmt: skip
COARSE = MORSE.simulate(MORSE.chain.spacing / 2, 8.0 / MORSE.units.scale().speed, 3.0)
SECONDS = {"t_slow": MORSE.units.time, "s": 1.0, "ps": 1e-12, "fs": 1e-15}
METRES = {"l_slow": MORSE.units.length, "m": 1.0, "nm": 1e-9, "Å": 1e-10, "bohr": 5.29177210544e-11}


def bare(run, time, length):
    """A run as plain numbers in some units."""
    return run.time * MORSE.units.time / SECONDS[time], run.position * MORSE.units.length / METRES[length]


@pytest.mark.parametrize(
    ("time", "length", "code"),
    [
        ("ps", "Å", "units"), ("fs", "Å", "units"), ("fs", "bohr", "units"), ("ps", "nm", "units"), ("s", "m", "units"),
        ("ps", "l_slow", "time-unit"), ("t_slow", "Å", "length-unit"),
    ],
)  # fmt: skip
def test_units_that_were_lost_are_named(time, length, code):
    """The oracle is the run: read in the units that are named, the rows are its rows, in any pair of units."""
    compared = ct.compare(MORSE, *bare(COARSE, time, length), theory_points=0)
    (found,) = compared.findings
    named = [one for one in (time, length) if "slow" not in one]
    assert found.code == code and all(f" in {one}" in found.text for one in named) and not compared.agrees
    assert found.improvement > 1e4 and "seem" not in found.text
    np.testing.assert_allclose(compared.rows.time, COARSE.time, rtol=1e-12)
    np.testing.assert_allclose(compared.rows.position, COARSE.position, rtol=1e-12)
    assert compared.leaves_at is None and compared.largest < 1e-9 * MORSE.chain.spacing


@pytest.mark.parametrize(
    ("prefix", "factor"), [("m", 1e-3), ("u", 1e-6), ("µ", 1e-6), ("μ", 1e-6), ("n", 1e-9), ("p", 1e-12)]
)
def test_prefixes_are_those_of_the_si(prefix, factor):
    assert stated_units.SECONDS[f"{prefix}s"] == stated_units.METRES[f"{prefix}m"] == factor
    assert (stated_units.SECONDS["fs"], stated_units.SECONDS["as"], stated_units.METRES["cm"]) == (1e-15, 1e-18, 1e-2)


def test_velocities_and_the_start_are_in_the_units_that_were_lost():
    time, position = bare(COARSE, "fs", "Å")
    speed = COARSE.velocity * (position[1] / COARSE.position[1]) / (time[1] / COARSE.time[1])
    start = time[0], position[0], speed[0]
    for more in ({"velocity": speed}, {"start": start}):
        compared = ct.compare(MORSE, time, position, theory_points=0, **more)
        assert [one.code for one in compared.findings] == ["units"]
        assert compared.start.velocity == pytest.approx(COARSE.velocity[0], rel=1e-9)


def test_a_factor_that_is_a_unit_has_its_name():
    """By hand: one l_slow is 0.2168 angstrom, one t_slow 1.818 ps; what is near neither is a number."""
    for code, size, name in (
        ("length-unit", MORSE.units.length / 1e-10, "0.216792 (Å for l_slow)"),
        ("time-unit", MORSE.units.time / 1e-15, "1818.09 (fs for t_slow)"),
        ("time-unit", 2.0 * np.pi, "2 pi"), ("length-unit", 0.3, "0.3"), ("mass", MORSE.units.length / 1e-10, "0.2168"),
    ):  # fmt: skip
        assert named_factor(size * (1.0 + 1e-5), 1e-4 * size, known_factors(MORSE, code)) == name
    assert known_factors(WITHOUT, "length-unit") == NAMED
    assert named_factor(0.5292, 1e-3, known_factors(WITHOUT, "bias")) == "0.5292"  # once "angstrom for bohr"


def test_a_fault_is_found_behind_units_that_were_lost():
    heavy = replace(MORSE, mass=1.2).simulate(COARSE.position[0], COARSE.velocity[0], 2.0, steps_per_fast_period=12)
    units, fault = ct.compare(MORSE, *bare(heavy, "fs", "Å"), theory_points=0).findings
    assert (units.code, fault.code) == ("units", "mass") and "seem to be in fs and positions in Å" in units.text
    assert fault.parameters["factor"] == pytest.approx(1.2, abs=1e-4)  # 7e-6 measured, of 14 rows in a pass


def test_rows_of_the_models_own_units_are_left_as_they_are():
    """A wrong mass in rows whose units are right; and rows of a particle at rest, which fit any units."""
    heavy = replace(MORSE, mass=1.2).simulate(COARSE.position[0], COARSE.velocity[0], 2.0, steps_per_fast_period=12)
    compared = ct.compare(MORSE, heavy.time, heavy.position, theory_points=0)
    assert np.array_equal(compared.rows.position, heavy.position) and compared.remarks == ()
    rest = np.full(40, 0.5 * MORSE.chain.spacing)
    still = ct.compare(replace(MORSE, bias=0.0), np.linspace(0.0, 2.0, 40), rest, theory_points=0)
    assert np.array_equal(still.rows.position, rest) and still.findings == []


@pytest.mark.parametrize("factor", [1e3, 1e6])
def test_a_search_without_end_is_refused(monkeypatch, factor):
    """Once the run of the system was made first, a thousand times too long: 77 s and 0.9 GB. Now next to none is."""
    runs, simulate = [], fits.simulate

    def counted(*args, **options):
        runs.append(simulate(*args, **options))
        return runs[-1]

    monkeypatch.setattr(fits, "simulate", counted)
    without = ct.System(MORSE.chain, MORSE.interaction, mass=MORSE.mass, bias=MORSE.bias)
    time, position = bare(COARSE, "ps", "Å")
    for system, rows in ((without, (factor * time, position)), (MORSE, (factor * COARSE.time, COARSE.position[::-1]))):
        with pytest.raises(ValueError, match="time and position must be in t_slow and l_slow, or state") as told:
            ct.compare(system, *rows)
        assert "\n" not in str(told.value)
    assert sum(run.time.size for run in runs) < 20_000


def test_coarse_rows_of_our_run_have_its_losses():
    """Of rows so far apart polynomials see no pass; the run is between them. Rows that leave it are refused."""
    compared = ct.compare(MORSE, COARSE.time, COARSE.position, theory_points=0)
    lost = compared.passes["energy_lost"].values
    assert compared.agrees and lost.size == COARSE.passes.size == 8
    np.testing.assert_allclose(lost, COARSE.passes["energy_lost"], rtol=1e-6)
    heavy = replace(MORSE, mass=1.2).simulate(COARSE.position[0], COARSE.velocity[0], 3.0)
    with pytest.raises(ValueError, match=r"time must have rows at most 0\.0\d+ ps apart"):
        ct.compare(MORSE, heavy.time, heavy.position)


def test_a_comparison_in_the_units_of_the_system():
    """By hand from SI; in the model's units the passes themselves."""
    compared = ct.compare(MORSE, COARSE, theory_points=0)
    model, metal, units = compared.passes, compared.in_units(), MORSE.units
    for name, size, unit in (
        ("time", units.time / 1e-12, "ps"), ("position", units.length / 1e-10, "Å"),
        ("energy_lost", units.energy / 1.602176634e-19, "eV"), ("mean_speed", units.speed / 100.0, "Å/ps"),
        ("run_energy_lost", units.energy / 1.602176634e-19, "eV"), ("speed_error", units.speed / 100.0, "Å/ps"),
    ):  # fmt: skip
        np.testing.assert_allclose(metal[name], size * model[name], rtol=1e-12)
        assert metal[name].attrs["units"] == unit and f"{name} ({unit})" in compared._repr_html_()
    assert compared.in_units("SI")["energy_lost"].attrs["units"] == "J"
    assert compared.in_units("model").identical(model)
    assert "ps" in compared.plot().axes[2].get_xlabel()


def test_the_slope_of_coarse_rows_is_within_its_error():
    """Where the spacing is not known, polynomials over several cells are tried: of these all orders see the mean."""
    found = slopes(COARSE.time, COARSE.position, COARSE.time[:1])
    assert abs(found.velocity[0] - COARSE.velocity[0]) < 2.0 * found.error[0] < 1e-3 * COARSE.velocity[0]
