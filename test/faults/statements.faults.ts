import { playRound } from './round';
import type { Figures, Mode } from './round';

const OPERATIONS = Number(process.env['FAULTS_OPERATIONS'] ?? 100_000);
const SEED = process.env['FAULTS_SEED'];
/** Operations a round: each has a store and a vendor of its own. */
const ROUND = 600;
const FIRST_SEED = Number(SEED ?? Date.now() % 1_000_000_000);

describe.each<Mode>(['embedded', 'over HTTP'])('a broker whose statements fail, %s', (mode) => {
  it(`keeps every promise for ${OPERATIONS} operations`, async () => {
    const started = Date.now();
    const figures: Figures = {
      rounds: 0,
      operations: 0,
      statements: 0,
      failures: 0,
      copies: 0,
      movements: 0,
    };
    process.stdout.write(
      `${mode}: FAULTS_SEED=${FIRST_SEED} draws the same faults again; each round adds 10 to it\n`,
    );
    for (let seed = FIRST_SEED; ; seed += 10) {
      await playRound(mode, seed, ROUND, figures);
      if (figures.rounds % 20 === 0) tell(mode, figures, started);
      if (figures.operations >= OPERATIONS && figures.failures >= OPERATIONS / 2) break;
    }
    tell(mode, figures, started);
  });
});

function tell(mode: Mode, figures: Figures, started: number): void {
  const { rounds, operations, statements, failures, copies, movements } = figures;
  const seconds = ((Date.now() - started) / 1_000).toFixed(0);
  process.stdout.write(
    `${mode}: ${rounds} rounds, ${operations} operations, ${failures} of ${statements} statements ` +
      `failed, ${movements} movements of money, ${copies} copies checked, ${seconds} s\n`,
  );
}
