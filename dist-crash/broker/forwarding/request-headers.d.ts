/** The one value each that a proxied call may carry of the headers that decide something. */
export interface CallHeaders {
    authorization?: string;
    contentType?: string;
    idempotencyKey?: string;
    /** The connected account the call names, and the header that names it; several are never taken. */
    accounts: readonly {
        header: string;
        value: string;
    }[];
    /** What says the version of the vendor's API; several are never taken. */
    versions: readonly string[];
    /** What goes on to the vendor, in lower case; without host, authorization and content headers. */
    forwarded: Record<string, string>;
}
/**
 * Reads the headers of a proxied call from their raw form, which alone shows duplicates.
 *
 * @param added What the vendor's configuration forwards beside the usual, lower case.
 * @throws BrokerRefusal 400 `invalid_request` where two readers could read them differently.
 */
export declare function readCallHeaders(rawHeaders: readonly string[], added?: ReadonlySet<string>): CallHeaders;
/** The credential of `Authorization: Bearer …`; `undefined` where there is none of that form. */
export declare function bearerToken(authorization: string | undefined): string | undefined;
