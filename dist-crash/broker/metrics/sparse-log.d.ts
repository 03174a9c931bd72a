/** At most one line a second about each subject, in bounded memory: what is repeated fills no disk. */
export declare class SparseLog {
    #private;
    private readonly write;
    /** @param write Takes one line, without its end. */
    constructor(write: (line: string) => void);
    /** Writes a line, or counts it for the next one about its subject. */
    note(subject: string, line: string, now?: number): void;
}
