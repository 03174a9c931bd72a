import { Injectable, Module, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { request } from 'node:http';
import { AgentTool, VaultKeyModule } from '../../../lib/index';
import { InProcessHost, watchLog } from './tool-host';
import { POLICY, ToolWork, ToolWorkModule } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { Caller, ToolName, TransportUnderTest } from './transport-under-test';

interface GraphQLBody {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: Record<string, unknown> }[];
}

/** Takes the user from a header, as an authentication guard would from a session. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { req } = context.getArgByIndex<{
      req: { headers: Record<string, string | undefined>; user?: { id: string } };
    }>(2);
    const user = req.headers['x-user'];
    if (user !== undefined) req.user = { id: user };
    return true;
  }
}

const typeDefs = `
  scalar JSON
  type Query { nothing: JSON }
  type Mutation {
    charge(args: JSON): JSON
    chargeTwice(args: JSON): JSON
    payOut(args: JSON): JSON
    fail(args: JSON): JSON
    leaveBehind(args: JSON): JSON
    chargeUnmarked(args: JSON): JSON
    failUnmarked(args: JSON): JSON
  }
`;

@Resolver()
@UseGuards(UserGuard)
class GraphQLTools {
  constructor(private readonly work: ToolWork) {}

  @Mutation()
  @AgentTool(POLICY)
  charge(@Args('args') args: ToolArgs) {
    return this.work.charge(args);
  }

  @Mutation()
  @AgentTool(POLICY)
  chargeTwice(@Args('args') args: ToolArgs) {
    return this.work.chargeTwice(args);
  }

  @Mutation()
  @AgentTool(POLICY)
  payOut(@Args('args') args: ToolArgs) {
    return this.work.payOut(args);
  }

  @Mutation()
  @AgentTool(POLICY)
  fail(@Args('args') args: ToolArgs) {
    return this.work.fail(args);
  }

  @Mutation()
  @AgentTool(POLICY)
  leaveBehind(@Args('args') args: ToolArgs) {
    return this.work.leaveBehind(args);
  }

  @Mutation()
  chargeUnmarked(@Args('args') args: ToolArgs) {
    return this.work.chargeUnmarked(args);
  }

  @Mutation()
  failUnmarked(@Args('args') args: ToolArgs) {
    return this.work.failUnmarked(args);
  }
}

function over(name: string, adapter: () => AbstractHttpAdapter): TransportUnderTest {
  return {
    name,
    toolName: (tool) => `GraphQLTools.${tool}`,
    async start(options) {
      @Module({
        imports: [
          VaultKeyModule.forRoot(options),
          ToolWorkModule,
          GraphQLModule.forRoot<ApolloDriverConfig>({
            driver: ApolloDriver,
            typeDefs,
            graphiql: false,
            includeStacktraceInErrorResponses: false,
          }),
        ],
        providers: [GraphQLTools],
      })
      class AppModule {}

      const app = await NestFactory.create(AppModule, adapter(), { logger: false });
      watchLog(app);
      await app.listen(0, '127.0.0.1');
      const url = `${await app.getUrl()}/graphql`;

      const headersOf = ({ run, user }: Caller) => ({
        'content-type': 'application/json',
        'x-agent-run-id': run,
        ...(user === undefined ? {} : { 'x-user': user }),
      });
      const bodyOf = (tool: ToolName, args: ToolArgs): string =>
        JSON.stringify({
          query: `mutation ($args: JSON) { ${tool}(args: $args) }`,
          variables: { args },
        });

      return {
        host: new InProcessHost(app),
        async call(tool, args, caller) {
          const response = await fetch(url, {
            method: 'POST',
            headers: headersOf(caller),
            body: bodyOf(tool, args),
          });
          const { data, errors } = (await response.json()) as GraphQLBody;
          const [error] = errors ?? [];
          if (error === undefined) return { result: data?.[tool] };
          const { code, ...extensions } = error.extensions;
          return { error: { ...extensions, error: code, message: error.message } };
        },
        async callAndLeave(tool, args, caller) {
          const noticed = new Promise<void>((resolve) => {
            const server = app.getHttpServer() as NodeJS.EventEmitter;
            server.once('request', (_request: unknown, response: NodeJS.EventEmitter) => {
              response.once('close', resolve);
            });
          });
          const outgoing = request(url, {
            method: 'POST',
            headers: headersOf(caller),
            agent: false,
          });
          outgoing.on('error', () => {}).end(bodyOf(tool, args));
          return {
            leave() {
              outgoing.destroy();
              return noticed;
            },
          };
        },
        close: () => app.close(),
      };
    },
  };
}

export const graphqlOnExpress = over('GraphQL on Express', () => new ExpressAdapter());
export const graphqlOnFastify = over('GraphQL on Fastify', () => new FastifyAdapter());
