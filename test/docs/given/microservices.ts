import { blockWith } from '../code-blocks';
import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/microservices.md';
const TOOLS = 'export class PaymentTools';
export const HYBRID = 'inheritAppConfig: true';
const GUARD = 'export class SessionGuard';
export const CALLER = 'export async function charge';
export const FILES = {
  './sessions': `
export class Sessions {
  userOf(session: string): { id: string } | undefined {
    return session === 'session-of-ada' ? { id: 'ada' } : undefined;
  }
}
`,
  './charge.dto': 'export class ChargeDto { amount!: number; paymentMethod!: string }',
  './session.guard': blockWith(PAGE, GUARD).code,
  './payment-tools': blockWith(PAGE, TOOLS).code,
  './app.module': `
import { Module } from '@nestjs/common';
import { VaultKeyTestingModule } from 'nestjs-vault-key/testing';
import { PaymentTools } from './payment-tools';
import { Sessions } from './sessions';
@Module({
  imports: [VaultKeyTestingModule.forRoot()],
  controllers: [PaymentTools],
  providers: [Sessions],
})
export class AppModule {}
`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  [TOOLS, { files: FILES }],
  [HYBRID, { files: FILES }],
  [GUARD, { files: FILES }],
  [CALLER],
];
