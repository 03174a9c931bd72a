import type { StoreDoubt } from './ledger/store-doubt';
import type { FaultSink, VendorRules } from './vendor.options';
/** One vendor's account, as the broker is to use it. */
export interface VendorOptions extends VendorRules {
    /** The account's secret. For Stripe use a restricted key (`rk_…`) with only the rights the tools need. */
    secretKey: string;
    /** @default the vendor's own API, `https://api.stripe.com` */
    baseUrl?: string;
}
/** How a broker is set up. */
export interface BrokerOptions {
    /** The accounts behind the proxy, by the vendor's name. */
    vendors: Readonly<Record<string, VendorOptions>>;
    /**
     * `sqlite:<path>` or `sqlite::memory:`. What is in memory does not survive the process.
     *
     * @default 'sqlite:./vault-key.db'
     */
    store?: string;
    /**
     * How long a vendor may take to begin its answer: `ms`, `s` or `m`.
     *
     * @default '80s'
     */
    vendorTimeout?: string;
    /**
     * What the audit log is chained with: at least 32 characters, the same at every start. Kept
     * elsewhere, so that whoever can write the store cannot rewrite its log.
     *
     * @default made with the store, and kept beside it as `<path>.audit-key`
     */
    auditKey?: string;
    /** What the broker takes on at once. */
    limits?: BrokerLimitOptions;
    /**
     * What is meant of a store that may not be the one that was left. For one start: leave it out of
     * the next.
     *
     * @default nothing: such a store is refused
     */
    acceptStore?: readonly StoreDoubt[];
}
/** What the broker takes on at once. */
export interface BrokerLimitOptions {
    /**
     * Calls under way with one key, those that wait for a connection to the vendor among them; up to
     * 65,536. What is beyond is refused at once, `overloaded`. How many of them are at the vendor is
     * the smaller of this and a quarter of the vendor's `connections`.
     *
     * @default 256
     */
    callsPerKey?: number;
}
/** The highest that each limit may be set to. */
export declare const BROKER_LIMITS: Readonly<Record<keyof BrokerLimitOptions, number>>;
/** The shortest audit key that is taken. */
export declare const MIN_AUDIT_KEY_LENGTH = 32;
/** Where the store is unless the options say otherwise. */
export declare const DEFAULT_STORE = "sqlite:./vault-key.db";
/** How long a vendor may take unless the options say otherwise. */
export declare const DEFAULT_VENDOR_TIMEOUT = "80s";
/** A setting that does not hold. `message` never shows a secret. */
export interface OptionFault {
    path: string;
    message: string;
}
/** The set-up is not valid: every fault at once. */
export declare class BrokerOptionsError extends Error {
    readonly faults: readonly OptionFault[];
    constructor(faults: readonly OptionFault[]);
}
/** A vendor time-out in milliseconds; `undefined` where the text is none from 1ms to 10m. */
export declare function parseTimeout(text: string): number | undefined;
/** The file of a `sqlite:` store, or what is wrong with the setting. */
export declare function parseStore(store: string): {
    file: string;
} | {
    fault: string;
};
/** What is wrong with an audit key; `undefined` where nothing is. */
export declare function auditKeyFault(key: string): string | undefined;
/** What is wrong with the doubts that are to be accepted; `undefined` where nothing is. */
export declare function acceptedDoubtsFault(doubts: unknown): string | undefined;
/** Everything wrong with the options; empty where nothing is. */
export declare function brokerOptionFaults(options: BrokerOptions): OptionFault[];
/** Finds everything wrong with what options and config file have in common. */
export declare function brokerRuleFaults(rules: {
    limits?: unknown;
    vendors?: unknown;
}, fault: FaultSink): void;
/** What is wrong with a vendor's URL; `undefined` where nothing is. */
export declare function baseUrlFault(text: string): string | undefined;
/** Whether a URL's host is this machine. */
export declare function isLoopback(hostname: string): boolean;
