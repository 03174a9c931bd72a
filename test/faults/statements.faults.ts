import type { Figures, Mode } from './round';
import { playRounds } from './rounds';

const OPERATIONS = Number(process.env['FAULTS_OPERATIONS'] ?? 100_000);
/** Each round has a store and a vendor of its own. */
const OPERATIONS_A_ROUND = 600;
const ROUNDS_A_LINE = 20;

it.each<Mode>(['embedded', 'over HTTP'])(
  `a broker whose statements fail keeps every promise for ${OPERATIONS} operations, %s`,
  async (mode) => {
    const started = Date.now();
    const tell = (figures: Figures): void => {
      const { rounds, operations, statements, failures, copies, movements } = figures;
      const seconds = ((Date.now() - started) / 1_000).toFixed(0);
      process.stdout.write(
        `${mode}: ${rounds} rounds, ${operations} operations, ${failures} of ${statements} ` +
          `statements failed, ${movements} movements of money, ${copies} copies opened, ` +
          `${seconds} s\n`,
      );
    };
    const figures = await playRounds(mode, OPERATIONS, OPERATIONS_A_ROUND, (each) => {
      if (each.rounds % ROUNDS_A_LINE === 0) tell(each);
    });
    tell(figures);
  },
);
