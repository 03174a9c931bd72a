import { throwError } from 'rxjs';
import type { AgentRequest } from '../identity';
import { RUN_ID_HEADER } from '../identity';
import type { Transport } from './transport';

/** What Nest's own transports keep what goes with a message in. */
interface RpcContext {
  /** Whom a guard let in. */
  user?: unknown;
  /** gRPC: the context is the call's Metadata. */
  get?: unknown;
  /** NATS. */
  getHeaders?(): unknown;
  /** TCP and Redis, where the client's serializer adds `metadata` to the packet. */
  getMetadata?(): unknown;
  /** Kafka and RabbitMQ. */
  getMessage?(): { headers?: unknown; properties?: { headers?: unknown } } | undefined;
  /** MQTT 5. */
  getPacket?(): { properties?: { userProperties?: unknown } } | undefined;
}

/**
 * Microservices: TCP, Redis, NATS, MQTT, Kafka, RabbitMQ, gRPC, and custom strategies.
 *
 * The user is the one a guard put on the RPC context; the payload, which an agent may have written,
 * names none. The agent run, which is the agent's own to name, is in the message's headers, or in
 * the payload's `metadata` for transports that have none.
 */
export const rpc: Transport = {
  requestOf(context): AgentRequest {
    const rpcContext = context.switchToRpc().getContext<RpcContext | undefined>() ?? {};
    const payload = context.switchToRpc().getData<{ metadata?: unknown } | undefined>();
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
    return { headers: { [RUN_ID_HEADER]: runId }, user: rpcContext.user };
  },
  callerGone(context) {
    // gRPC hands its call over as a third argument, and drops the handler once that is cancelled.
    const call = context.getArgByIndex<{ cancelled?: boolean } | undefined>(2);
    return call?.cancelled === true;
  },
  /** The body, as of an `RpcException` made of it. */
  answer: (exception) => throwError(() => exception.getResponse()),
};

function runIdIn(headers: unknown): string | readonly string[] | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if ('get' in headers && typeof headers.get === 'function') {
    const found: unknown = (headers.get as (name: string) => unknown)(RUN_ID_HEADER);
    // NATS says '' and gRPC [] of a header that is not there.
    return found === '' || (Array.isArray(found) && found.length === 0) ? undefined : textOf(found);
  }
  const name = Object.keys(headers).find((each) => each.toLowerCase() === RUN_ID_HEADER);
  return name === undefined ? undefined : textOf((headers as Record<string, unknown>)[name]);
}

/** Given twice, or as no text, it stays what is no run id. */
function textOf(value: unknown): string | readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 1 ? textOf(value[0]) : value.map(String);
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : [];
}
