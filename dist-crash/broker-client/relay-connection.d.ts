import { Readable } from 'node:stream';
import type { FlightLimits, OutgoingHeaders } from './flight';
/** One request; the path goes byte for byte as given. */
export interface RelayRequest {
    method: string;
    path: string;
    headers: OutgoingHeaders;
    body?: string | undefined;
}
/** The head of an answer and its body as it comes; or what became of a request that got none. */
export type Relayed = {
    answered: true;
    status: number;
    headers: Record<string, string>;
    body: Readable;
} | {
    answered: false;
    sent: boolean;
    timedOut: boolean;
    /** Whether it waited for a connection until its time was over: all were in use. */
    queued: boolean;
    failure?: NodeJS.ErrnoException;
};
/** Kept connections to a broker's proxy, over undici. Follows no redirect, repeats nothing. */
export declare class RelayConnection {
    #private;
    private readonly limits;
    private readonly maxConnections;
    constructor(origin: string, limits: Pick<FlightLimits, 'connectMs' | 'answerMs'>, maxConnections: number);
    /** Never rejects. */
    send({ method, path, headers, body }: RelayRequest): Promise<Relayed>;
    destroy(): Promise<void>;
}
