import { setImmediate as nextTurn } from 'node:timers/promises';
import { invalidFields } from '../refusal';
import { PIECE_ROWS, SpendGroups } from './spend-groups';
import { BETWEEN } from './spend-view';
import type { SpendTotals } from './spend-view';

/** The sums of one group. */
export interface SpendRow {
  key: string;
  sums: SpendTotals;
}

/** How many rows can be ordered: all of them are in memory then. */
export const MAX_ORDERED_ROWS = 100_000;

/** More than anybody spends. */
const MOST_MICROS = 4_500_000_000_000_000;

/**
 * Rows with the most spent first; those that have spent the same are in the order of their keys.
 *
 * @param max How many are asked for.
 * @param after Only those that come after the one with this key.
 * @throws BrokerRefusal 422 where there are too many.
 */
export async function bySpent(
  groups: SpendGroups<SpendRow>,
  max = Infinity,
  after?: string,
): Promise<SpendGroups<SpendRow>> {
  if (groups.isCut) {
    const message = `goes with ${MAX_ORDERED_ROWS} rows at most: ask for fewer days, or by less`;
    throw invalidFields([{ field: 'order', message }]);
  }
  const ordered = new SpendGroups<SpendRow>(max, after);
  for (const slice of groups.slices(PIECE_ROWS)) {
    for (const { row } of slice) ordered.row(keyBySpent(row), () => row);
    await nextTurn();
  }
  return ordered;
}

/** Keys are in the order of their texts: the more was spent, the smaller the number before the key. */
function keyBySpent({ key, sums: { settled, givenBack } }: SpendRow): string {
  const spent = Math.min(MOST_MICROS, Math.max(-MOST_MICROS, settled - givenBack));
  return `${String(MOST_MICROS - spent).padStart(16, '0')}${BETWEEN}${key}`;
}

/** Whether a key is that of a row in the order of what was spent. */
export function isKeyBySpent(key: string): boolean {
  return /^\d{16}$/.test(key.split(BETWEEN)[0] ?? '');
}
