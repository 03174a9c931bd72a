/** How many connections to a vendor there are unless its settings say otherwise. */
export declare const DEFAULT_CONNECTIONS = 256;
/** Who a connection is for. */
export interface ConnectionCaller {
    keyId: string;
    /** The user within its tenant; all callers without one have the same. */
    user: string;
}
/** Gives a connection back. Only the first call does something. */
export type Release = () => void;
/**
 * The connections to one vendor, and who may have how many at once: a key a quarter of them, a user
 * a half. So no one caller has them all, however slow its calls are.
 */
export declare class ConnectionShares {
    #private;
    private readonly connections;
    /** @param maxPerKey What a key may have at most, where that is less than its share. */
    constructor(connections?: number, maxPerKey?: number);
    /**
     * Takes a connection; at once where one is free, else within a second.
     *
     * @throws BrokerRefusal 503 `overloaded`, also by rejecting.
     */
    reserve(caller: ConnectionCaller): Release | Promise<Release>;
}
