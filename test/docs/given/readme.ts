import type { PageBlock } from '../code-blocks';

export const PAGE = 'README.md';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  ['class ChargeDto'],
  ['forceCloseConnections', { files: { './app.module': 'export class AppModule {}' } }],
  ['forRootAsync'],
  ['budgets: { user: 500, run: 50 }'],
  ['identify: (context)'],
];
