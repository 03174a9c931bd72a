import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { BadRequestException, Catch, Module, UseFilters } from '@nestjs/common';
import type {
  ArgumentsHost,
  ExceptionFilter,
  INestApplication,
  WsMessageHandler,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  AbstractWsAdapter,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { EMPTY, Observable, concat, fromEvent, mergeMap, of } from 'rxjs';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import {
  AgentTool,
  CurrentVaultKey,
  SpendCapExceededException,
  VaultKeyModule,
} from '../../lib/index';
import { Gates } from '../support/gates';
import { until } from '../support/until';
import { brokerOf } from '../support/broker-of';

const POLICY = { dailyUsdCap: 5, allowedEndpoints: ['/v1/refunds'] };

@Catch(SpendCapExceededException)
class OwnFilter implements ExceptionFilter<SpendCapExceededException> {
  catch({ code }: SpendCapExceededException, host: ArgumentsHost): void {
    host.switchToWs().getClient<Socket>().emit('own-filter', { code });
  }
}

@WebSocketGateway()
class Gateway {
  /** What a marked `handleConnection` saw, and an unmarked `handleDisconnect`. */
  readonly connections: string[] = [];
  readonly disconnections: unknown[] = [];

  constructor(
    private readonly vaultKeys: CurrentVaultKey,
    private readonly gates: Gates,
  ) {}

  @AgentTool(POLICY)
  async handleConnection(): Promise<void> {
    this.connections.push(this.vaultKeys.get().label);
  }

  handleDisconnect(): void {
    this.disconnections.push(this.vaultKeys.tryGet());
  }

  @SubscribeMessage('key')
  @AgentTool(POLICY)
  async key(@MessageBody() { gate }: { gate?: string }) {
    const { id, label } = this.vaultKeys.get();
    if (gate !== undefined) await this.gates.gate(gate).pass();
    return { id, label, sameKey: this.vaultKeys.get().id === id };
  }

  @SubscribeMessage('ticks')
  @AgentTool(POLICY)
  ticks(@ConnectedSocket() _client: unknown): Observable<{ event: string; data: string }> {
    const { id } = this.vaultKeys.get();
    return concat(of({ event: 'tick', data: id }), new Observable<never>());
  }

  @SubscribeMessage('cap')
  @AgentTool(POLICY)
  cap(): never {
    throw new SpendCapExceededException({ cap: 5, spent: 5, remaining: 0 });
  }

  @SubscribeMessage('bad')
  @AgentTool(POLICY)
  bad(): never {
    throw new BadRequestException('no');
  }

  @SubscribeMessage('filtered')
  @UseFilters(OwnFilter)
  @AgentTool(POLICY)
  filtered(): never {
    throw new SpendCapExceededException();
  }
}

@WebSocketGateway()
class UnmarkedGateway {
  constructor(private readonly vaultKeys: CurrentVaultKey) {}

  @SubscribeMessage('unmarked')
  unmarked(): unknown {
    return this.vaultKeys.get();
  }
}

let app: INestApplication;
let url: string;

async function start(adapter: (app: INestApplication) => AbstractWsAdapter): Promise<void> {
  @Module({
    imports: [
      VaultKeyModule.forRoot({
        embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
      }),
    ],
    providers: [Gateway, UnmarkedGateway, { provide: Gates, useFactory: () => new Gates() }],
  })
  class AppModule {}

  app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
  app.useWebSocketAdapter(adapter(app));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
}

async function keys() {
  return (await brokerOf(app).keys()).keys;
}

async function noKeyLives(): Promise<void> {
  await until(
    async () => (await keys()).every(({ status }) => status === 'revoked'),
    () => 'a key is still alive',
  );
}

describe('a gateway on socket.io', () => {
  let socket: Socket;

  beforeAll(() => start((nest) => new IoAdapter(nest)));
  afterAll(() => app.close());

  beforeEach(async () => {
    const run = `run-${randomUUID().slice(0, 8)}`;
    socket = io(url, { transports: ['websocket'], forceNew: true, auth: { runId: run } });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
  });

  afterEach(async () => {
    socket.disconnect();
    await noKeyLives();
  });

  it('gives each message of a socket a key of its own, in the agent run of the connection', async () => {
    const gate = randomUUID();
    const answers = Array.from(
      { length: 10 },
      () => socket.emitWithAck('key', { gate }) as Promise<Record<string, unknown>>,
    );
    await app.get(Gates).gate(gate).reached;
    app.get(Gates).gate(gate).open();

    const seen = await Promise.all(answers);
    const { runId } = socket.auth as { runId: string };
    expect(seen.map(({ label, sameKey }) => ({ label, sameKey }))).toEqual(
      seen.map(() => ({ label: `nest-anon-${runId}`, sameKey: true })),
    );
    expect(new Set(seen.map(({ id }) => id)).size).toBe(10);
  });

  it('tells a refusal with the message it was about, and leaves the acknowledgement out', async () => {
    const acknowledged = jest.fn();
    const told = new Promise((resolve) => socket.once('exception', resolve));
    socket.emit('cap', { amount: 1 }, acknowledged);

    expect(await told).toMatchObject({
      error: 'spend_cap_exceeded',
      retryable: false,
      cap: 5,
      remaining: 0,
      cause: { pattern: 'cap', data: { amount: 1 } },
    });
    await socket.emitWithAck('key', {});
    expect(acknowledged).not.toHaveBeenCalled();
  });

  it('answers for gateways without a mark too', async () => {
    const told = new Promise((resolve) => socket.once('exception', resolve));
    socket.emit('unmarked');

    expect(await told).toMatchObject({ error: 'vault_key_missing', reason: 'outside_invocation' });
  });

  it("leaves a handler's own filter the first word, and other errors to Nest", async () => {
    const own = new Promise((resolve) => socket.once('own-filter', resolve));
    socket.emit('filtered');
    expect(await own).toEqual({ code: 'spend_cap_exceeded' });

    const told = new Promise((resolve) => socket.once('exception', resolve));
    socket.emit('bad');
    expect(await told).toMatchObject({ status: 'error', message: 'Internal server error' });
  });

  it('takes the key from a stream as soon as its client is gone', async () => {
    const ticked = new Promise((resolve) => socket.once('tick', resolve));
    socket.emit('ticks');
    const id = await ticked;
    expect((await keys()).find((key) => key.id === id)).toMatchObject({ status: 'active' });

    socket.disconnect();
    await noKeyLives();
  });

  it('runs a marked handleConnection like any method, and an unmarked handler without a key', async () => {
    const gateway = app.get(Gateway);
    const before = gateway.disconnections.length;
    socket.disconnect();
    await until(
      () => gateway.disconnections.length > before,
      () => 'the client is still there',
    );

    expect(gateway.connections.at(-1)).toMatch(/^nest-anon-[0-9a-f]{16}$/);
    expect(gateway.disconnections.at(-1)).toBeUndefined();
  });
});

interface NativeSocket extends NodeJS.EventEmitter {
  send(text: string): void;
  close(): void;
  request?: unknown;
}

const native = require('ws') as {
  WebSocket: new (url: string, options?: object) => NativeSocket;
  WebSocketServer: new (options: object) => NodeJS.EventEmitter & {
    address(): AddressInfo;
    close(done: () => void): void;
    clients: Set<{ terminate(): void }>;
  };
};

/** As an application's own adapter for `ws`, which keeps the upgrade request on the socket. */
class NativeAdapter extends AbstractWsAdapter {
  readonly server = new native.WebSocketServer({ port: 0, host: '127.0.0.1' });

  create(): unknown {
    return this.server;
  }

  override bindClientConnect(
    server: NodeJS.EventEmitter,
    callback: (client: NativeSocket) => void,
  ): void {
    server.on('connection', (client: NativeSocket, request: unknown) => {
      client.request = request;
      callback(client);
    });
  }

  bindMessageHandlers(
    client: NativeSocket,
    handlers: WsMessageHandler[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    fromEvent(client, 'message')
      .pipe(
        mergeMap((message) => {
          const { event, data } = JSON.parse(String((message as { data: unknown }).data)) as {
            event: string;
            data: unknown;
          };
          const handler = handlers.find(({ message: name }) => name === event);
          return handler === undefined ? EMPTY : transform(handler.callback(data));
        }),
      )
      .subscribe((answer) => {
        if (answer !== undefined) client.send(JSON.stringify(answer));
      });
  }

  override async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise<void>((resolve) => this.server.close(resolve));
  }
}

describe('a gateway on ws', () => {
  let adapter: NativeAdapter;

  beforeAll(() => start(() => (adapter = new NativeAdapter())));
  afterAll(() => app.close());

  async function ask(event: string, data: unknown, headers = {}): Promise<unknown> {
    const { port } = adapter.server.address();
    const socket = new native.WebSocket(`ws://127.0.0.1:${port}`, { headers });
    await once(socket, 'open');
    socket.send(JSON.stringify({ event, data }));
    const [text] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return JSON.parse(String(text));
  }

  it('has its agent run from the request that opened the socket', async () => {
    expect(await ask('key', {}, { 'x-agent-run-id': 'run-of-ws' })).toMatchObject({
      label: 'nest-anon-run-of-ws',
    });
    await noKeyLives();
  });

  it('sends a refusal to its client', async () => {
    expect(await ask('cap', { amount: 1 })).toMatchObject({
      event: 'exception',
      data: {
        error: 'spend_cap_exceeded',
        cap: 5,
        cause: { pattern: 'cap', data: { amount: 1 } },
      },
    });
  });
});
