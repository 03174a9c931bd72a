import type { CurrentVaultKey } from '../vault-key/current-vault-key';
import type { VendorParams } from './form-encoding';
/** The methods a vendor call may have. */
export type VendorMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** What else a vendor call may say. */
export interface VendorRequestOptions {
    /**
     * Sent as `Idempotency-Key` with every call but `GET`: the vendor executes calls of the same key
     * once. 1–255 visible ASCII characters. Give one of your own, such as an order's id, where a
     * retry of your handler must not charge again.
     *
     * @default a random UUID for each call; in a job, one that the same call of a retry has too
     */
    idempotencyKey?: string | undefined;
}
/**
 * Base of the services that call a vendor with the run's vault key, through the broker's proxy.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class ProxiedAcmeService extends ProxiedVendorService {
 *   constructor(vaultKeys: CurrentVaultKey) {
 *     super(vaultKeys, 'acme');
 *   }
 *
 *   order(sku: string) {
 *     return this.request<{ id: string }>('POST', '/v1/orders', { sku });
 *   }
 * }
 * ```
 */
export declare abstract class ProxiedVendorService {
    #private;
    readonly vendor: string;
    /** @param vendor The vendor's name at the broker, such as `stripe`. */
    protected constructor(vaultKeys: CurrentVaultKey, vendor: string);
    /**
     * Makes one call and gives the parsed JSON of its answer (`undefined` for an answer without
     * content, 204). Nothing is retried.
     *
     * @param path The vendor's own path, `/v1/customers`: no `%`, no `..`; may have a query.
     * @param params Sent form-encoded: in the query of `GET`, else in the body.
     * @throws VaultKeyMissingException outside a run, and after it has ended.
     * @throws CallRefusedException for a path, parameter or idempotency key that cannot be sent, and
     * for what the broker refuses.
     * @throws SpendCapExceededException, EndpointNotAllowedException, AgentBrakedException,
     * VaultKeyInvalidException or VaultKeyUnavailableException when the broker sent nothing on.
     * @throws VendorException for the vendor's own errors, VendorRateLimitedException for its 429,
     * VendorUnreachableException when it was not reached.
     * @throws VendorOutcomeUnknownException when the call was sent and no usable answer came.
     *
     * @example
     * ```ts
     * const customer = await this.stripe.request<{ id: string }>('POST', '/v1/customers', {
     *   email: 'ada@example.com',
     *   metadata: { order: 'o_1' },
     * });
     * ```
     */
    request<T = unknown>(method: VendorMethod, path: string, params?: VendorParams, options?: VendorRequestOptions): Promise<T>;
}
