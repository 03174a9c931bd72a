import type { Invocation } from '../vault-key/invocation';
import type { VaultKey } from '../vault-key/vault-key';

/** A request that passed a {@link VaultKeyMiddleware}; on Fastify the raw one. */
export interface RequestWithVaultKey {
  /** The key of the request's invocation. */
  vaultKey?: VaultKey;
}

const invocations = new WeakMap<VaultKey, Invocation>();

/** Lets code that has the request find the invocation it belongs to. */
export function attachInvocation(request: RequestWithVaultKey, invocation: Invocation): void {
  request.vaultKey = invocation.key;
  invocations.set(invocation.key, invocation);
}

/**
 * The invocation that a middleware opened for a request, on Express and Fastify, unless it is over.
 */
export function attachedInvocation(
  request: (RequestWithVaultKey & { raw?: RequestWithVaultKey }) | undefined,
): Invocation | undefined {
  const key = (request?.raw ?? request)?.vaultKey;
  return key === undefined || key.ended ? undefined : invocations.get(key);
}
