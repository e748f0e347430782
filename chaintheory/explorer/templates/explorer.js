// The page: controls, the curves as SVG, the live run on a canvas. All numbers come from kernels.js.

const byId = id => document.getElementById(id);
const svgElement = (name, attributes, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};
const short = (value, digits = 4) => Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : "none";

// State: parameters, range of speeds, start of the run; the address holds it --------------------------------------

// Ends of each slider; `log`: its steps are equal ratios of value - offset; `zero`: its first step is 0.
const CONTROLS = {
  omega_fast: {label: "top of the band, omega_fast", low: 1.01, high: 100, log: true, offset: 1},
  spacing: {label: "lattice spacing", low: 0.5, high: 500, log: true},
  amplitude: {label: "amplitude (positive repels)", low: -10, high: 10},
  width: {label: "width of the interaction", low: 0.1, high: 100, log: true},
  mass: {label: "mass of the particle", low: 0.01, high: 100, log: true},
  bias: {label: "bias, work per spacing", low: 1e-6, high: 10, log: true},
  temperature: {label: "temperature (0: chain at rest)", low: 0.01, high: 100, log: true, zero: true},
};
const STEPS = 1000;
const state = {
  ...SETTINGS.start,
  lowest: SETTINGS.start.spacing / 4, highest: SETTINGS.start.spacing * 2.5, logarithmic: 1,
  position: SETTINGS.start.spacing * 0.5, speed: SETTINGS.start.spacing * 1.25, pace: 2,
};
// What the page asks for beside the parameters; nan in the state stands for a field that holds no number.
const FIELDS = ["lowest", "highest", "position", "speed", "pace"];
function entered(names) {
  for (const name of names) {
    if (!Number.isFinite(state[name])) throw new Error(`${name} must be a finite real number, got none: enter one`);
  }
  return Object.fromEntries(names.map(name => [name, state[name]]));
}
const parameters = () => entered(PARAMETERS);
// What Eq. (10), the drift velocities and the run are of: the same chain at rest.
const atRest = given => ({...given, temperature: 0});

// Of a field or an address; nan where it is none or beyond the largest double.
const readNumber = text => text.trim() && Number.isFinite(Number(text)) ? Number(text) : NaN;

function readAddress() {
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (Object.hasOwn(state, name)) state[name] = readNumber(text);
  }
}

let addressTimer = 0;
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const text = new URLSearchParams(Object.entries(state).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => [name, String(value)]));
    try { history.replaceState(null, "", `#${text}`); } catch { /* a frame without an address of its own */ }
  }, 200);
}

function toSlider(name, value) {
  const {low, high, log, zero, offset = 0} = CONTROLS[name];
  if (zero && !value) return 0;
  if (!log) return Math.round(STEPS * (value - low) / (high - low));
  const ratio = Math.log(Math.max(value - offset, 1e-300) / (low - offset)) / Math.log((high - offset) / (low - offset));
  return Math.max(Math.round(STEPS * Math.min(Math.max(ratio, 0), 1)), zero ? 1 : 0);
}

function fromSlider(name, step) {
  const {low, high, log, zero, offset = 0} = CONTROLS[name], part = step / STEPS;
  if (zero && step === 0) return 0;
  const value = log ? offset + (low - offset) * ((high - offset) / (low - offset)) ** part : low + (high - low) * part;
  return Number(value.toPrecision(4));
}

// The field of a number, and the place beside it where its refusal is told.
function watch(name, box, group) {
  box.dataset.of = name;
  box.addEventListener("input", () => set(name, readNumber(box.value)));
  const place = document.createElement("p");
  place.className = "refusal";
  place.id = `${name}-refusal`;
  if (group.localName === "label") group.after(place); else group.append(place);
}

function makeControls() {
  for (const [name, {label}] of Object.entries(CONTROLS)) {
    const group = document.createElement("div");
    group.className = "control";
    group.innerHTML = `<label for="${name}-number">${label}</label><input type="number" step="any" id="${name}-number">
      <input type="range" min="0" max="${STEPS}" id="${name}" aria-label="${label}">`;
    byId("controls").append(group);
    byId(name).addEventListener("input", event => set(name, fromSlider(name, Number(event.target.value))));
    watch(name, byId(`${name}-number`), group);
  }
  byId("controls").addEventListener("submit", event => event.preventDefault());
  for (const name of FIELDS) watch(name, byId(name), byId(name).closest("label"));
  byId("logarithmic").addEventListener("change", event => set("logarithmic", event.target.checked ? 1 : 0));
  byId("start").addEventListener("click", () => running ? pause() : go());
  byId("restart").addEventListener("click", () => { startRun(); go(); });
  window.addEventListener("hashchange", () => { readAddress(); showState(); checkPace(); changed(); });
}

function showState() {
  for (const name of Object.keys(CONTROLS)) {
    const slider = byId(name), box = byId(`${name}-number`);
    if (document.activeElement !== slider && Number.isFinite(state[name])) slider.value = toSlider(name, state[name]);
    slider.setAttribute("aria-valuetext", Number.isFinite(state[name]) ? String(state[name]) : "none");
    if (document.activeElement !== box) box.value = state[name];
  }
  for (const name of FIELDS) {
    if (document.activeElement !== byId(name)) byId(name).value = state[name];
  }
  byId("logarithmic").checked = Boolean(state.logarithmic);
}

function set(name, value) {
  state[name] = value;
  showState();
  writeAddress();
  if (name === "pace") return checkPace();
  changed(!["lowest", "highest", "logarithmic"].includes(name));
}

let waiting = false, restartTimer = 0;
function changed(run = true) {
  if (!waiting) {
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawCurves(); });
  }
  if (run) {
    clearTimeout(restartTimer);
    restartTimer = setTimeout(() => { finer = 1; startRun(); }, 150);
  }
}

function checkPace() {
  try {
    within("pace", entered(["pace"]).pace, 0.01, 1000);
    told("pace", null);
  } catch (problem) {
    told("pace", problem);
  }
}

// What is refused, of the curves, the run and its pace: told above, and beside the field that the message begins with.
const refused = {curves: "", run: "", pace: ""};
function told(part, problem) {
  refused[part] = problem ? problem.message : "";
  const messages = [...new Set(Object.values(refused).filter(Boolean))];
  byId("problem").textContent = messages.join("; ");
  const fieldOf = {};
  for (const [of, message] of Object.entries(refused)) {
    const name = message.split(" ")[0];
    if (message) fieldOf[of === "curves" && name === "speed" ? "lowest" : name] ??= message;
  }
  for (const box of document.querySelectorAll("input[data-of]")) {
    const name = box.dataset.of, place = byId(`${name}-refusal`), message = fieldOf[name] || "";
    place.textContent = message;
    if (message) {
      box.setAttribute("aria-invalid", "true");
      box.setAttribute("aria-describedby", place.id);
    } else {
      box.removeAttribute("aria-invalid");
      box.removeAttribute("aria-describedby");
    }
  }
}

// A frame with two axes -------------------------------------------------------------------------------------------

function niceTicks(low, high, log) {
  const ticks = [];
  if (log) {
    const decades = Math.log10(high / low), multiples = decades > 3 ? [1] : [1, 2, 5];
    const every = Math.max(1, Math.ceil(decades / 8));
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      if (power % every) continue;
      for (const multiple of multiples) ticks.push(multiple * 10 ** power);
    }
  } else {
    const rough = (high - low) / 5, unit = 10 ** Math.floor(Math.log10(rough));
    const step = unit * [1, 2, 5, 10].find(multiple => multiple * unit >= rough);
    for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-12); i++) ticks.push(i * step);
  }
  return ticks.filter(tick => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

class Frame {
  constructor(svg, x, y) {
    const narrow = svg.clientWidth < 500;
    this.svg = svg;
    this.width = narrow ? 420 : 800;
    this.height = svg.viewBox.baseVal.height;
    svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.left = 78; this.right = this.width - 12; this.top = 12; this.bottom = this.height - 44;
    this.x = x; this.y = y;
    svg.replaceChildren();
    const clip = `${svg.id}-clip`, size = {x: this.left, y: this.top, width: this.right - this.left, height: this.bottom - this.top};
    const defs = svgElement("defs", {}), path = svgElement("clipPath", {id: clip});
    path.append(svgElement("rect", size));
    defs.append(path);
    this.inside = svgElement("g", {"clip-path": `url(#${clip})`});
    svg.append(defs, svgElement("rect", {...size, class: "frame"}), this.inside);
    for (const tick of niceTicks(x.low, x.high, x.log)) {
      const at = this.across(tick);
      svg.append(svgElement("path", {class: "tick", d: `M${at} ${this.bottom}v6`}),
        svgElement("text", {x: at, y: this.bottom + 20, "text-anchor": "middle"}, short(tick)));
    }
    for (const tick of niceTicks(y.low, y.high, y.log)) {
      const at = this.down(tick);
      svg.append(svgElement("path", {class: "tick", d: `M${this.left - 6} ${at}h6`}),
        svgElement("text", {x: this.left - 9, y: at + 4, "text-anchor": "end"}, short(tick)));
    }
    svg.append(svgElement("text", {x: (this.left + this.right) / 2, y: this.height - 6, "text-anchor": "middle"}, x.label));
    svg.append(svgElement("text", {transform: `translate(14 ${(this.top + this.bottom) / 2}) rotate(-90)`, "text-anchor": "middle"}, y.label));
  }

  static part({low, high, log}, value) {
    return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  across(value) { return this.left + (this.right - this.left) * Frame.part(this.x, value); }

  // Far outside is drawn just outside: a path holds no infinite number.
  down(value) {
    const part = this.y.log && !(value > 0) ? -1 : Frame.part(this.y, value);
    return this.bottom - (this.bottom - this.top) * Math.min(Math.max(part, -1), 2);
  }

  // A line with gaps where a value is nan.
  line(name, xs, ys) {
    let path = "", pen = "M";
    for (let i = 0; i < xs.length; i++) {
      if (Number.isNaN(ys[i])) { pen = "M"; continue; }
      path += `${pen}${this.across(xs[i]).toFixed(2)} ${this.down(ys[i]).toFixed(2)}`;
      pen = "L";
    }
    this.inside.append(svgElement("path", {class: name, d: path}));
  }

  // The area between two lines.
  area(name, xs, lows, highs) {
    const edge = ys => Array.from(xs, (x, i) => `${this.across(x).toFixed(2)} ${this.down(ys[i]).toFixed(2)}`);
    this.inside.append(svgElement("path", {class: name, d: `M${[...edge(highs), ...edge(lows).reverse()].join("L")}Z`}));
  }

  mark(name, x, y) {
    this.inside.append(svgElement("use", {href: `#mark-${name}`, x: this.across(x), y: this.down(y)}));
  }
}

// The curves ------------------------------------------------------------------------------------------------------

let curves = null, finishTimer = 0, finishing = 0;

const geometric = (low, high, count) =>
  Float64Array.from({length: count}, (_, i) => low * (high / low) ** (i / (count - 1)));

const MOST_DRAWN = 200; // resonances
const NEAREST = 1e-9; // relative distance of the last speeds from a resonance
// On which side of a resonance the loss is infinite.
const sideOf = ({edge}) => edge === "lower" ? 1 : -1;

// From the last point beside each infinite peak to the top, unless the peak is narrower than that point is near.
function toTheTop(frame, resonances, speeds, values) {
  if (resonances.length > MOST_DRAWN) return;
  const at = new Map(Array.from(speeds, (speed, i) => [speed, values[i]]));
  for (const one of resonances) {
    const side = sideOf(one), [finite, last] = [-side, side].map(s => at.get(one.speed * (1 + s * NEAREST)));
    if (!(last > 2 * (finite ?? 0))) continue;
    frame.inside.append(svgElement("path", {class: `peak ${one.edge}`, d: `M${frame.across(one.speed)} ${frame.down(last)}V${frame.top}`}));
  }
}

// Speeds of the curves: even in the logarithm, and dense beside each resonance.
function speedsFor(resonances, even = 400, closest = 12) {
  const speeds = Array.from(geometric(state.lowest, state.highest, even));
  if (resonances.length <= MOST_DRAWN) {
    for (const one of resonances) {
      const {speed} = one, side = sideOf(one);
      speeds.push(speed * (1 - side * NEAREST), speed * (1 + side * NEAREST));
      for (let k = 2; k < closest; k++) speeds.push(speed * (1 + side * 10 ** (-k / 2)));
    }
  }
  return speeds.filter(v => v >= state.lowest && v <= state.highest).sort((a, b) => a - b);
}

// What is said of curves that are drawn no more is neither seen nor heard until it is said anew.
function outdated(yes) {
  for (const place of ["curves-text", "drifts", "resonances"]) byId(place).classList.toggle("outdated", yes);
}

function drawCurves() {
  outdated(true);
  try {
    const hot = parameters(), given = atRest(hot);
    entered(["lowest", "highest"]);
    curves.system(hot);
    speedRange(state.lowest, state.highest);
    told("curves", null);
    document.body.classList.toggle("at-temperature", hot.temperature > 0);
    let resonances = [];
    try { resonances = curves.resonantSpeeds(given, state.lowest, state.highest); } catch { /* too many to draw */ }
    const speeds = speedsFor(resonances);
    const single = curves.singlePass(given, speeds), mean = curves.meanDissipation(given, speeds);
    const warm = hot.temperature > 0 ? atTemperature(hot) : null;
    const bias = Math.abs(state.bias), log = Boolean(state.logarithmic);
    const largest = Math.max(single.reduce((a, b) => Math.max(a, b), 1e-300), bias);
    const top = Math.max(largest * (log ? 8 : 1.6), warm ? warm.high.reduce((a, b) => Math.max(a, b), 0) * (log ? 2 : 1.1) : 0);
    const least = mean.reduce((a, b) => Math.min(a, b), single.reduce((a, b) => Math.min(a, b), bias || Infinity));
    const frame = new Frame(byId("curves"),
      {low: state.lowest, high: state.highest, log: true, label: "mean speed"},
      {low: log ? Math.max(largest * 8e-6, 0.4 * least) : warm ? Math.min(0, ...warm.low) : 0, high: top, log, label: "energy lost per pass"});
    if (resonances.length <= MOST_DRAWN) {
      for (const {speed, edge} of resonances) {
        const at = frame.across(speed);
        frame.inside.append(svgElement("path", {class: edge, d: `M${at} ${frame.bottom}v${edge === "lower" ? -14 : -9}`}));
      }
    }
    if (warm) {
      frame.area("spread", warm.speeds, warm.low, warm.high);
      frame.line("warm", warm.speeds, warm.mean);
    }
    if (bias) frame.line("bias", [state.lowest, state.highest], [bias, bias]);
    frame.line("mean", speeds, mean);
    toTheTop(frame, resonances, speeds, mean);
    frame.line("single", speeds, single);
    // What takes longer than a part of a frame waits until the slider rests.
    const finish = () => {
      const begun = performance.now();
      const some = speedsFor(resonances, 160, 5);
      const varying = curves.staticLattice(given, some);
      frame.line("static", some, varying);
      toTheTop(frame, resonances, some, varying);
      drawDrifts(frame, given, resonances, speeds, single, warm);
      finishing = performance.now() - begun;
    };
    clearTimeout(finishTimer);
    if (finishing < 6) finish(); else finishTimer = setTimeout(finish, 120);
  } catch (problem) {
    clearCurves();
    told("curves", problem);
  }
}

// What is refused has no curves: those of the system before it must not stand beside the refusal.
function clearCurves() {
  clearTimeout(finishTimer);
  clearTimeout(textTimer);
  byId("curves").replaceChildren();
  byId("curves-text").textContent = "No curves: a value is refused.";
  for (const table of ["drifts", "resonances"]) fill(table, []);
  outdated(false);
}

// Mean loss in a single pass at the temperature, and that less and more its standard deviation.
function atTemperature(hot) {
  const speeds = geometric(state.lowest, state.highest, 160);
  const mean = curves.singlePass(hot, speeds), deviation = curves.lossVariance(hot, speeds).map(Math.sqrt);
  return {speeds, mean, deviation, low: mean.map((m, i) => m - deviation[i]), high: mean.map((m, i) => m + deviation[i])};
}

const CROWDED = 1e-4; // relative distance below which two drift velocities are not drawn
let textTimer = 0;
function drawDrifts(frame, given, resonances, speeds, single, warm) {
  let drifts = [], problem = "";
  try { drifts = curves.driftVelocities(given, state.lowest, state.highest); } catch (error) { problem = error.message; }
  // A pair closer than can be drawn, at a narrow resonance, stands in the table only.
  const apart = drifts.filter(({speed}, i) => [drifts[i - 1], drifts[i + 1]].every(other =>
    !other || Math.abs(other.speed / speed - 1) > CROWDED));
  for (const {speed, kind} of apart) frame.mark(kind, speed, Math.abs(given.bias));
  clearTimeout(textTimer);
  textTimer = setTimeout(() => {
    const largest = single.indexOf(single.reduce((a, b) => Math.max(a, b), 0));
    const found = apart.length > 12 ? "" : apart.map(({kind, speed}) => `, ${kind} at ${short(speed, 6)}`).join("");
    const crowded = drifts.length - apart.length;
    const middle = 80;
    byId("curves-text").textContent = `Largest loss in a single pass: ${short(single[largest])} at speed ${short(speeds[largest])}. `
      + (warm ? `At the temperature a pass at speed ${short(warm.speeds[middle])} takes ${short(warm.mean[middle])} on the average, `
        + `with a standard deviation of ${short(warm.deviation[middle])}. ` : "")
      + (problem ? `${problem}.` : `Drift velocities from ${short(state.lowest)} to ${short(state.highest)}: ${apart.length}${found}. `
        + (crowded ? `${crowded} more in pairs closer than ${CROWDED}, at narrow resonances: see the table.` : ""))
      + ` Resonances: ${resonances.length}.`;
    outdated(false);
    fill("drifts", drifts.slice(0, 500).map(({speed, kind, resonance}) =>
      [short(speed, 12), kind, resonance ? `${resonance.edge} edge, n = ${resonance.n}` : ""]));
    fill("resonances", resonances.slice(0, 500).map(({speed, edge, n, finiteSide}) => [short(speed, 12), edge, n, short(finiteSide, 6)]));
  }, 400);
}

function fill(table, rows) {
  byId(table).tBodies[0].replaceChildren(...rows.map(row => {
    const made = document.createElement("tr");
    for (const value of row) made.insertCell().textContent = value;
    return made;
  }));
}

// The live run ----------------------------------------------------------------------------------------------------

const MOST_PASSES = 300;
const ENDLESS = 1e6; // what a live run may last; it decides nothing but the name of an error
let live = null, running = false, run = null, finer = 1;

function startRun() {
  clearTimeout(restartTimer);
  if (!live) return;
  try {
    const given = atRest(parameters()), {position, speed} = entered(["position", "speed"]);
    live.start(given, {position, speed, duration: ENDLESS}, finer);
    const cell = Math.floor(position / given.spacing - 0.5);
    run = {given, time: 0, position, velocity: speed, energy: 0, cell, last: null, passes: [], scale: 0, clock: 0, said: -1,
      contact: Math.round(position / given.spacing) * given.spacing, sound: live.c.explorer_sound_speed()};
    told("run", null);
    drawRun();
    tellRun(true);
  } catch (problem) {
    run = null;
    pause();
    clearRun();
    told("run", problem);
  }
}

function clearRun() {
  byId("run-now").textContent = byId("run-text").textContent = "No run: a value is refused.";
  byId("chain").width = 0; // clears it
  byId("passes").replaceChildren();
  fill("pass-table", []);
}

function go() {
  if (!run) startRun();
  if (!run || running) return;
  running = true;
  byId("start").textContent = "Pause";
  let before = performance.now();
  const frame = now => {
    if (!running || !run) return;
    try {
      if (!refused.pace) {
        advance(Math.min((now - before) / 1000, 0.1) * state.pace);
        if (run) {
          drawRun();
          tellRun(false);
        }
      }
    } catch (problem) {
      pause();
      told("run", problem);
    }
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function pause() {
  running = false;
  byId("start").textContent = "Start";
  if (run) tellRun(true);
}

// Blocks until so much time has passed in the run, or 12 ms here.
function advance(duration) {
  run.clock = Math.min(run.clock + duration, run.time + 50);
  const begun = performance.now();
  while (run.time < run.clock && performance.now() - begun < 12) {
    const block = live.block(1000);
    if (block === null) { // the particle has become too fast for the step: begin again with half of it
      finer *= 2;
      startRun();
      return;
    }
    const step = (block.time - run.time) / block.steps;
    for (let i = 0; i < block.steps; i++) follow(run.time + (i + 1) * step, block.position[i], block.energy[i], step);
    run.time = block.time;
    run.velocity = block.velocity[block.steps - 1];
  }
  if (run.time < run.clock) run.clock = run.time; // slower than asked for
}

// A pass is the way from one point midway between two masses to the next.
function follow(time, position, energy, step) {
  const {spacing} = run.given, cell = Math.floor(position / spacing - 0.5);
  if (cell !== run.cell) {
    const border = (Math.max(cell, run.cell) + 0.5) * spacing;
    const part = (border - run.position) / (position - run.position);
    const at = {time: time - step + part * step, energy: run.energy + part * (energy - run.energy), border};
    if (run.last && run.last.border !== border) {
      const mean = spacing / (at.time - run.last.time);
      run.passes.push({time: at.time, speed: mean, lost: at.energy - run.last.energy, theory: curves.meanDissipation(run.given, mean)});
      if (run.passes.length > MOST_PASSES) run.passes.shift();
    }
    run.last = at;
    run.cell = cell;
  }
  run.position = position;
  run.energy = energy;
}

function tellRun(now) {
  byId("run-now").textContent = `tau ${run.time.toFixed(1)}   position ${run.position.toFixed(1)}   speed ${run.velocity.toFixed(3)}   `
    + `energy of the chain ${short(run.energy)}   masses reached ${live.chain().displacement.length}`;
  if (!now && run.time < run.said + 5 * Math.max(state.pace, 0.2)) return;
  run.said = run.time;
  const last = run.passes.at(-1);
  byId("run-text").textContent = `At tau = ${run.time.toFixed(1)} the particle is at ${run.position.toFixed(1)} with speed ${short(run.velocity)}; `
    + `the chain has taken ${short(run.energy)}. `
    + (last ? `In the last pass it took ${short(last.lost)}; Eq. (10) gives ${short(last.theory)} at its mean speed ${short(last.speed)}.` : "No pass yet.");
  fill("pass-table", run.passes.slice(-20).reverse().map(({time, speed, lost, theory}) =>
    [time.toFixed(3), short(speed, 6), short(lost, 6), short(theory, 6)]));
}

const NEAR = 10; // masses to each side in the upper picture

function drawRun() {
  const canvas = byId("chain"), ratio = devicePixelRatio || 1, {clientWidth: width, clientHeight: height} = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(`--${name}`);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const {first, displacement} = live.chain(), {spacing} = run.given;
  const here = Math.round(run.position / spacing), value = n => displacement[n - first] || 0;
  let largest = 1e-300;
  for (let n = here - NEAR; n <= here + NEAR; n++) largest = Math.max(largest, Math.abs(value(n)));
  run.scale = Math.max(largest, run.scale * 0.98);
  pen.font = "12px system-ui, sans-serif";
  // Near the particle: each mass at its place, its displacement upwards.
  const unit = width / (2 * NEAR), middle = 0.28 * height, reach = 0.2 * height;
  const across = x => width / 2 + (x - run.position) / spacing * unit;
  pen.strokeStyle = colour("line");
  pen.beginPath(); pen.moveTo(0, middle); pen.lineTo(width, middle); pen.stroke();
  pen.strokeStyle = pen.fillStyle = colour("one");
  pen.beginPath();
  for (let n = here - NEAR - 1; n <= here + NEAR + 1; n++) pen.lineTo(across(n * spacing), middle - reach * value(n) / run.scale);
  pen.stroke();
  for (let n = here - NEAR - 1; n <= here + NEAR + 1; n++) {
    pen.beginPath(); pen.arc(across(n * spacing), middle - reach * value(n) / run.scale, 4, 0, 7); pen.fill();
  }
  pen.fillStyle = colour("two");
  pen.beginPath(); pen.arc(width / 2, middle, 7, 0, 7); pen.fill();
  pen.fillStyle = colour("ink");
  pen.fillText(`near the particle; largest displacement ${largest > 1e-300 ? short(largest, 2) : 0}`, 6, 14);
  // The whole cone.
  const extent = Math.max(NEAR * spacing, 1.1 * run.sound * run.time, 1.1 * Math.abs(run.position - run.contact));
  const place = x => width / 2 + (x - run.contact) / (2 * extent) * width, base = 0.78 * height, most = 0.16 * height;
  pen.strokeStyle = colour("line");
  pen.beginPath(); pen.moveTo(0, base); pen.lineTo(width, base); pen.stroke();
  pen.strokeStyle = colour("one");
  pen.beginPath();
  const columns = Math.max(Math.round(width), 1), low = new Float64Array(columns), high = new Float64Array(columns);
  displacement.forEach((u, i) => {
    const column = Math.floor(place((first + i) * spacing));
    if (column < 0 || column >= columns) return;
    low[column] = Math.min(low[column], u);
    high[column] = Math.max(high[column], u);
  });
  for (let column = 0; column < columns; column++) {
    if (low[column] === high[column]) continue;
    pen.moveTo(column, base - Math.min(most * high[column] / run.scale, most) - 0.5);
    pen.lineTo(column, base + Math.min(-most * low[column] / run.scale, most) + 0.5);
  }
  pen.stroke();
  pen.strokeStyle = colour("ink");
  pen.setLineDash([5, 4]);
  for (const side of [-1, 1]) {
    const edge = place(run.contact + side * run.sound * run.time);
    pen.beginPath(); pen.moveTo(edge, base - most); pen.lineTo(edge, base + most); pen.stroke();
  }
  pen.setLineDash([]);
  pen.fillStyle = colour("two");
  pen.beginPath(); pen.arc(place(run.position), base, 5, 0, 7); pen.fill();
  pen.fillStyle = colour("ink");
  pen.fillText("as far as sound has come", 6, 0.56 * height + 6);
  drawPasses();
}

let passesDrawn = null;
function drawPasses() {
  const {passes} = run, last = passes.at(-1), key = last ? last.time : 0;
  if (passesDrawn === run && run.drawn === key) return;
  passesDrawn = run;
  run.drawn = key;
  const from = passes.length ? passes[0].time : 0, to = passes.length > 1 ? key : from + 1;
  const sizes = passes.flatMap(one => [Math.abs(one.lost), Math.abs(one.theory)]).sort((a, b) => a - b);
  const top = sizes.length ? 1.3 * sizes[Math.floor(0.95 * (sizes.length - 1))] || 1 : 1;
  const least = Math.min(0, ...passes.map(one => Math.max(one.lost, -top)));
  const frame = new Frame(byId("passes"), {low: from, high: to, label: "time"}, {low: least, high: top, label: "energy lost"});
  frame.line("mean", passes.map(one => one.time), passes.map(one => one.theory));
  for (const one of passes) {
    frame.inside.append(svgElement("circle", {class: "pass", r: 2.5, cx: frame.across(one.time), cy: frame.down(one.lost)}));
  }
}

// Begin -----------------------------------------------------------------------------------------------------------

makeControls();
readAddress();
showState();
checkPace();
byId("version").textContent = SETTINGS.version;
compiledModule.then(module => {
  curves = new Kernels(module);
  live = new Kernels(module);
  drawCurves();
  startRun();
  window.addEventListener("resize", () => { drawCurves(); if (run) { run.drawn = -1; drawRun(); } });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (run) drawRun(); });
}, problem => told("curves", problem));
