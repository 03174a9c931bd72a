import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/accounts.md';
export const MODULE = 'export class AppModule';
export const FEES = 'export class PlatformFees';
export const RELOAD = 'export class StripeAccounts';

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[MODULE], [FEES], [RELOAD]];
