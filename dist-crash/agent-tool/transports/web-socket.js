"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.webSocket = void 0;
const identity_1 = require("../identity");
/**
 * WebSocket gateways, over socket.io and `ws`.
 *
 * The user is the one that a guard or middleware put on the socket; what the client says of itself
 * counts for nothing. The run is the connection's: the header of its handshake, or, for clients
 * that cannot set headers, socket.io's `auth: { runId }`.
 */
exports.webSocket = {
    requestOf(context) {
        const { data, user, request, handshake } = context.switchToWs().getClient();
        const headers = handshake?.headers ?? request?.headers ?? {};
        const named = handshake?.auth?.['runId'];
        return {
            headers: {
                ...headers,
                [identity_1.RUN_ID_HEADER]: headers[identity_1.RUN_ID_HEADER] ?? named ?? undefined,
            },
            user: data?.user ?? user ?? request?.user,
        };
    },
    callerGone(context) {
        const { disconnected, readyState } = context.switchToWs().getClient();
        return disconnected === true || (readyState !== undefined && readyState >= 2);
    },
};
