/** @throws StoreInUseError where this process has the store open. */
export declare function checkNotOpenHere(file: string): void;
/**
 * Notes that a store is open.
 *
 * @param close Is called where the process ends before the store is closed.
 * @returns Notes that it is closed.
 */
export declare function noteOpen(file: string, close: () => void): () => void;
/** Says how a store that is open here can be had by a later broker of this process. */
export declare function offerStore(file: string, giveWay: () => Promise<boolean>): void;
/** Asks for a store that this process has open; false where it is needed. */
export declare function askForStore(file: string): Promise<boolean>;
/** Has a store closed once its owner, which was never closed, is collected as garbage. */
export declare function closeWhenForgotten(owner: object, close: () => void): void;
