import { OPERATOR_PREFIX, isWellFormedToken, newToken } from '../keys/token';

/** A new operator's token. */
export function newOperatorToken(): string {
  return newToken(OPERATOR_PREFIX);
}

/** Whether a text can be an operator's token at all: of its form, and with the right checksum. */
export function isOperatorToken(text: string): boolean {
  return isWellFormedToken(text, OPERATOR_PREFIX);
}
