import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/queues.md';
export const QUEUE = 'export class RefundsProcessor';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[QUEUE]];
