import type { Run } from '../vault-key/run';
import type { VaultKey } from '../vault-key/vault-key';

/** A request that passed a {@link VaultKeyMiddleware}; on Fastify the raw one. */
export interface RequestWithVaultKey {
  /** The key of the request's run. */
  vaultKey?: VaultKey;
}

const runs = new WeakMap<VaultKey, Run>();

/** Lets code that has the request find the run it belongs to. */
export function attachRun(request: RequestWithVaultKey, run: Run): void {
  request.vaultKey = run.key;
  runs.set(run.key, run);
}

/** The run that a middleware opened for a request, on Express and Fastify, unless it is over. */
export function attachedRun(
  request: (RequestWithVaultKey & { raw?: RequestWithVaultKey }) | undefined,
): Run | undefined {
  const key = (request?.raw ?? request)?.vaultKey;
  return key === undefined || key.ended ? undefined : runs.get(key);
}
