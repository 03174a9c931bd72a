/** Characters drawn evenly from base62. */
export declare function randomBase62(length: number): string;
/**
 * What follows the prefix of an id: seven characters of the time, fifteen drawn at random. Ids that
 * are made in one go stand side by side in an index, which is what a store writes by.
 */
export declare function newId(now: number): string;
/** A new vault key's token. */
export declare function newToken(): string;
/** Whether a text can be a token at all: of its form, and with the right checksum. */
export declare function isWellFormedToken(text: string): boolean;
/** A text without the tokens in it: a caller can put its own anywhere, and it must not be stored. */
export declare function withoutTokens(text: string): string;
/** What is stored of a token: its SHA-256 in hex. */
export declare function hashToken(token: string): string;
