import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import type { CallCounts } from '../metrics/call-counts';
/** The management API, for whoever holds the management token. */
export declare class Management {
    #private;
    constructor(broker: Broker, token: string, counts: CallCounts);
    /** Whether a path is the management API's. */
    serves(path: string): boolean;
    /** @throws BrokerRefusal for everything but a good answer. */
    handle(req: IncomingMessage, res: ServerResponse, path: string, query: string): Promise<void>;
}
