import { blockWith } from '../code-blocks';
import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/from-rails.md';
export const CONTROLLER = 'export class AgentToolsController';
export const CURRENT = 'export class ReceiptService';
const SERVICE = 'export class ChargeService';
export const JOB = 'export class PayoutsProcessor';
export const ENSURE = 'export class Backfill';
export const MIDDLEWARE = 'export class LegacyToolsModule';
export const SEVERAL = 'export class OrderService';
export const SDK = 'export class InvoiceService';
export const LEFT_BEHIND = 'export class ReportsController';

export const FILES = {
  './charge.dto': 'export class ChargeDto { amount!: number; paymentMethod!: string }',
  './charge.service': blockWith(PAGE, SERVICE).code,
  './sessions':
    "export const sessionUser = (request: { headers: Record<string, string> }) => request.headers['x-user']!;",
  './legacy-tools.controller': `
import { Controller, Post } from '@nestjs/common';
import { ProxiedStripeService } from 'nestjs-vault-key';
@Controller('legacy-tools')
export class LegacyToolsController {
  constructor(private readonly stripe: ProxiedStripeService) {}
  @Post('charge')
  charge() {
    return this.stripe.createPaymentIntent({ amount: 900 });
  }
}
`,
  'node:timers/promises': `
export const later = { open() {} };
export const setTimeout = (_milliseconds: number) =>
  new Promise<void>((resolve) => { later.open = resolve; });
`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  [CONTROLLER, { files: FILES }],
  [CURRENT],
  [SERVICE],
  [JOB],
  [ENSURE],
  [MIDDLEWARE, { files: FILES }],
  [SEVERAL],
  [SDK],
  [LEFT_BEHIND],
];
