import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/testing.md';
export const FILES = {
  './agent-tools.controller': `
import { Body, Controller, Post } from '@nestjs/common';
import { AgentTool, ProxiedStripeService } from 'nestjs-vault-key';
export class ChargeDto { amount!: number; paymentMethod!: string }
@Controller('agent-tools')
export class AgentToolsController {
  constructor(private readonly stripe: ProxiedStripeService) {}
  @Post('charge')
  @AgentTool({ dailyUsdCap: 500, allowedEndpoints: ['/v1/payment_intents'] })
  charge(@Body() { amount, paymentMethod }: ChargeDto) {
    return this.stripe.createPaymentIntent({ amount, confirm: true, paymentMethod });
  }
}
`,
  './app.module': `
import { Module } from '@nestjs/common';
import { VaultKeyModule } from 'nestjs-vault-key';
import { AgentToolsController } from './agent-tools.controller';
@Module({
  imports: [
    VaultKeyModule.forRoot({ broker: { url: 'https://broker.example.com', token: 'k'.repeat(32) } }),
  ],
  controllers: [AgentToolsController],
})
export class AppModule {}
`,
};
/** As much of Vitest as the page uses. */
export const VITEST = {
  './node_modules/vitest/index': `
    export interface Matchers<T = any> { not: T }
    export declare const expect: { extend(matchers: object): void };
  `,
  vitest: `
    export const expect = {
      names: [] as string[],
      extend(matchers: object) { this.names.push(...Object.keys(matchers)); },
    };
  `,
};
const GIVEN = {
  files: FILES,
  declared: { app: "import('@nestjs/common').INestApplication" },
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  ["describe('the charge tool'", { files: FILES }],
  ['overrideProvider', { files: FILES }],
  ['module.get(AgentToolsController)', { files: FILES }],
  ['vendor.hold', GIVEN],
  ['broker.exhaust', GIVEN],
  ['toHaveRefunded', GIVEN],
  ['expect.extend(stripeMatchers)', { files: VITEST }],
  ["name: 'Ada'"],
  ['vendor.renew(id)'],
  ['vendor.addAccount('],
];
