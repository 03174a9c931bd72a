import type { ManagementApi } from './management-api';
/** What an operator typed does not hold: one line that says what. */
export declare class BadUsage extends Error {
}
/** What a word may do. */
export interface WordRun {
    api: ManagementApi;
    operands: readonly string[];
    options: Readonly<Record<string, string>>;
}
/** What a word answers: the API's own JSON, and how people read it. */
export interface WordResult {
    json: unknown;
    text: string;
    /** @default true */
    ok?: boolean;
}
/** One of the operator's words. */
export interface Word {
    help: string;
    /** The options it takes beside those that all words take. */
    options: readonly string[];
    run(run: WordRun): Promise<WordResult>;
}
/** What all words take. */
export declare const COMMON_HELP = "  --url URL    the running broker, http://127.0.0.1:4100 by default\n  --json       the management API's own answer\n  --help       this text\n\nBefore an id that begins with - put --. The management token is read from KEYBRAKE_TOKEN.\n";
/** Options and operands as they were typed; what no one knows is {@link BadUsage}. */
export declare function parseWord(args: string[], options: readonly string[]): {
    url: string;
    json: boolean;
    help: boolean;
    options: Record<string, string>;
    operands: string[];
};
/** A segment of a path: one of dots alone would name another path to whatever stands between. */
export declare function segment(text: string): string;
/** The operands by name; too few or too many are {@link BadUsage}. */
export declare function operandsOf(operands: readonly string[], ...names: string[]): string[];
/** A query of the options that were given, under the names that the API has for them. */
export declare function queryOf(options: Readonly<Record<string, string>>, names: Readonly<Record<string, string>>): string;
/** An amount in USD as it was typed. */
export declare function usdOperand(text: string): number;
