import type { Parameter } from '../pricing/parameters';
/** Everything that two sendings of one operation have in common. */
export interface Sending {
    /** The connected account; empty for the account of the secret. */
    account: string;
    tenant: string;
    user: string;
    method: string;
    target: string;
    parameters: readonly Parameter[];
}
/** A digest of a sending. The order of its parameters makes no other operation. */
export declare function fingerprintOf(sending: Sending): string;
export declare function sha256(text: string): string;
