"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rpc = void 0;
const identity_1 = require("../identity");
/**
 * Microservices: TCP, Redis, NATS, MQTT, Kafka, RabbitMQ, gRPC, and custom strategies.
 *
 * The user is the one a guard put on the RPC context; the payload, which an agent may have written,
 * names none. The run, which is the agent's own to name, is in the message's headers, or in the
 * payload's `metadata` for transports that have none.
 */
exports.rpc = {
    requestOf(context) {
        const rpcContext = context.switchToRpc().getContext() ?? {};
        const payload = context.switchToRpc().getData();
        const message = rpcContext.getMessage?.();
        const runId = [
            typeof rpcContext.get === 'function' ? rpcContext : undefined,
            rpcContext.getHeaders?.(),
            rpcContext.getMetadata?.(),
            message?.headers,
            message?.properties?.headers,
            rpcContext.getPacket?.()?.properties?.userProperties,
            payload?.metadata,
        ]
            .map(runIdIn)
            .find((found) => found !== undefined);
        return { headers: { [identity_1.RUN_ID_HEADER]: runId }, user: rpcContext.user };
    },
    callerGone(context) {
        // gRPC hands its call over as a third argument, and drops the handler once that is cancelled.
        const call = context.getArgByIndex(2);
        return call?.cancelled === true;
    },
};
function runIdIn(headers) {
    if (typeof headers !== 'object' || headers === null)
        return undefined;
    if ('get' in headers && typeof headers.get === 'function') {
        const found = headers.get(identity_1.RUN_ID_HEADER);
        // NATS says '' and gRPC [] of a header that is not there.
        return found === '' || (Array.isArray(found) && found.length === 0) ? undefined : textOf(found);
    }
    const name = Object.keys(headers).find((each) => each.toLowerCase() === identity_1.RUN_ID_HEADER);
    return name === undefined ? undefined : textOf(headers[name]);
}
/** Given twice, or as no text, it stays what is no run id. */
function textOf(value) {
    if (value === undefined || value === null)
        return undefined;
    if (Array.isArray(value))
        return value.length === 1 ? textOf(value[0]) : value.map(String);
    if (typeof value === 'string')
        return value;
    return Buffer.isBuffer(value) ? value.toString('utf8') : [];
}
