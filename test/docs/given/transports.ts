import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/transports.md';
export const INTERCEPTOR = 'export class RabbitInterceptor';
export const FILES = {
  './refund.handlers': `
import { Injectable } from '@nestjs/common';
import { AgentTool, ProxiedStripeService } from 'nestjs-vault-key';
export interface RabbitMessage {
  properties: { headers: Record<string, string>; userId: string };
}
@Injectable()
export class RefundHandlers {
  constructor(private readonly stripe: ProxiedStripeService) {}
  @AgentTool({ dailyUsdCap: 20, allowedEndpoints: ['/v1/payment_intents'] })
  charge({ amount }: { amount: number }) {
    return this.stripe.createPaymentIntent({ amount });
  }
}
`,
};

export const MAIN = 'forceCloseConnections: true';
export const MAIN_GIVEN = {
  files: {
    './app.module': `
import { Module } from '@nestjs/common';
import { VaultKeyTestingModule } from 'nestjs-vault-key/testing';
@Module({ imports: [VaultKeyTestingModule.forRoot()] })
export class AppModule {}
`,
  },
  declared: { port: 'number' },
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  [MAIN, MAIN_GIVEN],
  [INTERCEPTOR, { files: FILES }],
];
