const NAMES = {
  'raw-key': 'stripe client, raw key',
  'stripe-client': '@AgentTool, stripe client, embedded',
  embedded: '@AgentTool, embedded broker',
  standalone: '@AgentTool, standalone broker',
};
const FIGURES = ['rps', 'p50', 'p99'];

/**
 * Medians over the rounds. A ratio is taken within its round, between neighbours in time, so that
 * what slows the machine down for a while weighs on both sides.
 */
export function summarise(measurements, base) {
  const cases = new Map();
  for (const { adapter, atOnce, variant } of measurements) {
    cases.set(`${adapter} ${atOnce} ${variant}`, { adapter, atOnce, variant });
  }
  return [...cases.values()].map((one) => {
    const rounds = roundsOf(measurements, one);
    const baseRounds = roundsOf(measurements, { ...one, variant: base });
    const figures = FIGURES.map((figure) => [
      figure,
      {
        median: median(rounds.map((round) => round[figure])),
        ratio: median(rounds.map((round, i) => round[figure] / baseRounds[i][figure])),
      },
    ]);
    return { ...one, ...Object.fromEntries(figures) };
  });
}

/** The summary as text: ratios to the base first, absolute figures beside them. */
export function table(summary) {
  const lines = [];
  for (const [adapter, rows] of groups(summary, 'adapter')) {
    lines.push('', row(adapter, 'req/s', 'p50 ms', 'p99 ms'));
    for (const [atOnce, variants] of groups(rows, 'atOnce')) {
      lines.push(`${atOnce} at once`);
      // A fixed order, whoever was measured first.
      for (const [variant, name] of Object.entries(NAMES)) {
        const { rps, p50, p99 } = variants.find((one) => one.variant === variant);
        lines.push(row(`  ${name}`, cell(rps, 0), cell(p50, 2), cell(p99, 2)));
      }
    }
  }
  return lines.join('\n');
}

function roundsOf(measurements, { adapter, atOnce, variant }) {
  return measurements
    .filter((m) => m.adapter === adapter && m.atOnce === atOnce && m.variant === variant)
    .sort((a, b) => a.round - b.round);
}

function groups(rows, field) {
  const values = [...new Set(rows.map((one) => one[field]))];
  return values.map((value) => [value, rows.filter((one) => one[field] === value)]);
}

function row(first, ...cells) {
  return first.padEnd(40) + cells.map((text) => text.padStart(16)).join('');
}

function cell({ ratio, median: absolute }, digits) {
  return `${ratio.toFixed(2)} ${absolute.toFixed(digits).padStart(8)}`;
}

/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
