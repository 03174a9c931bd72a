import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** One connection through a proxy: what the client sees, and what the server sees. */
export interface Passage {
  client: Socket;
  server: Socket;
}

/** A way over TCP that can be cut, held up and made slow. It listens on 127.0.0.1. */
export class TcpProxy {
  /** Added to each way, in milliseconds. */
  latencyMs = 0;
  /** Whether nothing goes through, either way, and nothing is closed: both sides are half-open. */
  isFrozen = false;
  /** Whether connections are closed as soon as they are made. */
  isShut = false;
  /** Whether bytes of the client go through, and those of the server do not. */
  isDeaf = false;
  readonly #passages = new Set<Passage>();
  readonly #stuck: (() => void)[] = [];
  #turn = 0;
  #port = 0;

  protected constructor(
    private readonly server: Server,
    /** Ports of 127.0.0.1; connections are spread over those that take them. */
    readonly targets: number[],
  ) {
    server.on('connection', (client) => void this.#open(client));
  }

  static async start(...targets: number[]): Promise<TcpProxy> {
    return new TcpProxy(await listening(), targets);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends all connections. */
  cut(): void {
    for (const { client, server } of this.#passages) {
      client.destroy();
      server.destroy();
    }
  }

  /** Refuses connections from now on, and ends those that there are. */
  async refuse(): Promise<void> {
    this.#port = this.port;
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** Takes connections again, at the same port. */
  async accept(): Promise<void> {
    this.server.listen(this.#port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Lets what was held up go on. */
  thaw(): void {
    this.isFrozen = false;
    this.isDeaf = false;
    for (const go of this.#stuck.splice(0)) go();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  /** What goes on to the server; it may be held up. `undefined` where the passage has ended. */
  protected async fromClient(_passage: Passage, chunk: Buffer): Promise<Buffer | undefined> {
    return chunk;
  }

  protected async fromServer(_passage: Passage, chunk: Buffer): Promise<Buffer | undefined> {
    return chunk;
  }

  async #open(client: Socket): Promise<void> {
    client.on('error', () => {});
    client.pause();
    const server = this.isShut ? undefined : await this.#connect();
    if (server === undefined) {
      client.destroy();
      return;
    }
    client.setNoDelay(true);
    server.setNoDelay(true);
    server.on('error', () => {});
    const passage = { client, server };
    this.#passages.add(passage);
    this.#pass(client, server, (chunk) => this.fromClient(passage, chunk), false);
    this.#pass(server, client, (chunk) => this.fromServer(passage, chunk), true);
    const end = (): void => {
      // Both sides of what is cut off from each other stay as they are.
      if (this.isFrozen || this.isDeaf) {
        this.#stuck.push(end);
        return;
      }
      this.#passages.delete(passage);
      client.destroy();
      server.destroy();
    };
    client.on('close', end);
    server.on('close', end);
    client.resume();
  }

  /** To the next target that takes a connection. */
  async #connect(): Promise<Socket | undefined> {
    for (let tries = 0; tries < this.targets.length; tries++) {
      const port = this.targets[this.#turn++ % this.targets.length] ?? 0;
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return socket;
      } catch {
        socket.destroy();
      }
    }
    return undefined;
  }

  #pass(
    from: Socket,
    to: Socket,
    through: (chunk: Buffer) => Promise<Buffer | undefined>,
    isAnswer: boolean,
  ): void {
    let tail = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      const arrived = performance.now();
      tail = tail.then(async () => {
        const rest = this.latencyMs - (performance.now() - arrived);
        if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
        while (this.isFrozen || (this.isDeaf && isAnswer)) {
          await new Promise<void>((resolve) => this.#stuck.push(resolve));
        }
        const passed = await through(chunk);
        if (passed === undefined || to.destroyed || to.writableEnded) return;
        if (!to.write(passed)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    });
    from.on('end', () => {
      // What a client that has gone was about to send is lost with it.
      if (!isAnswer && !this.isFrozen && !this.isDeaf) {
        from.destroy();
        return;
      }
      tail = tail.then(() => {
        if (!this.isFrozen && !to.destroyed) to.end();
      });
    });
  }
}

export async function listening(): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
