import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/websockets.md';
export const GATEWAY = 'export class PaymentGateway';
export const CLIENT = 'export function charge';
export const FILES = {
  './charge.dto': 'export class ChargeDto { amount!: number; paymentMethod!: string }',
  './sessions': `
export class Sessions {
  userOf(session: string | undefined) {
    return session === 'session-of-ada' ? { id: 'ada' } : undefined;
  }
}
`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[GATEWAY, { files: FILES }], [CLIENT]];
