import type { RunRecord } from './run-context';
import type { VaultKey } from './vault-key';
/** One run that has its key. Whoever opened it ends it, once. */
export declare class Run {
    #private;
    /** @param onEnd Absent where the key belongs to the run around this one, which ends it. */
    constructor(record: RunRecord, onEnd?: () => void);
    get key(): VaultKey;
    /** The handler has settled. The key goes on until the run ends, with the response. */
    handled(): void;
    /** Runs work in the context of this run. */
    enter<T>(work: () => T): T;
    /** Keeps the run open until what it gives is called: the run ends when the last of them was. */
    keepOpen(): () => void;
    /** The work is over: the key serves no further call, and its revocation is on its way. */
    end(): void;
}
