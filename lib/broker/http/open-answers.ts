import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { BrokerRefusal } from '../refusal';

interface OpenAnswer {
  req: IncomingMessage;
  res: ServerResponse;
}

interface Connection {
  open: Set<OpenAnswer>;
  last?: OpenAnswer;
  refused: boolean;
}

/**
 * Which answers a connection still owes. Requests can come one behind the other, so a refusal that
 * Node's parser leads to must wait for its turn: read as the answer to an earlier request, it
 * would say that a call which is on its way was not taken.
 */
export class OpenAnswers {
  readonly #connections = new WeakMap<Duplex, Connection>();

  /** Notes that an answer is owed. */
  begin(req: IncomingMessage, res: ServerResponse): void {
    const connection = this.#of(req.socket);
    const exchange = { req, res };
    connection.open.add(exchange);
    connection.last = exchange;
    res.once('close', () => connection.open.delete(exchange));
  }

  /** Refuses what comes next on a connection, and ends it. False where no one is there to be told. */
  refuse(socket: Duplex, refusal: BrokerRefusal): boolean {
    const connection = this.#of(socket);
    if (connection.refused) return false;
    connection.refused = true;
    const { open, last } = connection;
    const broken = last !== undefined && !last.req.complete ? last : undefined;
    if (!socket.writable || broken?.res.headersSent === true) {
      // It has its answer already, or a part of one.
      socket.destroy();
      return false;
    }
    const earlier = [...open].filter((exchange) => exchange !== broken);
    void Promise.all(earlier.map(({ res }) => once(res, 'close'))).then(() =>
      socket.end(rawAnswer(refusal)),
    );
    return true;
  }

  #of(socket: Duplex): Connection {
    let connection = this.#connections.get(socket);
    if (connection === undefined) {
      connection = { open: new Set(), refused: false };
      this.#connections.set(socket, connection);
    }
    return connection;
  }
}

function rawAnswer(refusal: BrokerRefusal): string {
  const body = refusal.toBody();
  const headers = {
    ...refusal.toHeaders(),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${refusal.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
