import type { VaultKeyException } from './vault-key.exception';
/** An answer as it came, its body parsed. */
export interface Answer {
    status: number;
    /** Names in lower case. */
    headers: Readonly<Record<string, string>>;
    /** The parsed JSON; `undefined` where the body was none, or broke off. */
    body: unknown;
}
/** A proxied call's answer, and what is known of the call. */
export interface ProxiedAnswer extends Answer {
    vendor: string;
    /** The `Idempotency-Key` the call went out with. */
    idempotencyKey?: string;
    /** True for a call that only reads. */
    readOnly: boolean;
}
/**
 * What a proxied call's answer amounts to: the exception for it, or `undefined` where the vendor
 * executed the call. Where the broker marked the answer, the mark alone says whose it is.
 */
export declare function readProxiedAnswer(answer: ProxiedAnswer): VaultKeyException | undefined;
/** Why a broker's answer to an issue request brought no key. */
export declare function readIssueRefusal(answer: Answer): VaultKeyException;
/** Whether an issue was refused for the lease it named: it has lapsed, or the broker lost it. */
export declare function refusesLease({ status, body }: Answer): boolean;
/**
 * What a management call that is no issue came to, where the answer is not the one that was due.
 *
 * @param what What was asked of the broker, as a clause: `to put a brake`.
 */
export declare function readManagementRefusal(answer: Answer, what: string): VaultKeyException;
