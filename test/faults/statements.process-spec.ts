import { playRounds } from './rounds';
import type { Mode } from './round';

const OPERATIONS = 400;

it.each<Mode>(['embedded', 'over HTTP'])(
  'a broker whose statements fail keeps every promise, %s',
  async (mode) => {
    const figures = await playRounds(mode, OPERATIONS, 200);
    expect(figures.copies).toBeGreaterThan(0);
    expect(figures.movements).toBeGreaterThan(0);
  },
);
