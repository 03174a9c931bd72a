import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/events.md';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [['class SpendAlerts'], ['readEvent']];
