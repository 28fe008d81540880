// Answers the questions of test_sim.py: a list of { name of a function below: its argument } comes in, their results go out.
import { readFileSync } from "node:fs";

import * as sim from "../../../helpers/display/live/sim.js";

const plain = (value) => JSON.parse(JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? [...part] : part)));

// A model from given first weights on given rows: its losses before each step, the balance's weights after it, and R².
function train({ data, state, steps, balance, alpha, ...options }) {
  for (const set of [data.train, data.valid, data.test]) {
    set.x = Float64Array.from(set.x);
    set.labels = set.labels.map((labels) => Float64Array.from(labels));
  }
  const training = new sim.Training(data, options), losses = [], weights = [];
  training.model.load(state);
  if (balance !== "Balance") training.balance = new sim[balance](training.model, { alpha });
  for (let step = 0; step < steps; step++) {
    losses.push(training.step());
    weights.push(training.balance.weights.map((weight, k) => weight * training.weights[k]));
  }
  return { losses, weights, r2: training.r2 };
}

// The first weights of a model, by name.
function start(options) {
  const model = new sim.Model(options);
  return Object.fromEntries(model.layers.map(({ name, from, to }) => [name, model.theta.slice(from, to)]));
}

function random({ seed, stream, count }) {
  const { uniform, normal } = sim.generator(seed, stream);
  return { uniform: Array.from({ length: count }, uniform), normal: Array.from({ length: count }, normal) };
}

const answers = { train, start, random, featureTasks: sim.featureTasks };
const questions = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(questions.map(([name, argument]) => plain(answers[name](argument)))));
