/**
 * Lets what a handler streams be produced in the handler's own context. Nest reads a generator or
 * stream after the handler has returned and outside its context, where the code that produces the
 * chunks would find no vault key.
 *
 * @param enter Runs a function in the context of the run.
 */
export declare function keepContext(value: unknown, enter: <T>(work: () => T) => T): void;
/** Whether a value is an async iterator, as subscriptions give. */
export declare function isIterator(value: unknown): value is AsyncIterator<unknown>;
/** Calls back once an iterator has given its last value, has failed, or was told to stop and has. */
export declare function onceRead(iterator: AsyncIterator<unknown>, callback: () => void): void;
