import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/budgets.md';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  ['budgets: { tenant: 5000'],
  ['const plans'],
  ["budgetsMode: 'shadow'"],
  ['this.vaultKey.remaining()'],
  ['this.brakes.stop'],
  ['lease: {'],
];
