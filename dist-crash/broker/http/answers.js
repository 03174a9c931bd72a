"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sendJson = sendJson;
exports.sendText = sendText;
exports.sendLines = sendLines;
exports.sendFile = sendFile;
exports.sendRefusal = sendRefusal;
const node_stream_1 = require("node:stream");
const promises_1 = require("node:stream/promises");
/** How long the reader of a long answer may stand still. */
const STANDSTILL_MS = 60_000;
/** Answers with JSON that nobody may store: some of it holds a token. */
function sendJson(res, status, body) {
    sendText(res, status, 'application/json', JSON.stringify(body));
}
/** Answers with a text that nobody may store. */
function sendText(res, status, contentType, text) {
    res.writeHead(status, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
    });
    res.end(text);
}
/**
 * Answers with one JSON document a line, as fast as they are read. What breaks off takes the
 * connection with it, so that nobody reads a clean end.
 */
async function sendLines(res, status, documents) {
    // The first of them before the head, so that a list which cannot begin is refused.
    const iterator = documents[Symbol.asyncIterator]();
    const first = await iterator.next();
    const rest = { [Symbol.asyncIterator]: () => iterator };
    async function* lines() {
        if (first.done === true)
            return;
        yield `${JSON.stringify(first.value)}\n`;
        for await (const document of rest)
            yield `${JSON.stringify(document)}\n`;
    }
    res.writeHead(status, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    res.setTimeout(STANDSTILL_MS, () => res.destroy());
    await (0, promises_1.pipeline)(node_stream_1.Readable.from(lines(), { objectMode: false }), res).catch(() => res.destroy());
}
/** Answers with a file. What breaks off is shorter than it says. */
async function sendFile(res, status, bytes, chunks) {
    res.writeHead(status, {
        'content-type': 'application/vnd.sqlite3',
        'content-length': bytes,
        'cache-control': 'no-store',
    });
    res.setTimeout(STANDSTILL_MS, () => res.destroy());
    await (0, promises_1.pipeline)(node_stream_1.Readable.from(chunks, { objectMode: false }), res).catch(() => res.destroy());
}
/** Answers with a refusal in the broker's one shape. */
function sendRefusal(res, refusal) {
    if (res.headersSent || res.destroyed) {
        res.destroy();
        return;
    }
    const text = refusal.toBody();
    res.writeHead(refusal.status, {
        ...refusal.toHeaders(),
        'content-length': Buffer.byteLength(text),
    });
    res.end(text);
}
