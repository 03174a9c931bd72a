import { hashToken } from '../../lib/broker/keys/token';
import type { OperatorOptions } from '../../lib/broker/operators/operator.options';
import { newOperatorToken } from '../../lib/broker/operators/operator-token';
import type { OperatorRole } from '../../lib/broker/operators/actor';

/** An operator and the token that is the operator's. */
export interface TestOperator {
  token: string;
  options: OperatorOptions;
}

export function testOperator(name: string, role: OperatorRole): TestOperator {
  const token = newOperatorToken();
  return { token, options: { name, role, tokenHashes: [hashToken(token)] } };
}
