import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
/** How long a request may take, in milliseconds. */
export interface FlightLimits {
    /** Until the connection stands, TLS included. */
    connectMs: number;
    /** From then on until the answer. */
    answerMs: number;
    /**
     * Whether `answerMs` is for the whole answer. Where not, it is for the head, and then for any
     * time the body stands still.
     */
    wholeAnswer: boolean;
}
/** Headers as they go out; names in lower case. */
export type OutgoingHeaders = Readonly<Record<string, string>>;
/**
 * One request on its way. Serves as axios' `transport`, since only there can be seen what decides
 * about money: whether anything has left. It also sends the path byte for byte, which axios itself
 * would normalise.
 */
export declare class Flight {
    #private;
    private readonly path;
    private readonly headers;
    private readonly limits;
    /** Whether the connection stood, so that the request may have been read at the other end. */
    sent: boolean;
    timedOut: boolean;
    /** Whether it waited for its turn until its time was over, and so never began. */
    queued: boolean;
    /** What went wrong, as Node says it: no request, no headers, no secret. */
    failure?: NodeJS.ErrnoException;
    constructor(path: string, headers: OutgoingHeaders, limits: FlightLimits);
    request(options: https.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void): http.ClientRequest;
    /**
     * The answer's body, cut loose from the request behind it, so that no one who prints an answer
     * prints its credentials.
     */
    bodyOf(answer: Readable): Readable;
}
