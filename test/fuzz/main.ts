import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { must } from './target';
import type { FuzzTarget } from './target';
import { targets } from './targets';

const MAX_MS = 50;
/** A finding names the seed of its slice, so that it comes again at once. */
const SLICE_MS = 2_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    target: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const firstSeed = Number(values.seed);
const chosen = targets.filter(({ name }) => (values.target ?? name) === name);
if (!(seconds > 0) || !Number.isInteger(firstSeed) || chosen.length === 0) {
  process.stderr.write(
    `usage: --seconds N --seed N --target ${targets.map(({ name }) => name).join('|')}\n`,
  );
  process.exit(2);
}

process.exitCode = chosen.filter((target) => !run(target)).length > 0 ? 1 : 0;

/** Fuzzes one parser; whether nothing was found. */
function run(target: FuzzTarget): boolean {
  const started = performance.now();
  const left = (): number => started + seconds * 1_000 - performance.now();
  let executions = 0;
  let accepted = 0;
  let finding: string | undefined;
  for (let seed = firstSeed; finding === undefined && left() > 0; seed++) {
    const details = fc.check(
      fc.property(target.inputs, (input) => {
        executions++;
        if (target.check(input)) accepted++;
        checkTime(target, input);
      }),
      {
        seed,
        numRuns: 1_000_000_000,
        interruptAfterTimeLimit: Math.min(SLICE_MS, left()),
        markInterruptAsFailure: false,
      },
    );
    if (!details.failed) continue;
    const [input = ''] = details.counterexample ?? [];
    const { errorInstance: error } = details;
    finding =
      `  --target ${target.name} --seed ${seed}\n  ${error instanceof Error ? error.stack?.slice(0, 1_500) : String(error)}\n` +
      `  input: ${JSON.stringify(input).slice(0, 2_000)}\n`;
  }
  const rate = Math.round(executions / ((performance.now() - started) / 1_000));
  process.stdout.write(
    `${target.name.padEnd(11)} ${String(executions).padStart(10)} executions ${String(rate).padStart(7)}/s  ${String(accepted).padStart(9)} accepted  ${finding === undefined ? 'no finding' : '1 finding'}\n${finding ?? ''}`,
  );
  return finding === undefined;
}

/** The best of three counts, since the machine may have been busy. */
function checkTime(target: FuzzTarget, input: string): void {
  if (input.length < 1_024) return;
  let best = Infinity;
  for (let i = 0; i < 3 && best > MAX_MS; i++) {
    const started = performance.now();
    target.check(input);
    best = Math.min(best, performance.now() - started);
  }
  must(best <= MAX_MS, `${input.length} characters took ${best.toFixed(0)} ms`);
}
