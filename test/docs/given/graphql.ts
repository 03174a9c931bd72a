import type { PageBlock } from '../code-blocks';

export const PAGE = 'docs/graphql.md';
export const RESOLVER = 'export class PaymentResolver';
export const FIELDS = 'fieldResolverEnhancers';
export const FILES = {
  './session.guard': `
import type { CanActivate, ExecutionContext } from '@nestjs/common';
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { req } = context.getArgByIndex(2);
    req.user = { id: req.headers['x-session'] };
    return true;
  }
}
`,
};
export const typeDefs = `
  type Payment { id: String, amount: Int, payer: String }
  type Query { nothing: String }
  type Mutation { charge(amount: Int, paymentMethod: String): Payment }
`;

/** Each block of the page, and what its reader has beside it. */
export const BLOCKS: readonly PageBlock[] = [[RESOLVER, { files: FILES }], [FIELDS]];
