// The compiled kernels as functions of JavaScript: checks of what is asked, and memory. No formula stands here.
"use strict";

const SETTINGS = JSON.parse(document.getElementById("settings").textContent);
const PARAMETERS = ["omega_fast", "spacing", "amplitude", "width", "mass", "bias", "temperature"];
const KINDS = ["locked", "stable", "unstable"];
const MOST_SPEEDS = 1e6;
const UNCONVERGED = "be large enough for the band average to converge";

// As Python prints them: "1e-30", "1e+30".
const shown = value => typeof value === "string" ? JSON.stringify(value)
  : typeof value === "number" ? String(Number(value.toPrecision(12))) : String(value);

function finite(name, value) {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`${name} must be a finite real number, got ${shown(value)}`);
  }
  return value;
}

function within(name, value, low, high) {
  if (!(finite(name, value) >= low && value <= high)) {
    throw new Error(`${name} must be within ${shown(low)} .. ${shown(high)}, got ${shown(value)}`);
  }
  return value;
}

const scale = (name, value) => within(name, value, SETTINGS.smallest, SETTINGS.largest);

function checked(parameters) {
  if (parameters === null || typeof parameters !== "object") {
    throw new Error(`parameters must be an object with ${PARAMETERS.join(", ")}, got ${shown(parameters)}`);
  }
  for (const name of Object.keys(parameters)) {
    if (!PARAMETERS.includes(name)) throw new Error(`parameters must be ${PARAMETERS.join(", ")}, got ${name}`);
  }
  within("omega_fast", parameters.omega_fast, SETTINGS.flattest, SETTINGS.widest);
  for (const name of ["spacing", "width", "mass"]) scale(name, parameters[name]);
  for (const name of ["amplitude", "bias"]) within(name, parameters[name], -SETTINGS.largest, SETTINGS.largest);
  const temperature = within("temperature", parameters.temperature ?? 0, 0, SETTINGS.largest);
  return [...PARAMETERS.slice(0, -1).map(name => parameters[name]), temperature];
}

function speedRange(lowest, highest) {
  scale("lowest", lowest);
  scale("highest", highest);
  if (!(highest > lowest)) throw new Error(`highest must be greater than lowest (${shown(lowest)}), got ${shown(highest)}`);
}

// One instance holds one system and one run.
class Kernels {
  constructor(module) {
    this.c = new WebAssembly.Instance(module, {}).exports;
    this.c._initialize?.();
  }

  numbers(pointer, count) {
    return new Float64Array(this.c.memory.buffer, pointer, count);
  }

  // Values of a compiled function f(count, speeds, results) at one speed or at many; `lost` says what nan means.
  values(f, speed, lost = "") {
    const many = Array.isArray(speed) || ArrayBuffer.isView(speed);
    const speeds = many ? Array.from(speed) : [speed];
    if (speeds.length > MOST_SPEEDS) throw new Error(`speed must be at most ${MOST_SPEEDS} numbers, got ${speeds.length}`);
    speeds.forEach(v => finite("speed", v));
    const count = speeds.length, pointer = this.c.explorer_space(2 * count), results = pointer + 8 * count;
    if (count && !pointer) throw new Error(`speed must be fewer numbers, got ${count}: no memory for them`);
    this.numbers(pointer, count).set(speeds);
    f(count, pointer, results);
    const values = this.numbers(results, count).slice();
    if (!lost) return many ? values : values[0];
    const at = values.findIndex(Number.isNaN);
    if (at >= 0) throw new Error(`speed must ${lost}, got ${shown(speeds[at])}`);
    return many ? values : values[0];
  }

  // `ofRest`: the quantity, where it is one of a chain at rest alone.
  system(parameters, ofRest = "") {
    const given = checked(parameters), temperature = given.at(-1);
    if (ofRest && temperature > 0) {
      throw new Error(`temperature must be 0 for ${ofRest}, which is of a chain at rest, got ${shown(temperature)}`);
    }
    this.c.explorer_system(...given);
  }

  // Eq. (7); at a temperature the mean loss with recoil.
  singlePass(parameters, speed) {
    this.system(parameters);
    if (!parameters.temperature) return this.values(this.c.explorer_single_pass, speed);
    return this.values(this.c.explorer_mean_loss, speed, UNCONVERGED);
  }

  // Variance of the loss in a single pass, quantum modes; at temperature 0 that of the zero point.
  lossVariance(parameters, speed) {
    this.system(parameters);
    return this.values(this.c.explorer_loss_variance, speed, UNCONVERGED);
  }

  meanDissipation(parameters, speed, approximation = "constant-velocity") {
    this.system(parameters, "meanDissipation");
    if (approximation === "static-lattice") {
      return this.values(this.c.explorer_static_lattice, speed,
        "be the mean of a motion past the masses at rest, and its loss above rounding");
    }
    if (approximation !== "constant-velocity") {
      throw new Error(`approximation must be "constant-velocity" or "static-lattice", got ${shown(approximation)}`);
    }
    return this.values(this.c.explorer_mean_dissipation, speed,
      "be large enough for at most 1e5 roots of the resonance condition");
  }

  // The static-lattice curve as it is drawn: nan where it ends.
  staticLattice(parameters, speeds) {
    this.system(parameters, "staticLattice");
    return this.values(this.c.explorer_static_lattice, speeds);
  }

  // Rows of five numbers that a search has found.
  rows(count, pointer) {
    if (count < 0) throw new Error("lowest and highest must enclose at most 1e4 resonances with 1e5 roots each; take parts");
    const flat = this.numbers(pointer, 5 * count);
    return Array.from({length: count}, (_, i) => flat.slice(5 * i, 5 * i + 5));
  }

  resonantSpeeds(parameters, lowest, highest) {
    this.system(parameters); // of the band alone
    speedRange(lowest, highest);
    const count = this.c.explorer_resonances(lowest, highest);
    return this.rows(count, this.c.explorer_resonance_list()).map(([speed, lower, n, finiteSide]) =>
      ({speed, edge: lower ? "lower" : "upper", n, finiteSide}));
  }

  driftVelocities(parameters, lowest, highest) {
    this.system(parameters, "driftVelocities");
    speedRange(lowest, highest);
    const bias = Math.abs(parameters.bias);
    if (bias > 0 && bias < SETTINGS.least_bias) {
      throw new Error(`bias must be 0 or at least ${SETTINGS.least_bias} in magnitude for drift velocities, got ${shown(bias)}`);
    }
    const count = this.c.explorer_drift_velocities(lowest, highest);
    return this.rows(count, this.c.explorer_drift_list()).map(([speed, kind, lower, n, slope]) =>
      ({speed, kind: KINDS[kind], resonance: n < 0 ? null : {edge: lower ? "lower" : "upper", n}, slope}));
  }

  // Start a run; the step is chosen as Python's simulate does, `finer` times as short.
  start(parameters, {position, speed, duration}, finer = 1) {
    this.system(parameters, "a run");
    const {spacing, width} = parameters;
    if (!(width <= SETTINGS.widths_to_spacing * spacing)) {
      throw new Error(`width must be at most ${shown(SETTINGS.widths_to_spacing)} spacings for a run, got ${shown(width)} at ${shown(spacing)}`);
    }
    within("position", position, -SETTINGS.farthest * width, SETTINGS.farthest * width);
    within("speed", speed, -SETTINGS.largest, SETTINGS.largest);
    scale("duration", duration);
    const rate = this.c.explorer_rate(speed, duration) * finer;
    if (!this.c.explorer_run_start(position, speed, rate)) throw new Error("there is no memory for this run");
    this.c.explorer_run_pull(parameters.bias);
    this.blocks = 0;
    return this.c.explorer_run_step();
  }

  // One block of at most so many steps: their number, and what stands after each of them; null if the step is too long.
  block(most) {
    const steps = this.c.explorer_run_block(most);
    if (steps === -1) return null;
    if (steps < 0) throw new Error(`the motion cannot be followed beyond tau = ${this.c.explorer_run_time()}`);
    const result = {
      steps,
      time: this.c.explorer_run_time(),
      position: this.numbers(this.c.explorer_run_position(), steps),
      velocity: this.numbers(this.c.explorer_run_velocity(), steps),
      energy: this.numbers(this.c.explorer_run_energies(), steps),
    };
    if (++this.blocks % 64 === 0) this.c.explorer_run_energy(); // a sum of squares: nothing cancels
    return result;
  }

  // Displacements of the masses from `first` on, as far as sound has come.
  chain() {
    const first = this.c.explorer_run_first(), count = Math.max(this.c.explorer_run_last() - first + 1, 0);
    return {first, displacement: this.numbers(this.c.explorer_run_displacement(), count)};
  }

  simulate(parameters, {position, speed, duration} = {}) {
    for (let finer = 1; ; finer *= 2) {
      const step = this.start(parameters, {position, speed, duration}, finer);
      const steps = Math.max(1, Math.round(duration / step));
      if (steps > SETTINGS.most_steps) throw new Error(`duration must take at most ${SETTINGS.most_steps} steps, got ${steps}`);
      const run = {timeStep: step};
      for (const name of ["position", "velocity", "chainEnergy"]) run[name] = new Float64Array(steps + 1);
      run.position[0] = position;
      run.velocity[0] = speed;
      let done = 0;
      while (done < steps) {
        const block = this.block(steps - done);
        if (block === null) break;
        run.position.set(block.position, done + 1);
        run.velocity.set(block.velocity, done + 1);
        run.chainEnergy.set(block.energy, done + 1);
        done += block.steps;
      }
      if (done < steps) continue;
      run.time = Float64Array.from({length: steps + 1}, (_, i) => i * step);
      return run;
    }
  }
}

// Promises of the page: the compiled bytes stand in it, and nothing is fetched.
const compiledModule = WebAssembly.compile(
  Uint8Array.from(atob(document.getElementById("kernels").textContent.trim()), letter => letter.charCodeAt(0)));

window.chaintheory = {
  ready: compiledModule.then(module => {
    const kernels = new Kernels(module);
    for (const name of ["singlePass", "lossVariance", "meanDissipation", "resonantSpeeds", "driftVelocities", "simulate"]) {
      window.chaintheory[name] = (...given) => kernels[name](...given);
    }
    return true;
  }),
};
