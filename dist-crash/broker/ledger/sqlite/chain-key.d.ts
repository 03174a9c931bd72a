/** What an audit log is chained with. */
export interface ChainKey {
    text: string;
    /** Where it is kept, for messages. */
    origin: string;
    /** Gives a new key its name, once a store is chained with it. */
    keep(): void;
}
/** A key for what does not outlive the process. */
export declare function passingChainKey(): ChainKey;
/**
 * The audit key beside a store.
 *
 * @param isChained Whether the store has a log that is chained: then no key is made for it.
 * @throws Error where it is missing or damaged.
 */
export declare function chainKeyBeside(file: string, isChained: boolean): ChainKey;
