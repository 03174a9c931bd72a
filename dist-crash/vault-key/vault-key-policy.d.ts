import type { BrokerDialect } from '../broker-client/broker-client';
/** The vendor a key is for where nobody names one. */
export declare const DEFAULT_VENDOR = "stripe";
/** What a vault key may do, and for how long. */
export interface VaultKeyPolicy {
    /** What all calls made with the key may cost together: USD, 0 to 1,000,000, rounded down to the cent. */
    dailyUsdCap: number;
    /**
     * The vendor endpoints the key opens, 1 to 100 patterns. `*` stands for exactly one path segment;
     * a pattern without a method grants GET and POST.
     *
     * @example ['GET /v1/charges', '/v1/payment_intents', '/v1/payment_intents/*']
     */
    allowedEndpoints: readonly string[];
    /**
     * The vendor the key is for.
     *
     * @default 'stripe'
     */
    vendor?: string | undefined;
    /**
     * How long the key lives if nothing revokes it, `1s` to `24h`: set it to the longest run.
     *
     * @default '5m'
     */
    expiresIn?: string | undefined;
}
/** What is wrong with one field of a policy. */
export interface PolicyFault {
    /** The field, for a pattern with its place: `allowedEndpoints[1]`. */
    field: string;
    message: string;
    example: string;
}
/**
 * A cap as it is enforced: what a computation such as `12.34 * 1.2` leaves beyond the cent is cut off.
 * What is no number, or is below 0, is given back as it is.
 */
export declare function toWholeCents<T>(cap: T): T | number;
/** The fault of a `dailyUsdCap`, if it has one. */
export declare function dailyUsdCapFault(value: unknown): PolicyFault | undefined;
/** The faults of `allowedEndpoints`, each pattern's by its place. */
export declare function allowedEndpointsFaults(value: unknown, vendor: unknown, dialect: BrokerDialect): PolicyFault[];
/** The fault of a `vendor`'s name, if it has one. */
export declare function vendorFault(value: unknown): PolicyFault | undefined;
/** The fault of an `expiresIn`, if it has one. */
export declare function expiresInFault(value: unknown): PolicyFault | undefined;
/** All that is wrong with a policy whose values are known. */
export declare function policyFaults(policy: VaultKeyPolicy, dialect: BrokerDialect): PolicyFault[];
