import type { IncomingMessage } from 'node:http';
/**
 * Reads a management request's body: one JSON document in UTF-8.
 *
 * @throws BrokerRefusal 400, 413 or 415.
 */
export declare function readJson(req: IncomingMessage): Promise<unknown>;
/**
 * Reads the body of a call that takes no field: none, or an empty object.
 *
 * @throws BrokerRefusal 422 with every field, or what {@link readJson} throws.
 */
export declare function readNoFields(req: IncomingMessage): Promise<void>;
