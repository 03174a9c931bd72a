import type { ServerResponse } from 'node:http';
import type { BrokerRefusal } from '../refusal';
/** Answers with JSON that nobody may store: some of it holds a token. */
export declare function sendJson(res: ServerResponse, status: number, body: unknown): void;
/** Answers with a text that nobody may store. */
export declare function sendText(res: ServerResponse, status: number, contentType: string, text: string): void;
/**
 * Answers with one JSON document a line, as fast as they are read. What breaks off takes the
 * connection with it, so that nobody reads a clean end.
 */
export declare function sendLines(res: ServerResponse, status: number, documents: AsyncIterable<unknown>): Promise<void>;
/** Answers with a file. What breaks off is shorter than it says. */
export declare function sendFile(res: ServerResponse, status: number, bytes: number, chunks: AsyncIterable<Buffer>): Promise<void>;
/** Answers with a refusal in the broker's one shape. */
export declare function sendRefusal(res: ServerResponse, refusal: BrokerRefusal): void;
