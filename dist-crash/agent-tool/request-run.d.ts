import type { Run } from '../vault-key/run';
import type { VaultKey } from '../vault-key/vault-key';
/** A request that passed a {@link VaultKeyMiddleware}; on Fastify the raw one. */
export interface RequestWithVaultKey {
    /** The key of the request's run. */
    vaultKey?: VaultKey;
}
/** Lets whoever has the request find the run it belongs to. */
export declare function attachRun(request: RequestWithVaultKey, run: Run): void;
/** The run that a middleware opened for a request, on Express and Fastify, unless it is over. */
export declare function attachedRun(request: (RequestWithVaultKey & {
    raw?: RequestWithVaultKey;
}) | undefined): Run | undefined;
