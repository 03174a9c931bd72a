import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayDisconnect, OnGatewayInit } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import type { Socket as ClientSocket } from 'socket.io-client';
import { AgentTool, VaultKeyModule } from '../../../lib/index';
import { InProcessHost, watchLog } from './tool-host';
import { POLICY, ToolWork, ToolWorkModule } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { Caller, ToolAnswer, ToolName, TransportUnderTest } from './transport-under-test';

interface ServerSocket {
  data: { user?: { id: string } };
  handshake: { auth: { session?: string } };
}

@WebSocketGateway()
export class SocketTools implements OnGatewayInit, OnGatewayDisconnect {
  /** Called when a client has gone. */
  disconnected = (): void => {};

  constructor(private readonly work: ToolWork) {}

  /** Logs in whom the session names, as an application's middleware would. */
  afterInit(server: {
    use(middleware: (socket: ServerSocket, next: () => void) => void): void;
  }): void {
    server.use(({ data, handshake: { auth } }, next) => {
      if (auth.session !== undefined) data.user = { id: auth.session };
      next();
    });
  }

  handleDisconnect(): void {
    this.disconnected();
  }

  @SubscribeMessage('charge')
  @AgentTool(POLICY)
  charge(@MessageBody() args: ToolArgs) {
    return this.work.charge(args);
  }

  @SubscribeMessage('chargeTwice')
  @AgentTool(POLICY)
  chargeTwice(@MessageBody() args: ToolArgs) {
    return this.work.chargeTwice(args);
  }

  @SubscribeMessage('payOut')
  @AgentTool(POLICY)
  payOut(@MessageBody() args: ToolArgs) {
    return this.work.payOut(args);
  }

  @SubscribeMessage('fail')
  @AgentTool(POLICY)
  fail(@MessageBody() args: ToolArgs) {
    return this.work.fail(args);
  }

  @SubscribeMessage('leaveBehind')
  @AgentTool(POLICY)
  leaveBehind(@MessageBody() args: ToolArgs) {
    return this.work.leaveBehind(args);
  }

  @SubscribeMessage('chargeUnmarked')
  chargeUnmarked(@MessageBody() args: ToolArgs) {
    return this.work.chargeUnmarked(args);
  }

  @SubscribeMessage('failUnmarked')
  failUnmarked(@MessageBody() args: ToolArgs) {
    return this.work.failUnmarked(args);
  }
}

export const socketIo: TransportUnderTest = {
  name: 'WebSockets on socket.io',
  toolName: (tool) => `SocketTools.${tool}`,
  stopsForLeaver: true,
  async start(options) {
    @Module({
      imports: [VaultKeyModule.forRoot(options), ToolWorkModule],
      providers: [SocketTools],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
    watchLog(app);
    app.useWebSocketAdapter(new IoAdapter(app));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();

    const connect = ({ user, run }: Caller): ClientSocket =>
      io(url, {
        transports: ['websocket'],
        forceNew: true,
        auth: user === undefined ? {} : { session: user },
        extraHeaders: { 'x-agent-run-id': run },
      });

    return {
      host: new InProcessHost(app),
      async call(tool, args, caller) {
        const socket = connect(caller);
        try {
          return await ask(socket, tool, args);
        } finally {
          socket.disconnect();
        }
      },
      async callAndLeave(tool, args, caller) {
        const gateway = app.get(SocketTools);
        const noticed = new Promise<void>((resolve) => (gateway.disconnected = resolve));
        const socket = connect(caller);
        socket.emit(tool, args);
        return {
          leave() {
            socket.disconnect();
            return noticed;
          },
        };
      },
      close: () => app.close(),
    };
  },
};

/** Sends a message, and waits for its acknowledgement or for an exception. */
function ask(socket: ClientSocket, tool: ToolName, args: ToolArgs): Promise<ToolAnswer> {
  return new Promise((resolve, reject) => {
    socket.once('connect_error', reject);
    socket.once('exception', ({ cause: _cause, ...error }: { cause?: unknown }) =>
      resolve({ error }),
    );
    socket.emit(tool, args, (result: unknown) => resolve({ result }));
  });
}
