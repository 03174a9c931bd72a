export interface Page {
    limit?: number | undefined;
    startingAfter?: string | undefined;
    endingBefore?: string | undefined;
}
/** The latest objects of one kind, in the order they came; found by id at once, listed newest first. */
export declare class Shelf<T extends {
    readonly id: string;
}> {
    #private;
    readonly what: string;
    /**
     * @param what the kind as error messages call it: `payment_intent`
     * @param bound how many are kept
     */
    constructor(what: string, bound: number);
    get size(): number;
    add(item: T): T;
    find(id: string): T | undefined;
    /** @throws {StripeError} 404 where a path names nothing, 400 where a parameter does */
    get(id: string, param: string, status?: 400 | 404): T;
    list(page: Page, matches: (item: T) => boolean): {
        data: T[];
        has_more: boolean;
    };
}
