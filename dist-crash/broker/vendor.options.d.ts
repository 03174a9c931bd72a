import type { BodyLimits } from './pricing/body-limits';
import type { ConfiguredPrices } from './pricing/configured-prices';
import type { Vendor } from './pricing/vendor';
/** What one call costs by the operator's word: either `usd` or `field`. */
export interface PriceOptions {
    /** `METHOD /path` such as `POST /v1/checkout/sessions`; `*` stands for exactly one segment. */
    call: string;
    /** US dollars that every such call holds, whatever its body says; up to 6 decimals. */
    usd?: number;
    /** The top-level parameter with the amount, in the minor unit of the body's `currency`. */
    field?: string;
    /** With `field`: the one currency of the call, for bodies that have no `currency`. */
    currency?: string;
}
/** How much of a request body is read. */
export interface BodyLimitOptions {
    /**
     * Up to 1,048,576.
     *
     * @default 65536
     */
    bodyBytes?: number;
    /**
     * Up to 10,000.
     *
     * @default 1000
     */
    parameters?: number;
    /**
     * How deep a parameter may be nested; up to 32.
     *
     * @default 8
     */
    levels?: number;
}
/** What an operator adds to what the broker knows of a vendor. */
export interface VendorRules {
    /**
     * US dollars for one major unit of a currency, by its code in lower case. Calls in a currency
     * without a rate are refused.
     *
     * @example { eur: 1.09, jpy: 0.0067 }
     */
    rates?: Readonly<Record<string, number>>;
    /**
     * Prices of calls that the broker cannot price itself, and refuses without one.
     *
     * @example [{ call: 'POST /v1/checkout/sessions', usd: 20 }]
     */
    prices?: readonly PriceOptions[];
    /** Calls that cost nothing, and are refused unless they stand here: `POST /v1/invoices`. */
    free?: readonly string[];
    /** Connected accounts that `Stripe-Account` and `Stripe-Context` may name. */
    accounts?: readonly string[];
    /** Request headers that are forwarded beside the usual ones, in lower case. */
    headers?: readonly string[];
    /** How much of a request body is read. */
    limits?: BodyLimitOptions;
    /**
     * Connections to the vendor at once; from 4 to 4,096. One key may have a quarter of them, the keys
     * of one user a half, and the keys without a user together a half. A call that finds none free
     * waits for one, for a second at most; then it is refused, `overloaded`.
     *
     * @default 256
     */
    connections?: number;
}
/** What {@link VendorRules} come to. */
export interface VendorSettings {
    connections: number;
    prices: ConfiguredPrices;
    accounts: ReadonlySet<string>;
    headers: ReadonlySet<string>;
    limits: BodyLimits;
}
/** Takes one fault: where it is, and what is wrong. */
export type FaultSink = (path: string, message: string) => void;
export declare const VENDOR_RULES: string[];
/** Finds everything wrong with an operator's rules for a vendor. */
export declare function vendorRuleFaults(rules: VendorRules, vendor: Vendor, path: string, fault: FaultSink): void;
/** Finds everything wrong with an object of limits; each is an integer from 1 to its highest. */
export declare function limitFaults(limits: unknown, highest: Readonly<Record<string, number>>, path: string, fault: FaultSink): void;
/** Names each key of an object that is not among those known. */
export declare function unknownKeys(object: Readonly<Record<string, unknown>>, known: readonly string[], path: string, fault: FaultSink): void;
export declare function isObject(value: unknown): value is Record<string, unknown>;
/** An operator's rules, already checked with {@link vendorRuleFaults}. */
export declare function vendorSettings(rules: VendorRules, vendor: Vendor): VendorSettings;
/** The settings of a vendor of which the operator says nothing. */
export declare const NO_VENDOR_SETTINGS: VendorSettings;
