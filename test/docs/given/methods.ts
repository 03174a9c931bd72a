import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/methods.md';
export const METHODS = 'export class Dunning';
export const FILES = {
  './orders': `
export interface Order { amount: number; paymentMethod: string }
export class Orders {
  overdue(): Promise<Order[]> {
    return Promise.resolve([1200, 900].map((amount) => ({ amount, paymentMethod: 'pm_card_visa' })));
  }
}
`,
};
export const orderOf = (amount: number) => ({ amount, paymentMethod: 'pm_card_visa' });

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[METHODS, { files: FILES }]];
