import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/http.md';
export const CHARGE = 'export class AgentToolsController';
export const PREFIX = 'export class LegacyToolsModule';
export const IDENTIFY = 'identify: (context)';
const SESSIONS = `
export interface AgentRequest { headers: Record<string, string | undefined>; user?: { id: string } }
export const sessionOf = ({ headers }: AgentRequest) => ({ userId: headers['x-session'] ?? '' });
`;
export const FILES = {
  './sessions': SESSIONS,
  './charge.dto':
    'export class ChargeDto { amount!: number; paymentMethod!: string; customerId?: string }',
  './session.guard': `
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { sessionOf } from './sessions';
import type { AgentRequest } from './sessions';
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<AgentRequest>();
    request.user = { id: sessionOf(request).userId };
    return true;
  }
}
`,
  './legacy-tools.controller': `
import { Body, Controller, Post } from '@nestjs/common';
import { ProxiedStripeService } from 'nestjs-vault-key';
@Controller('legacy-tools')
export class LegacyToolsController {
  constructor(private readonly stripe: ProxiedStripeService) {}
  @Post('charge')
  charge(@Body() { amount }: { amount: number }) {
    return this.stripe.createPaymentIntent({ amount });
  }
}
`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  [CHARGE, { files: FILES }],
  [PREFIX, { files: FILES }],
  [IDENTIFY, { files: FILES }],
];
