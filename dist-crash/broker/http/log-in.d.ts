import type { IncomingMessage } from 'node:http';
/**
 * Tells whoever holds the management token from all others. The token always gets in, however
 * often others at the same address have failed: nobody there can keep an operator from a brake.
 */
export declare class LogIn {
    #private;
    constructor(token: string);
    /** @throws BrokerRefusal 401, and 429 after too many of those. */
    check(req: IncomingMessage, now?: number): void;
}
