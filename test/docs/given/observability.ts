import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/observability.md';
export const METRICS = 'class MetricsController';
export const HEALTH = 'class HealthController';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[METRICS], [HEALTH]];
