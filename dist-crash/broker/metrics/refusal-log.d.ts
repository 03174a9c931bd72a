/** Refusals of callers that are not known: at most one line a second an address. */
export declare class RefusalLog {
    #private;
    /** @param write Takes one line, without its end. */
    constructor(write: (line: string) => void);
    note(status: number, code: string, address?: string, now?: number): void;
}
