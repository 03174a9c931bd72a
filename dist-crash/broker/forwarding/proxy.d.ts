import type { Readable } from 'node:stream';
import { Clock } from '../clock';
import type { Ledger } from '../ledger/ledger';
import type { Vendor } from '../pricing/vendor';
import type { VendorSettings } from '../vendor.options';
import { VendorConnection } from './vendor-connection';
/** A call to a vendor, as it reached the proxy: nothing normalised, headers in the order and case given. */
export interface ProxyCall {
    vendor: string;
    method: string;
    /** The vendor's path and query, byte for byte. */
    target: string;
    /** Name, value, name, value, … as in `http.IncomingMessage.rawHeaders`; holds `Authorization`. */
    rawHeaders: readonly string[];
    body?: Buffer | AsyncIterable<Buffer>;
    remoteAddress?: string;
}
/** The proxy's answer: the vendor's, or a refusal in the broker's one shape. Header names are lower case. */
export interface ProxyAnswer {
    status: number;
    headers: Record<string, string | string[]>;
    /** Ends only after a complete answer; an answer cut short by the vendor destroys it with an error. */
    readonly body: Readable;
    /**
     * The whole body, for a fraction of what a stream costs; `undefined` where it was cut short or is
     * larger. In place of {@link body}, not beside it.
     */
    bytes(maxBytes: number): Promise<Buffer | undefined>;
    /** Set on the refusal of a call whose key is not known: no log has it. */
    unknownCaller?: true;
}
/** How many calls with one key may be under way unless the options say otherwise. */
export declare const DEFAULT_CALLS_PER_KEY = 256;
/** One vendor's account behind the proxy. */
export interface ConfiguredVendor {
    vendor: Vendor;
    secret: string;
    connection: VendorConnection;
    /** What the operator adds; nothing by default. */
    settings?: VendorSettings;
}
/** The one place that admits a call: checks, price, hold, forwarding, settlement, in this order. */
export declare class Proxy {
    #private;
    private readonly ledger;
    private readonly vendors;
    private readonly maxCallsPerKey;
    private readonly clock;
    constructor(ledger: Ledger, vendors: ReadonlyMap<string, ConfiguredVendor>, maxCallsPerKey?: number, clock?: Clock, log?: (line: string) => void);
    /** Puts a call through. Never rejects: what is refused is an answer too. */
    forward(call: ProxyCall): Promise<ProxyAnswer>;
    /** Stops admitting, and waits until every call that has left is settled. */
    close(): Promise<void>;
}
