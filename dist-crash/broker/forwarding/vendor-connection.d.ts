import type { IncomingHttpHeaders } from 'node:http';
import { AnswerBody } from './answer-body';
import type { ConnectionCaller, Release } from './connection-shares';
/** One request as it leaves for the vendor: the path goes byte for byte as given. */
export interface VendorRequest {
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
}
/** The head of the vendor's answer, and its body as it comes. */
export interface VendorHead {
    status: number;
    headers: IncomingHttpHeaders;
    body: AnswerBody;
}
/** How an exchange ended, told exactly once, whether or not anyone still reads the answer. */
export type ExchangeEnd = 
/** The whole answer came; `body` where it was captured and not too large. */
{
    kind: 'complete';
    status: number;
    headers: IncomingHttpHeaders;
    body?: Buffer;
}
/** The head came, the body was cut short. */
 | {
    kind: 'cut';
    status: number;
    headers: IncomingHttpHeaders;
}
/**
 * No head came. `sent` is false where nothing can have reached the vendor; `cause` is the code of
 * what failed, without a secret.
 */
 | {
    kind: 'failed';
    sent: boolean;
    timedOut: boolean;
    cause: string;
};
/** How a vendor's API is reached. */
export interface VendorConnectionOptions {
    timeoutMs: number;
    /** How many connections there may be at once. */
    connections?: number;
    /** How many of them one key may have, where that is less than its share. */
    maxPerKey?: number;
    /** The proxy between, for an `https:` vendor. It may hold credentials. */
    proxy?: URL;
}
/** Keep-alive connections to one vendor's API. Follows no redirects, retries nothing. */
export declare class VendorConnection {
    #private;
    private readonly origin;
    private readonly timeoutMs;
    constructor(origin: string, { timeoutMs, connections, maxPerKey, proxy }: VendorConnectionOptions);
    /**
     * Takes a connection for one exchange; it is the caller's to give back when the exchange ends.
     *
     * @throws BrokerRefusal 503 `overloaded` where none is free within a second, also by rejecting.
     */
    reserve(caller: ConnectionCaller): Release | Promise<Release>;
    /**
     * Sends a request. Resolves with the head of the answer, or with `undefined` where none came;
     * `onEnd` is called once, before the answer's body ends, with what became of the exchange. The
     * exchange is followed even where the answer's body is destroyed; the rest of it then has one
     * time-out to arrive. A body that nobody reads for a time-out is destroyed.
     */
    exchange(request: VendorRequest, capture: boolean, onEnd: (end: ExchangeEnd) => void): Promise<VendorHead | undefined>;
    close(): Promise<void>;
    destroy(): Promise<void>;
}
