// What a few seeds of the reader's own allow us to say: the rules of helpers/evaluation (statistics, verdicts,
// four_outcomes), for figures that count seeds while they train. tests/display/live/test_verdicts.py compares them.

// The 97.5% quantile of Student's t with 1, 2, … 30 degrees of freedom; beyond, within 0.001 of it.
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

// Mean of one number a seed and its 95% t-interval, [mean, low, high]. One number has none: [it, −∞, ∞].
export function interval(values) {
  const n = values.length, centre = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return [centre, -Infinity, Infinity];
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1));
  const half = (T[n - 2] ?? 1.96 + 2.48 / (n - 1)) * spread / Math.sqrt(n);
  return [centre, centre - half, centre + half];
}

// What an interval says of a gain, if less than `smallest` does not matter.
export function verdict([, low, high], smallest) {
  if (low > smallest) return "a gain";
  if (high < -smallest) return "a loss";
  if (low > -smallest && high < smallest) return low <= 0 && high >= 0 ? "no effect" : "too small to matter";
  return "undecided";
}

// Which of the four outcomes the intervals of two tasks allow us to say; "" where none.
export function outcome(a, b, smallest) {
  const said = [a, b].map((one) => verdict(one, smallest)), many = (what) => said.filter((word) => word === what).length;
  if (many("a gain") && many("a loss")) return "seesaw";
  if (many("a gain") === 2) return "both gain";
  if (many("a loss") === 2) return "both lose";
  return many("a gain") && Math.min(a[1], b[1]) > -smallest ? "one gains, none loses" : "";
}
