/** How many rows the log has, and the chain's value at the last of them. */
export interface AuditHead {
    count: number;
    mac: string;
}
/** What a walk along the chain came to. */
export type AuditVerdict = {
    ok: true;
    entries: number;
    head: string;
} | {
    ok: false;
    entries: number;
    seq: number;
    reason: string;
};
/** The value before the first row. */
export declare const GENESIS: AuditHead;
/** Chains rows: each value covers its row, the row's place, and through its predecessor all before. */
export declare class AuditChain {
    #private;
    constructor(key: string);
    /** The chain's value at a row, as it is stored: HMAC-SHA-256 in hex. */
    next(previous: string, row: string): string;
    /** What vouches for the head: without it, dropping the last rows would leave a sound chain. */
    seal({ count, mac }: AuditHead): string;
}
/** A walk along the chain, row by row; {@link AuditWalk.end} gives the verdict. */
export declare class AuditWalk {
    #private;
    private readonly chain;
    private readonly expected?;
    /** @param expected A head kept elsewhere, which the chain must still pass through. */
    constructor(chain: AuditChain, expected?: string | undefined);
    /** Whether the walk may go on. */
    take(seq: number, row: string, mac: string): boolean;
    /** @param stored The head and its seal, as they stand in the store. */
    end(stored: AuditHead & {
        seal: string;
    }): AuditVerdict;
}
