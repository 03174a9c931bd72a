import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until';

/** What a receiver was sent. */
export interface ReceivedEvent {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  event: any;
  status: number;
}

const running = new Set<WebhookReceiver>();
afterAll(() => Promise.all([...running].map((each) => each.close())));

/** A receiver of webhooks on loopback, which can be down for a while. It ends with the suite. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  /** What it answers; 200 by default. */
  answer: (event: ReceivedEvent['event']) => number | { status: number; headers: object } = () =>
    200;
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    running.add(receiver);
    await receiver.open();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks?of=tests`;
  }

  /** The events that it has taken. */
  get taken(): ReceivedEvent[] {
    return this.received.filter(({ status }) => status === 200);
  }

  /** Listens, where it did before. */
  async open(): Promise<void> {
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const event: unknown = JSON.parse(body);
        const answer = this.answer(event);
        const { status, headers } =
          typeof answer === 'number' ? { status: answer, headers: {} } : answer;
        this.received.push({ path: req.url ?? '', headers: req.headers, body, event, status });
        res.writeHead(status, { ...headers }).end();
      });
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nobody listens any more. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Resolves once it has taken so many events. */
  async took(count: number): Promise<void> {
    await until(
      () => this.taken.length >= count,
      () =>
        `the receiver took ${this.taken.length} of ${count} events, and was sent ${this.received.length}`,
    );
  }
}
