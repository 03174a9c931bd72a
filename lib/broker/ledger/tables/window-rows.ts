import type { CallWindow, SecondCount } from '../rules/call-window';
import { changing, key } from './table-form';
import type { TableForm } from './table-form';

export const WINDOWS: TableForm<CallWindow> = {
  table: 'windows',
  columns: [
    key('name', ({ name }) => name),
    changing('counts', ({ counts }) => JSON.stringify(counts)),
  ],
  keyOf: ({ name }) => name,
  rowOf: (found) => ({
    name: found['name'] as string,
    counts: JSON.parse(found['counts'] as string) as SecondCount[],
  }),
};
