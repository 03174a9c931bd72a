import { hashToken } from '../../lib/broker/keys/token';
import type { OperatorOptions } from '../../lib/broker/operators/operator.options';
import { newOperatorToken } from '../../lib/broker/operators/operator-token';

/** An operator with a token of a test's own. */
export interface TestOperator {
  token: string;
  /** As the broker is configured with. */
  options: OperatorOptions;
}

/** An operator that has the role for a name, unless another name is given. */
export function newOperator(role: OperatorOptions['role'], name: string = role): TestOperator {
  const token = newOperatorToken();
  return { token, options: { name, role, tokenHashes: [hashToken(token)] } };
}
