import { Controller, Injectable, Module, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport as NestTransport,
} from '@nestjs/microservices';
import type { ClientProxy, RedisOptions, TcpOptions } from '@nestjs/microservices';

import type { AddressInfo, Server } from 'node:net';
import { lastValueFrom } from 'rxjs';
import { AgentTool, VaultKeyModule } from '../../../lib/index';
import { RedisServer, redisInstalled } from '../../support/redis-server';
import { InProcessHost, watchLog } from './tool-host';
import { POLICY, ToolWork, ToolWorkModule } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { Caller, ToolAnswer, ToolName, TransportUnderTest } from './transport-under-test';

/** Lets in whom a message's session names, as an authentication guard would. */
@Injectable()
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const rpc = context.switchToRpc();
    const { session } = rpc.getData<{ session?: string }>();
    if (session !== undefined) rpc.getContext<{ user?: { id: string } }>().user = { id: session };
    return true;
  }
}

@Controller()
@UseGuards(SessionGuard)
export class RpcTools {
  constructor(private readonly work: ToolWork) {}

  @MessagePattern('charge')
  @AgentTool(POLICY)
  charge(@Payload() args: ToolArgs) {
    return this.work.charge(args);
  }

  @MessagePattern('chargeTwice')
  @AgentTool(POLICY)
  chargeTwice(@Payload() args: ToolArgs) {
    return this.work.chargeTwice(args);
  }

  @MessagePattern('payOut')
  @AgentTool(POLICY)
  payOut(@Payload() args: ToolArgs) {
    return this.work.payOut(args);
  }

  @MessagePattern('fail')
  @AgentTool(POLICY)
  fail(@Payload() args: ToolArgs) {
    return this.work.fail(args);
  }

  @MessagePattern('leaveBehind')
  @AgentTool(POLICY)
  leaveBehind(@Payload() args: ToolArgs) {
    return this.work.leaveBehind(args);
  }

  @MessagePattern('chargeUnmarked')
  chargeUnmarked(@Payload() args: ToolArgs) {
    return this.work.chargeUnmarked(args);
  }

  @MessagePattern('failUnmarked')
  failUnmarked(@Payload() args: ToolArgs) {
    return this.work.failUnmarked(args);
  }
}

interface Listening {
  options: TcpOptions | RedisOptions;
  close(): Promise<void>;
}

export const tcp = over('microservices on TCP', async () => ({
  options: { transport: NestTransport.TCP, options: { host: '127.0.0.1', port: 0 } },
  close: async () => {},
}));

export const redis: TransportUnderTest = {
  ...over('microservices on Redis', async () => {
    const server = await RedisServer.start();
    return {
      options: {
        transport: NestTransport.REDIS,
        options: { host: server.host, port: server.port },
      },
      close: () => server.close(),
    };
  }),
  available: redisInstalled,
};

function over(name: string, begin: () => Promise<Listening>): TransportUnderTest {
  return {
    name,
    toolName: (tool) => `RpcTools.${tool}`,
    async start(options) {
      @Module({
        imports: [VaultKeyModule.forRoot(options), ToolWorkModule],
        controllers: [RpcTools],
      })
      class AppModule {}

      const server = await begin();
      const app = await NestFactory.createMicroservice(AppModule, {
        ...server.options,
        logger: false,
      });
      watchLog(app);
      await app.listen();
      const connect = (): ClientProxy => clientOf(app, server);
      const client = connect();
      await client.connect();

      return {
        host: new InProcessHost(app),
        call: (tool, args, caller) => send(client, tool, args, caller),
        async callAndLeave(tool, args, caller) {
          const leaver = connect();
          await leaver.connect();
          const sent = leaver.send(tool, payloadOf(args, caller)).subscribe();
          return {
            async leave() {
              sent.unsubscribe();
              await leaver.close();
            },
          };
        },
        async close() {
          await client.close();
          await app.close();
          await server.close();
        },
      };
    },
  };
}

function clientOf(app: INestMicroservice, { options }: Listening): ClientProxy {
  if (options.transport === NestTransport.REDIS) return ClientProxyFactory.create(options);
  const { port } = app.unwrap<Server>().address() as AddressInfo;
  return ClientProxyFactory.create({
    transport: NestTransport.TCP,
    options: { host: '127.0.0.1', port },
  });
}

function payloadOf(args: ToolArgs, { user, run }: Caller) {
  return { ...args, session: user, metadata: { 'x-agent-run-id': run } };
}

async function send(
  client: ClientProxy,
  tool: ToolName,
  args: ToolArgs,
  caller: Caller,
): Promise<ToolAnswer> {
  try {
    return { result: await lastValueFrom(client.send<unknown>(tool, payloadOf(args, caller))) };
  } catch (error) {
    return { error };
  }
}
