import { Readable } from 'node:stream';
import type Stripe from 'stripe';
/** An answer, as the `stripe` client takes it. */
export declare class VendorResponse implements Stripe.HttpClientResponse {
    #private;
    /**
     * @param read Reads the answer to its end and gives what the client is to take it for; never rejects.
     * @param open Gives the body as a stream; absent where it has been read already.
     */
    constructor(statusCode: number, headers: Readonly<Record<string, string>>, read: () => Promise<object>, open?: () => Readable);
    getStatusCode(): number;
    getHeaders(): Record<string, string>;
    /** What becomes `lastResponse`. */
    getRawResponse(): object;
    toJSON(): Promise<object>;
    toStream(onComplete: () => void): Readable;
    dispose(): void;
}
