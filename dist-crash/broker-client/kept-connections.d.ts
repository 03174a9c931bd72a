import * as http from 'node:http';
import * as https from 'node:https';
/**
 * Connections to a broker that are kept, and how many requests may be under way on them. What is
 * beyond waits here, where it can be given up before it was sent: an `http.Agent` with `maxSockets`
 * tells a request that waits in it of nothing, not even of its own end.
 */
export declare class KeptConnections {
    #private;
    readonly http: http.Agent;
    readonly https: https.Agent;
    constructor(max: number);
    /** Takes a place; resolves with `false` where none was free in time. */
    take(waitMs: number): Promise<boolean> | true;
    /** Gives a place back. */
    release(): void;
    destroy(): void;
}
