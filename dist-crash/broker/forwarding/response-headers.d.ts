import type { IncomingHttpHeaders } from 'node:http';
/** The vendor's headers as they go on to the caller. */
export declare function relayedHeaders(headers: IncomingHttpHeaders, secret: string): Record<string, string | string[]>;
