/** Where what a word says goes. */
export interface WordOutput {
    out: (text: string) => void;
    error: (line: string) => void;
}
/** Whether an argument is one of the operator's words. */
export declare function isWord(argument: string | undefined): argument is string;
/**
 * Says one of the operator's words to a running broker.
 *
 * @returns 0; 1 where the broker refused or a verification failed; 2 where it was not understood.
 */
export declare function runWord(name: string, args: string[], env: NodeJS.ProcessEnv, { out, error }: WordOutput): Promise<number>;
