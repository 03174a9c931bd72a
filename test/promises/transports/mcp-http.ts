import type { ServerResponse } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Controller, Injectable, Module, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import type { StreamableHttpTransportOptions } from '@rekog/mcp-nest';
import { VaultKeyModule } from '../../../lib/index';
import { McpTools, answerOf } from './mcp-tools';
import { InProcessHost, watchLog } from './tool-host';
import { ToolWorkModule } from './tool-work';
import type { Caller, TransportUnderTest } from './transport-under-test';

interface RawRequest {
  headers: Record<string, string | undefined>;
  user?: { id: string };
}

/** Takes the user from a header, as an authentication guard would from a token. */
@Injectable()
export class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<RawRequest & { raw?: RawRequest }>();
    const raw = request.raw ?? request;
    const user = raw.headers['x-user'];
    if (user !== undefined) raw.user = { id: user };
    return true;
  }
}

/** Which revisions of the protocol a client speaks. */
type Era = 'legacy' | 'modern';

function over(
  name: string,
  era: Era,
  options: StreamableHttpTransportOptions,
  adapter: () => AbstractHttpAdapter,
): TransportUnderTest {
  return {
    name,
    toolName: (tool) => tool,
    stopsForLeaver: true,
    async start(moduleOptions) {
      const transport = new StreamableHttpTransport(options);

      @Controller('mcp')
      @UseGuards(UserGuard)
      class McpEndpoint extends McpHttpControllerFor(transport) {}

      @Module({
        imports: [VaultKeyModule.forRoot(moduleOptions), ToolWorkModule],
        controllers: [McpTools, McpEndpoint],
      })
      class AppModule {}

      const app = await NestFactory.create(AppModule, adapter(), { logger: false });
      watchLog(app);
      const strategy = new McpStrategy({ name: 'tools', version: '1', transports: [transport] });
      app.connectMicroservice({ strategy }, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      const url = new URL(`${await app.getUrl()}/mcp`);

      async function connect({ user, run }: Caller): Promise<Client> {
        const client = new Client(
          { name: 'agent', version: '1' },
          { versionNegotiation: { mode: era === 'modern' ? 'auto' : 'legacy' } },
        );
        const headers = {
          'x-agent-run-id': run,
          ...(user === undefined ? {} : { 'x-user': user }),
        };
        await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
        expect(client.getProtocolEra()).toBe(era);
        return client;
      }

      return {
        host: new InProcessHost(app),
        async call(tool, args, caller) {
          const client = await connect(caller);
          try {
            return answerOf(await client.callTool({ name: tool, arguments: { ...args } }));
          } finally {
            await client.close();
          }
        },
        async callAndLeave(tool, args, caller) {
          const client = await connect(caller);
          const noticed = new Promise<void>((resolve) => {
            const server = app.getHttpServer() as NodeJS.EventEmitter;
            server.once('request', (_request: unknown, response: ServerResponse) => {
              response.once('close', resolve);
            });
          });
          const leaving = new AbortController();
          client
            .callTool({ name: tool, arguments: { ...args } }, { signal: leaving.signal })
            .catch(() => {});
          return {
            async leave() {
              leaving.abort();
              // Of a session only the call is cancelled, by a message of its own.
              if (era === 'legacy') await client.ping();
              else await noticed;
              await client.close();
            },
          };
        },
        close: () => app.close(),
      };
    },
  };
}

export const mcpOnExpress = over(
  'MCP on Express, without sessions',
  'modern',
  {},
  () => new ExpressAdapter(),
);
export const mcpSessionsOnFastify = over(
  'MCP on Fastify, in sessions',
  'legacy',
  { statefulMode: true },
  () => new FastifyAdapter(),
);
