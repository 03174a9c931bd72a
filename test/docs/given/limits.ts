import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/limits.md';

export const FILES = {
  './customer-directory': `
    export class CustomerDirectory {
      static customersOf(userId: string): readonly string[] { return ['cus_' + userId]; }
    }`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  ['limits: {\n      perCallUsd: 100', { files: FILES }],
  ['class RiskDesk'],
];
