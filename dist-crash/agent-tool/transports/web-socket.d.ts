import type { Transport } from './transport';
/**
 * WebSocket gateways, over socket.io and `ws`.
 *
 * The user is the one that a guard or middleware put on the socket; what the client says of itself
 * counts for nothing. The run is the connection's: the header of its handshake, or, for clients
 * that cannot set headers, socket.io's `auth: { runId }`.
 */
export declare const webSocket: Transport;
