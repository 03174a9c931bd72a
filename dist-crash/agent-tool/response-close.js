"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isClosed = isClosed;
exports.onceClosed = onceClosed;
const listening = new WeakMap();
/** Whether the response is over: sent in whole, or its client gone. */
function isClosed(response) {
    const { closed, destroyed, writableFinished, stream } = response;
    return (closed === true ||
        destroyed === true ||
        writableFinished === true ||
        stream?.closed === true ||
        stream?.destroyed === true ||
        awaitedConnection(response)?.destroyed === true);
}
/** Calls back once the response is over. */
function onceClosed(response, callback) {
    const connection = awaitedConnection(response);
    if (connection === undefined) {
        listen(response, callback);
        return;
    }
    const stops = [response, connection].map((emitter) => listen(emitter, () => {
        for (const stop of stops)
            stop();
        callback();
    }));
}
/** What a response waits for that is not its turn yet: Node does not tell it when that closes. */
function awaitedConnection({ socket, req }) {
    return socket === null ? req?.socket : undefined;
}
/** Many callers share one listener of an emitter. */
function listen(emitter, callback) {
    const callbacks = listening.get(emitter) ?? new Set();
    if (!listening.has(emitter)) {
        listening.set(emitter, callbacks);
        const over = () => {
            if (listening.delete(emitter))
                for (const each of callbacks)
                    each();
        };
        emitter.once('close', over);
        // All a response has where no server stands behind it, as in functions on a cloud.
        emitter.once('finish', over);
    }
    callbacks.add(callback);
    return () => callbacks.delete(callback);
}
