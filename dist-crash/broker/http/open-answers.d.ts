import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { BrokerRefusal } from '../refusal';
/**
 * Which answers a connection still owes. Requests can come one behind the other, so a refusal that
 * Node's parser leads to must wait for its turn: read as the answer to an earlier request, it
 * would say that a call which is on its way was not taken.
 */
export declare class OpenAnswers {
    #private;
    /** Notes that an answer is owed. */
    begin(req: IncomingMessage, res: ServerResponse): void;
    /** Refuses what comes next on a connection, and ends it. False where no one is there to be told. */
    refuse(socket: Duplex, refusal: BrokerRefusal): boolean;
}
