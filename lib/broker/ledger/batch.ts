import type { Job } from './kept-jobs';

/** Decisions that are written together. */
export interface Batch {
  /** When the first of them was decided, by `performance.now()`. */
  since: number;
  jobs: readonly Job[];
  results: readonly unknown[];
  /** Nothing is decided on top of it: whether it can be written is in doubt. */
  isInDoubt: boolean;
}

/** Decisions that are to be written together. */
export interface Decided {
  since: number;
  jobs: Job[];
  results: unknown[];
  /** Whether someone waits until it is written. */
  isUrgent: boolean;
}

export function newBatch(): Decided {
  return { since: performance.now(), jobs: [], results: [], isUrgent: false };
}
