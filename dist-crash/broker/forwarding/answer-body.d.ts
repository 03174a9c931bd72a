import { Readable } from 'node:stream';
/** What a body is fed by. */
export interface BodySource {
    pause(): void;
    resume(): void;
    /** Nobody reads it, or reads on. */
    drain(): void;
    /** A time-out in which somebody must begin or go on to read. */
    readonly readTimeoutMs: number;
}
/**
 * The body of an answer as it comes, for one reader: as a stream, or, at a fraction of the cost, as
 * a whole.
 */
export declare class AnswerBody {
    #private;
    constructor(source?: BodySource);
    /** A body that is there already. */
    static of(bytes: Buffer): AnswerBody;
    /** The body as a stream, which ends only after a complete answer. */
    stream(): Readable;
    /** The whole body; `undefined` where it was cut short or is larger. */
    bytes(maxBytes: number): Promise<Buffer | undefined>;
    /** Gives the body up. */
    drop(): void;
    push(chunk: Buffer): void;
    /** The answer is complete. */
    end(): void;
    /** The answer was cut short. */
    cut(): void;
}
