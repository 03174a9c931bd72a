"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.attachRun = attachRun;
exports.attachedRun = attachedRun;
const runs = new WeakMap();
/** Lets whoever has the request find the run it belongs to. */
function attachRun(request, run) {
    request.vaultKey = run.key;
    runs.set(run.key, run);
}
/** The run that a middleware opened for a request, on Express and Fastify, unless it is over. */
function attachedRun(request) {
    const key = (request?.raw ?? request)?.vaultKey;
    return key === undefined || key.ended ? undefined : runs.get(key);
}
