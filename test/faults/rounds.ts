import { playRound } from './round';
import type { Figures, Mode } from './round';

const SEED = process.env['FAULTS_SEED'];

/**
 * Rounds, each with a seed of its own, until there were so many operations and half as many
 * failures. `FAULTS_SEED` is the first round's; a round that fails names its own.
 */
export async function playRounds(
  mode: Mode,
  operations: number,
  operationsARound: number,
  onRound: (figures: Figures) => void = () => {},
): Promise<Figures> {
  const figures: Figures = {
    rounds: 0,
    operations: 0,
    statements: 0,
    failures: 0,
    copies: 0,
    writerCopies: 0,
    movements: 0,
  };
  const first = Number(SEED ?? Date.now() % 1_000_000_000);
  process.stdout.write(`${mode}: FAULTS_SEED=${first} draws the same faults again\n`);
  // A round takes five seeds in a row.
  for (let seed = first; ; seed += 10) {
    await playRound(mode, seed, operationsARound, figures);
    onRound(figures);
    if (figures.operations >= operations && figures.failures >= operations / 2) return figures;
  }
}
