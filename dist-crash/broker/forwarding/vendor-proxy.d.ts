/** A proxy that calls to a vendor go through. */
export interface VendorProxy {
    /** May hold credentials: only its `host` is ever shown. */
    url: URL;
    /** The variable of the environment that names it. */
    variable: string;
}
/** What the environment says of a vendor: a proxy, none, or one that cannot be used. */
export type ProxySetting = VendorProxy | {
    variable: string;
    fault: string;
} | undefined;
/**
 * The proxy for a vendor, by `HTTPS_PROXY` and `NO_PROXY`. Only an `https:` vendor beyond this
 * machine has one: a proxy would read what goes to any other, and its secret with it.
 */
export declare function proxyFor(vendor: URL, env: NodeJS.ProcessEnv): ProxySetting;
