import { pipeline } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import type { Dispatcher, Pool as UndiciPool } from 'undici';
import { Exchange } from '../broker/forwarding/exchange';
import type { ExchangeEnd, ExchangeHead } from '../broker/forwarding/exchange';
import { Pool } from '../broker/forwarding/undici';
import { untraced } from '../broker/telemetry/trace';
import type { FlightLimits, OutgoingHeaders } from './flight';

/** One request; the path goes byte for byte as given. */
export interface RelayRequest {
  method: string;
  path: string;
  headers: OutgoingHeaders;
  body?: string | undefined;
}

/** The head of an answer and its body as it comes; or what became of a request that got none. */
export type Relayed =
  | { answered: true; status: number; headers: Record<string, string>; body: Readable }
  | {
      answered: false;
      sent: boolean;
      timedOut: boolean;
      /** Whether it waited for a connection until its time was over: all were in use. */
      queued: boolean;
      failure?: NodeJS.ErrnoException;
    };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  br: createBrotliDecompress,
  deflate: createInflate,
  gzip: createUnzip,
  'x-gzip': createUnzip,
};

/** Kept connections to a broker's proxy, over undici. Follows no redirect, repeats nothing. */
export class RelayConnection {
  readonly #pool: UndiciPool;

  constructor(
    origin: string,
    private readonly limits: Pick<FlightLimits, 'connectMs' | 'answerMs'>,
    private readonly maxConnections: number,
  ) {
    this.#pool = new Pool(origin, {
      connections: maxConnections,
      pipelining: 1,
      headersTimeout: 0,
      // Does not run while the reader pauses.
      bodyTimeout: limits.answerMs,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a vault key goes only where the certificate is valid.
      connect: { timeout: limits.connectMs, rejectUnauthorized: true },
    });
  }

  /**
   * Never rejects.
   *
   * @param connectMs How long it waits for a connection.
   */
  send(
    { method, path, headers, body }: RelayRequest,
    connectMs = this.limits.connectMs,
  ): Promise<Relayed> {
    const { answerMs } = this.limits;
    return new Promise((resolve) => {
      const exchange = new Exchange(
        { connectMs, answerMs, capture: false, isFollowed: false },
        (end) => {
          if (end.kind === 'failed') resolve(this.#unanswered(end, exchange.error));
        },
        (head) => {
          if (head !== undefined) resolve(answered(head));
        },
      );
      untraced(() =>
        this.#pool.dispatch(
          { method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null },
          exchange,
        ),
      );
    });
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #unanswered(
    { sent, timedOut: isOver }: ExchangeEnd & { kind: 'failed' },
    failure: NodeJS.ErrnoException | undefined,
  ): Relayed {
    const timedOut = isOver || failure?.code === 'UND_ERR_CONNECT_TIMEOUT';
    const isFull = this.#pool.stats.running >= this.maxConnections;
    return {
      answered: false,
      sent,
      timedOut,
      queued: timedOut && !sent && isFull,
      ...(failure === undefined ? {} : { failure }),
    };
  }
}

function answered({ status, headers, body }: ExchangeHead): Relayed {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) given[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { answered: true, status, headers: given, body: decoded(body.stream(), given) };
}

/** The body as it was before something on the way compressed it unasked. */
function decoded(body: Readable, headers: Record<string, string>): Readable {
  const decoder = DECODERS[headers['content-encoding']?.toLowerCase() ?? ''];
  if (decoder === undefined) return body;
  delete headers['content-encoding'];
  delete headers['content-length'];
  const plain = decoder();
  pipeline(body, plain, () => undefined);
  plain.on('error', () => undefined);
  return plain;
}
