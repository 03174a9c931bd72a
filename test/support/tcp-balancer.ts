import { once } from 'node:events';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

const PROBE_EVERY_MS = 50;

interface Target {
  url: URL;
  isReady: boolean;
}

/** Two ends of a connection through it. */
type Pair = readonly [Socket, Socket];

/**
 * A TCP balancer on 127.0.0.1: each new connection goes to the next of its targets in turn, of those that
 * say at `/readyz` that they are ready where they are probed. It knows nothing of what goes over it.
 */
export class TcpBalancer {
  readonly #pairs = new Set<Pair>();
  #isStalled = false;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly server: Server,
    private readonly targets: readonly Target[],
  ) {
    server.on('connection', (socket) => this.#connect(socket));
  }

  /** @param options.probes Whether it asks each target, 20 times a second, if it is ready. */
  static async start(urls: readonly string[], { probes = false } = {}): Promise<TcpBalancer> {
    const targets = urls.map((url) => ({ url: new URL(url), isReady: true }));
    const balancer = new TcpBalancer(createServer(), targets);
    balancer.server.listen(0, '127.0.0.1');
    await once(balancer.server, 'listening');
    if (probes) balancer.#timer = setInterval(() => balancer.#probe(), PROBE_EVERY_MS);
    return balancer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The targets that connections go to. */
  get ready(): string[] {
    return this.targets.filter(({ isReady }) => isReady).map(({ url }) => url.origin);
  }

  /** From now on nothing goes through, and no connection ends. */
  stall(): void {
    this.#isStalled = true;
    for (const [one, other] of this.#pairs) {
      one.unpipe(other).pause();
      other.unpipe(one).pause();
    }
  }

  /** What was held up goes on. */
  resume(): void {
    this.#isStalled = false;
    for (const pair of this.#pairs) join(pair);
  }

  /** Every connection breaks; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = once(this.server, 'close');
    this.server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  #connect(client: Socket): void {
    const ready = this.targets.filter(({ isReady }) => isReady);
    const target = ready[this.#turn++ % Math.max(1, ready.length)];
    client.on('error', () => {});
    if (target === undefined) {
      client.destroy();
      return;
    }
    const { hostname, port } = target.url;
    const upstream = connect({ host: hostname, port: Number(port) });
    const pair: Pair = [client, upstream];
    this.#pairs.add(pair);
    upstream.on('error', () => client.destroy());
    for (const socket of pair) {
      socket.once('close', () => {
        this.#pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    if (!this.#isStalled) join(pair);
  }

  #probe(): void {
    for (const target of this.targets) {
      const asked = get(new URL('/readyz', target.url), { agent: false }, (answer) => {
        target.isReady = answer.statusCode === 200;
        answer.resume();
      });
      asked.on('error', () => (target.isReady = false));
    }
  }
}

function join([one, other]: Pair): void {
  one.pipe(other);
  other.pipe(one);
}
