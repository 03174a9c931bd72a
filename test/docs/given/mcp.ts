import { blockWith } from '../code-blocks';
import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/mcp.md';
const TOOLS = 'export class PaymentTools';
export const HTTP = 'new StreamableHttpTransport(';
export const STDIO = 'new StdioTransport()';
export const VIEW = 'export class AgentSpendController';
const GUARD = `
import type { CanActivate, ExecutionContext } from '@nestjs/common';
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    request.user = { id: request.headers['x-token'] };
    return true;
  }
}
`;
export const FILES = {
  './payment-tools': blockWith(PAGE, TOOLS).code,
  './token.guard': GUARD,
  './session.guard': GUARD.replace('TokenGuard', 'SessionGuard'),
  './app.module': `
import { Module } from '@nestjs/common';
import { VaultKeyModule } from 'nestjs-vault-key';
import { PaymentTools } from './payment-tools';
@Module({
  imports: [VaultKeyModule.forRoot(JSON.parse(process.env['MODULE_OPTIONS'] ?? ''))],
  controllers: [PaymentTools],
})
export class AppModule {}
`,
};

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [
  [TOOLS],
  [HTTP, { files: FILES }],
  [STDIO, { files: FILES }],
  [VIEW, { files: FILES }],
];
