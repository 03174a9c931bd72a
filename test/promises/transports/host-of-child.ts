import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { ToolHost } from './tool-host';

interface Question {
  id: number;
  method: keyof ToolHost;
  args: unknown[];
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** Where an application in another process says what its inner side looks like. */
export class HostOfChild {
  /** Resolves once the child is there. */
  readonly host: Promise<ToolHost>;
  #socket: Socket | undefined;

  private constructor(private readonly server: ReturnType<typeof createServer>) {
    this.host = once(server, 'connection').then(([socket]) => {
      this.#socket = socket as Socket;
      return hostBehind(this.#socket);
    });
  }

  static async listen(): Promise<HostOfChild> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HostOfChild(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.#socket?.destroy();
    this.server.close();
  }
}

/** Answers for an application, in its own process. */
export function answerFor(host: ToolHost, port: number): void {
  const socket = connect(port, '127.0.0.1');
  socket.unref();
  createInterface(socket).on('line', async (line) => {
    const { id, method, args } = JSON.parse(line) as Question;
    const ask = host[method] as (...args: unknown[]) => Promise<unknown>;
    const answer: Answer = await ask.apply(host, args).then(
      (result) => ({ id, result }),
      (error: unknown) => ({ id, error: String(error) }),
    );
    socket.write(`${JSON.stringify(answer)}\n`);
  });
}

function hostBehind(socket: Socket): ToolHost {
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface(socket).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const ask = (method: keyof ToolHost, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result);
        else reject(new Error(error));
      });
      socket.write(`${JSON.stringify({ id, method, args } satisfies Question)}\n`);
    });
  return new Proxy({} as ToolHost, {
    get: (_target, method) =>
      method === 'then' ? undefined : (...args: unknown[]) => ask(method as keyof ToolHost, args),
  });
}
