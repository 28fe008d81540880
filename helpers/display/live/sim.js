// A multi-task trainer that runs in a page: tasks whose relation we set, three models, Adam and three balances.
//
// The course's second implementation of what helpers/data, models and training teach, with the same names, for figures
// that train while you watch; tests/display/live/test_sim.py holds its losses to torch's. No DOM, no library.
// A matrix is its rows, one after the other, in a Float64Array.
//
//     const data = featureTasks({ needs: [[1, 1, 0], [0, 1, -1]], seed: 3 });
//     const training = new Training(data, { structure: "shared-bottom", width: 4, seed: 3 });
//     while (training.steps < 250) training.step();      // as many a frame as there is time for
//     training.r2                                        // of each task, at its own best validation loss

import { random } from "./random.js";

// ---- numbers that look random -------------------------------------------------------------------------------------
// Equal seeds and streams give equal numbers. uniform() is in [0, 1), normal() has mean 0 and variance 1.
export function generator(seed, stream = 0) {
  const uniform = random(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

// ---- tasks --------------------------------------------------------------------------------------------------------
// Mean and standard deviation of relu(z) for z ~ N(0, 1).
const RELU_MEAN = 1 / Math.sqrt(2 * Math.PI), RELU_SD = Math.sqrt(1 / 2 - 1 / (2 * Math.PI));

// Tasks that are sums of hidden features h_j = relu(v_j · x), as `relu_tasks` of helpers/data/synthetic.py: a target
// is Σ ±h_j over the features that a task needs, scaled to mean 0 and variance 1; a label adds noise · N(0, 1).
//   needs   a row a task: +1 or −1 where it needs feature j, else 0; at most as many features as `inputs`
//   rows    of train, validation and test; test labels are the targets without noise
// The draws do not depend on `needs`: equal seeds compare tasks in pairs, and more rows begin with the same rows. The
// `directions` v_j are orthonormal.
export function featureTasks({ needs, rows = [500, 500, 1000], inputs = 20, noise = 0.5, seed = 0 }) {
  const { normal } = generator(seed, 1);
  const directions = orthonormal(needs[0].length, inputs, normal);
  const scales = needs.map((signs) => 1 / Math.sqrt(dot(signs, signs) || 1));
  const label = (x, random, noisy) => {
    const hidden = directions.map((v) => (Math.max(dot(v, x), 0) - RELU_MEAN) / RELU_SD);
    return needs.map((signs, k) => scales[k] * dot(signs, hidden) + (noisy ? noise : 0) * random.normal());
  };
  const [train, valid, test] = rows.map((n, part) => { // row by row, each set from a stream of its own
    const random = generator(seed, 2 + part), x = new Float64Array(n * inputs);
    const labels = needs.map(() => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      const row = x.subarray(i * inputs, (i + 1) * inputs);
      row.forEach((_, c) => { row[c] = random.normal(); });
      label(row, random, part < 2).forEach((value, k) => { labels[k][i] = value; });
    }
    return { n, x, labels };
  });
  return { directions, inputs, train, valid, test };
}

// Gram-Schmidt: `count` vectors of length `inputs`, each of length 1 and at right angles to the others.
function orthonormal(count, inputs, normal) {
  const found = [];
  while (found.length < count) {
    const v = Float64Array.from({ length: inputs }, normal);
    for (const other of found) {
      const along = dot(other, v);
      other.forEach((value, c) => { v[c] -= along * value; });
    }
    found.push(v.map((value) => value / Math.sqrt(square(v))));
  }
  return found;
}

// ---- models -------------------------------------------------------------------------------------------------------
// Experts (one layer of relu units each), and for each task a tower (one layer of relu units, then one number).
//   "shared-bottom"  one expert, which all towers read        "single-task"  an expert for each task
//   "mmoe"           several experts; a tower reads Σ gᵢ(x) fᵢ(x), with its task's gate g = softmax(W x)
// All parameters are in one vector, `theta`, of which each layer has a part; layers have the names that torch gives
// them in helpers/models, and first weights of the same distribution. `gradient(k, …)` fills gradients[k], another such
// vector, so that a balance can weigh the tasks' gradients.
export class Model {
  constructor({ structure, inputs, tasks, width, experts = 4, tower = 8, seed = 0 }) {
    const single = structure === "single-task", gated = structure === "mmoe", each = [...Array(tasks).keys()];
    Object.assign(this, { width, tower, layers: [], experts: [], gates: [], towers: [], rooms: new Map() });
    let random;
    const first = [];
    const layer = (name, ins, outs, relu, bias = true) => {
      const from = first.length, middle = from + outs * ins, to = middle + bias * outs, limit = 1 / Math.sqrt(ins);
      while (first.length < to) first.push(limit * (2 * random.uniform() - 1));
      this.layers.push({ name, ins, outs, relu, bias, from, middle, to });
      return this.layers.at(-1);
    };
    for (const model of single ? each.map((k) => `models.${k}.`) : [""]) {
      random = generator(seed); // so that a single-task model starts as if it were alone
      const bottoms = gated ? [...Array(experts).keys()].map((e) => `bottom.experts.${e}`) : [`${model}bottom`];
      for (const name of bottoms) this.experts.push(layer(`${name}.layers.0`, inputs, width, true));
      if (gated) this.gates = each.map((k) => layer(`bottom.gates.${k}`, inputs, experts, false, false));
      for (const name of (single ? [0] : each).map((k) => `${model}towers.${k}`)) {
        const hidden = layer(`${name}.0.layers.0`, width, tower, true);
        this.towers.push({ hidden, last: layer(`${name}.1`, tower, 1, false) });
      }
    }
    this.theta = Float64Array.from(first);
    this.gradients = each.map(() => new Float64Array(this.theta.length));
    this.reads = each.map((k) => (single ? [k] : [...this.experts.keys()])); // the experts that each task reads
    this.shared = single ? [] : this.experts; // what all tasks reach; at its weights GradNorm reads their gradients
  }

  // Parameters from { "bottom.layers.0.weight": numbers, … }, as in torch's state_dict.
  load(state) {
    for (const { name, from, bias } of this.layers) {
      this.theta.set([...state[`${name}.weight`], ...(bias ? state[`${name}.bias`] : [])], from);
    }
  }

  // The outputs of n rows, one Float64Array a task.
  forward(x, n) {
    const room = this.#room(n), { theta, gates, width } = this;
    this.experts.forEach((expert, e) => affine(x, n, theta, expert, room.experts[e]));
    gates.forEach((gate, k) => softmax(affine(x, n, theta, gate, room.gates[k]), gate.outs));
    this.towers.forEach(({ hidden, last }, k) => {
      if (gates.length) mix(room.gates[k], room.experts, n, width, room.inputs[k]);
      affine(affine(room.inputs[k], n, theta, hidden, room.hidden[k]), n, theta, last, room.outputs[k]);
    });
    return room.outputs;
  }

  // The gradient of task k's loss, of the rows that were forward last, from that by its outputs: in gradients[k].
  gradient(k, x, n, byOutput) {
    const { theta, gates, width } = this, { hidden, last } = this.towers[k], room = this.#room(n), { by } = room;
    const g = this.gradients[k].fill(0), back = (...layer) => affineBack(n, theta, g, ...layer);
    back(last, room.hidden[k], room.outputs[k], byOutput, by.hidden.fill(0));
    back(hidden, room.inputs[k], room.hidden[k], by.hidden, by.input.fill(0));
    if (gates.length) back(gates[k], x, room.gates[k], gateBack(room.gates[k], room.experts, width, by.input, by.gate));
    for (const e of this.reads[k]) {
      for (let i = 0, p = 0; i < n; i++) {
        const g = gates.length ? room.gates[k][i * gates[k].outs + e] : 1;
        for (; p < (i + 1) * width; p++) by.expert[p] = g * by.input[p];
      }
      back(this.experts[e], x, room.experts[e], by.expert);
    }
  }

  // By number of rows: what a forward pass leaves for the backward pass.
  #room(n) {
    if (!this.rooms.has(n)) {
      const numbers = (width) => new Float64Array(n * width), { width, tower, gates, towers } = this;
      const experts = this.experts.map(() => numbers(width)), count = experts.length;
      this.rooms.set(n, {
        experts, gates: gates.map(() => numbers(count)), hidden: towers.map(() => numbers(tower)),
        inputs: towers.map((_, k) => (gates.length ? numbers(width) : experts[this.reads[k][0]])),
        outputs: towers.map(() => numbers(1)),
        by: { hidden: numbers(tower), input: numbers(width), expert: numbers(width), gate: numbers(count) },
      });
    }
    return this.rooms.get(n);
  }
}

// A layer on n rows: out = x Wᵀ + b, with `relu` max(…, 0).
function affine(x, n, theta, { ins, outs, relu, bias, from, middle }, out) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < outs; j++) {
      let sum = bias ? theta[middle + j] : 0;
      for (let c = 0, w = from + j * ins, p = i * ins; c < ins; c++) sum += x[p + c] * theta[w + c];
      out[i * outs + j] = relu && sum < 0 ? 0 : sum;
    }
  }
  return out;
}

// Adds to g a layer's gradient, from that by its outputs; and to byInput, if there is one, that by its inputs.
function affineBack(n, theta, g, { ins, outs, relu, bias, from, middle }, x, out, byOutput, byInput = null) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < outs; j++) {
      if (relu && out[i * outs + j] === 0) continue; // a unit that is off
      const by = byOutput[i * outs + j], w = from + j * ins, p = i * ins;
      if (bias) g[middle + j] += by;
      for (let c = 0; c < ins; c++) g[w + c] += by * x[p + c];
      if (byInput) for (let c = 0; c < ins; c++) byInput[p + c] += by * theta[w + c];
    }
  }
}

// In place, on rows of `size` numbers.
function softmax(values, size) {
  for (let i = 0; i < values.length; i += size) {
    let top = -Infinity, sum = 0;
    for (let e = i; e < i + size; e++) top = Math.max(top, values[e]);
    for (let e = i; e < i + size; e++) sum += values[e] = Math.exp(values[e] - top);
    for (let e = i; e < i + size; e++) values[e] /= sum;
  }
}

// out = Σₑ gₑ fₑ, row by row.
function mix(gate, experts, n, width, out) {
  out.fill(0);
  experts.forEach((outputs, e) => {
    for (let i = 0, p = 0; i < n; i++) {
      const g = gate[i * experts.length + e];
      for (; p < (i + 1) * width; p++) out[p] += g * outputs[p];
    }
  });
}

// The gradient by what goes into the softmax of a gate, from that by the mixture.
function gateBack(gate, experts, width, byMixture, out) {
  for (let i = 0, size = experts.length; i < gate.length; i += size) {
    let mean = 0;
    experts.forEach((outputs, e) => {
      let by = 0;
      for (let j = 0, p = (i / size) * width; j < width; j++) by += byMixture[p + j] * outputs[p + j];
      out[i + e] = by;
      mean += gate[i + e] * by;
    });
    for (let e = i; e < i + size; e++) out[e] = gate[e] * (out[e] - mean);
  }
  return out;
}

// ---- training -----------------------------------------------------------------------------------------------------
// Adam (Kingma and Ba, ICLR 2015) on one vector of parameters.
export class Adam {
  constructor(size, lr) {
    Object.assign(this, { lr, steps: 0, mean: new Float64Array(size), square: new Float64Array(size) });
  }

  step(parameters, gradient) {
    this.steps++;
    const rate = this.lr / (1 - 0.9 ** this.steps), scale = Math.sqrt(1 - 0.999 ** this.steps), { mean, square } = this;
    for (let i = 0; i < parameters.length; i++) {
      mean[i] += 0.1 * (gradient[i] - mean[i]);
      square[i] += 0.001 * (gradient[i] ** 2 - square[i]);
      parameters[i] -= (rate * mean[i]) / (Math.sqrt(square[i]) / scale + 1e-8);
    }
  }
}

// How the losses of the tasks become one step, as in helpers/training/balancing.py: `combine(losses)` makes of the
// tasks' gradients that of the step, `sum`, and moves the weights for the next one. This one adds them up.
export class Balance {
  constructor(model) {
    Object.assign(this, { model, weights: model.gradients.map(() => 1), sum: new Float64Array(model.theta.length) });
  }

  combine() {
    this.sum.fill(0);
    this.model.gradients.forEach((g, k) => {
      for (let i = 0; i < g.length; i++) this.sum[i] += this.weights[k] * g[i];
    });
  }
}

// Uncertainty weighting (Kendall, Gal and Cipolla, CVPR 2018): e^(−s) · L / 2 + s / 2, each task with a learnt s.
export class UWL extends Balance {
  constructor(model, { lr = 0.1 } = {}) {
    super(model);
    this.weights.fill(0.5);
    Object.assign(this, { s: new Float64Array(this.weights.length), adam: new Adam(this.weights.length, lr) });
  }

  combine(losses) {
    super.combine();
    this.adam.step(this.s, losses.map((loss, k) => 0.5 - this.weights[k] * loss));
    this.weights = Array.from(this.s, (s) => 0.5 * Math.exp(-s));
  }
}

// Σ log L: what UWL makes smallest once every s is at its best.
export class SumOfLogs extends Balance {
  combine(losses) {
    this.weights = losses.map((loss) => 1 / loss);
    super.combine();
  }
}

// GradNorm (Chen et al., ICML 2018): moves the weights so that the tasks' gradients on the last shared layer have
// similar norms, larger where a task is behind; Σw stays the number of tasks, and w above 0.0001 before scaling.
export class GradNorm extends Balance {
  constructor(model, { alpha = 0.12, lr = 0.01 } = {}) {
    super(model);
    Object.assign(this, { alpha, adam: new Adam(this.weights.length, lr) });
  }

  combine(losses) {
    super.combine();
    this.first ??= losses;
    const progress = losses.map((loss, k) => loss / this.first[k]), usual = mean(progress);
    const weightOf = (g) => this.model.shared.map(({ from, middle }) => g.subarray(from, middle));
    const norms = this.model.gradients.map((g) => Math.sqrt(total(weightOf(g).map(square))));
    const G = norms.map((norm, k) => this.weights[k] * norm);
    const target = progress.map((of) => mean(G) * (of / usual) ** this.alpha);
    this.adam.step(this.weights, norms.map((norm, k) => Math.sign(G[k] - target[k]) * norm));
    const kept = this.weights.map((weight) => Math.max(weight, 1e-4));
    this.weights = kept.map((weight) => weight / mean(kept));
  }
}

export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const total = (values) => values.reduce((a, b) => a + b, 0);
export const mean = (values) => total(values) / values.length;
const square = (values) => dot(values, values);

// One model while it learns: `step()` is one step on all train rows. After every fifth, `now` is each task's R² on the
// test rows, and `r2` that which it had where its loss on the validation rows was lowest.
//   weights   of the tasks' losses; what the `balance` does comes on top
export class Training {
  constructor(data, { structure, width, experts, tower, weights, lr = 0.01, seed = 0 }) {
    const { inputs, train: { n, labels } } = data, each = (value) => labels.map(() => value);
    const model = new Model({ structure, inputs, tasks: labels.length, width, experts, tower, seed });
    Object.assign(this, { data, model, steps: 0, weights: weights ?? each(1), balance: new Balance(model), adam: new Adam(model.theta.length, lr) });
    Object.assign(this, { byOutput: new Float64Array(n), lowest: each(Infinity), now: each(NaN), r2: each(NaN) });
  }

  // Returns the losses before the step, one a task.
  step() {
    const { model, weights, byOutput, data: { train: { x, n, labels } } } = this;
    const losses = model.forward(x, n).map((output, k) => {
      const loss = lossOf(output, labels[k], byOutput, weights[k]);
      model.gradient(k, x, n, byOutput);
      return loss;
    });
    this.balance.combine(losses.map((loss, k) => loss * weights[k]));
    this.adam.step(model.theta, this.balance.sum);
    this.steps++;
    if (this.steps % 5 === 0) this.evaluate();
    return losses;
  }

  evaluate() {
    const { model, lowest, data: { valid, test } } = this;
    const losses = model.forward(valid.x, valid.n).map((output, k) => lossOf(output, valid.labels[k]));
    model.forward(test.x, test.n).forEach((output, k) => {
      this.now[k] = r2(output, test.labels[k]);
      if (losses[k] < lowest[k]) [lowest[k], this.r2[k]] = [losses[k], this.now[k]];
    });
  }
}

// The mean squared error of a task. byOutput gets its gradient times `weight`.
function lossOf(outputs, labels, byOutput = null, weight = 1) {
  const n = labels.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const off = outputs[i] - labels[i];
    sum += off ** 2;
    if (byOutput) byOutput[i] = (weight / n) * 2 * off;
  }
  return sum / n;
}

// 1 is perfect, 0 is no better than a constant.
const r2 = (outputs, labels) =>
  1 - lossOf(outputs, labels) / (square(labels) / labels.length - mean(labels) ** 2);

// What the units of an expert have found: a row a unit, its cosine with each of the true directions.
export function cosines(model, expert, directions) {
  return Array.from({ length: expert.outs }, (_, j) => {
    const row = model.theta.subarray(expert.from + j * expert.ins, expert.from + (j + 1) * expert.ins);
    return directions.map((v) => dot(row, v) / Math.sqrt(square(row)));
  });
}
