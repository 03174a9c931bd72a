import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/stripe-sdk.md';
export const CHARGE = 'export class AgentToolsController';
export const REFUND = 'export class Refunds';
export const FILES = {
  './charge.dto':
    'export class ChargeDto { amount!: number; customerId?: string; paymentMethod!: string }',
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[CHARGE, { files: FILES }], [REFUND]];
