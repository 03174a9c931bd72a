import { VaultKeyException } from '../exceptions/vault-key.exception';

const CLASS_NAME = /^\w{1,100}$/;

/** What spans say of an error: the code of a refusal, else the name of its class. Never its message. */
export function errorTypeOf(error: unknown): { type: string; isRefusal: boolean } {
  const exception = VaultKeyException.from(error);
  if (exception !== undefined) return { type: exception.code, isRefusal: true };
  const name = error instanceof Error ? error.name : typeof error;
  return { type: CLASS_NAME.test(name) ? name : 'Error', isRefusal: false };
}
