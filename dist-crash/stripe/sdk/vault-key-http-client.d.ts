import type Stripe from 'stripe';
import type { CurrentVaultKey } from '../../vault-key/current-vault-key';
import { VendorResponse } from './vendor-response';
/** The client's time-out where a call has none of its own: the broker's alone ends such a call. */
export declare const NO_OWN_TIMEOUT_MS = 80000;
type OutgoingHeaders = Parameters<Stripe.HttpClient['makeRequest']>[4];
/**
 * What the `stripe` client sends with: each call goes with the vault key of the run it is made in,
 * to the broker that issued it. Never rejects. What is refused is told as an answer, of which the
 * client makes its error: to a rejection it gives words of its own, and an attempt more.
 */
export declare class VaultKeyHttpClient implements Stripe.HttpClient {
    #private;
    constructor(vaultKeys: CurrentVaultKey);
    getClientName(): string;
    makeRequest(host: string, _port: string, path: string, method: string, headers: OutgoingHeaders, body: string, _protocol: string, timeout: number): Promise<VendorResponse>;
}
export {};
