import type { HourSum, HourlyBalance } from '../hourly-balance';
import { changing, key } from './table-form';
import type { TableForm } from './table-form';

/** A balance in a table that has one row of each. */
export interface NamedBalance extends HourlyBalance {
  name: string;
}

export const BALANCES: TableForm<NamedBalance> = {
  table: 'balances',
  columns: [
    key('name', ({ name }) => name),
    changing('spent', ({ spent }) => spent),
    changing('held', ({ held }) => held),
    changing('undone', ({ undone }) => undone),
    changing('hours', ({ hours }) => (hours === undefined ? null : JSON.stringify(hours))),
  ],
  keyOf: ({ name }) => name,
  rowOf: (found) => {
    const hours = found['hours'] as string | null;
    return {
      name: found['name'] as string,
      spent: found['spent'] as number,
      held: found['held'] as number,
      undone: found['undone'] as number,
      ...(hours === null ? {} : { hours: JSON.parse(hours) as HourSum[] }),
    };
  },
};
