import { hashToken } from '../../lib/broker/keys/token';
import { newOperatorToken } from '../../lib/broker/operators/operator-token';
import type { Role } from './page-server';

/** The operators of a suite: one of each role, with a token of their own. */
export function pageOperators() {
  const operators = (['viewer', 'operator', 'admin'] as const).map((role) => ({
    name: `${role}-ann`,
    role,
    token: newOperatorToken(),
  }));
  const tokens = Object.fromEntries(operators.map(({ role, token }) => [role, token]));
  return {
    /** As the config and the options of the module have them. */
    options: operators.map(({ name, role, token }) => ({
      name,
      role,
      tokenHashes: [hashToken(token)],
    })),
    tokens: tokens as Record<Role, string>,
  };
}
