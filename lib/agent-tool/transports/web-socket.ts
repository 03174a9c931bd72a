import type { AgentRequest } from '../identity';
import { RUN_ID_HEADER } from '../identity';
import type { Transport } from './transport';

type Headers = AgentRequest['headers'];

/** A socket of socket.io or of `ws`, with what an application's own code may have put on it. */
interface Client {
  data?: { user?: unknown };
  user?: unknown;
  /**
   * The HTTP request that opened the socket: socket.io has it, on `ws` the application keeps it.
   */
  request?: { headers?: Headers; user?: unknown };
  /** socket.io. `auth` is what the client wrote. */
  handshake?: { headers?: Headers; auth?: Record<string, unknown> };
  /** socket.io. */
  disconnected?: boolean;
  /** `ws`: 2 when closing, 3 when closed. */
  readyState?: number;
  /** `ws`. */
  send?(text: string): void;
  emit?(event: string, payload: unknown): void;
}

/**
 * WebSocket gateways, over socket.io and `ws`.
 *
 * The user is the one that a guard or middleware put on the socket; what the client says of itself
 * counts for nothing. The agent run is the connection's: the header of its handshake, or, for
 * clients that cannot set headers, socket.io's `auth: { runId }`.
 */
export const webSocket: Transport = {
  requestOf(context): AgentRequest {
    const { data, user, request, handshake } = context.switchToWs().getClient<Client>();
    const headers = handshake?.headers ?? request?.headers ?? {};
    const named = handshake?.auth?.['runId'];
    return {
      headers: {
        ...headers,
        [RUN_ID_HEADER]: headers[RUN_ID_HEADER] ?? named ?? undefined,
      } as Headers,
      user: data?.user ?? user ?? request?.user,
    };
  },
  callerGone(context) {
    const { disconnected, readyState } = context.switchToWs().getClient<Client>();
    return disconnected === true || (readyState !== undefined && readyState >= 2);
  },
  /** The event `exception`, with the `cause` that Nest's own answers have. */
  answer(exception, host): void {
    const ws = host.switchToWs();
    const client = ws.getClient<Client>();
    const cause = { pattern: ws.getPattern(), data: ws.getData<unknown>() };
    const payload = { ...exception.getResponse(), cause };
    // Not emit(), which `ws` has too: it would stay on this side.
    if (typeof client.readyState === 'number') {
      client.send?.(JSON.stringify({ event: 'exception', data: payload }));
    } else {
      client.emit?.('exception', payload);
    }
  },
};
