import { request } from 'node:http';
import { Body, Controller, Injectable, Module, Post, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AgentTool, VaultKeyModule } from '../../../lib/index';
import { InProcessHost, watchLog } from './tool-host';
import { POLICY, ToolWork, ToolWorkModule } from './tool-work';
import type { ToolArgs } from './tool-work';
import type { Caller, TransportUnderTest } from './transport-under-test';

/** Takes the user from a header, as an authentication guard would from a session. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: { id: string };
    }>();
    const user = request.headers['x-user'];
    if (user !== undefined) request.user = { id: user };
    return true;
  }
}

@Controller('tools')
@UseGuards(UserGuard)
class HttpTools {
  constructor(private readonly work: ToolWork) {}

  @Post('charge')
  @AgentTool(POLICY)
  charge(@Body() args: ToolArgs) {
    return this.work.charge(args);
  }

  @Post('chargeTwice')
  @AgentTool(POLICY)
  chargeTwice(@Body() args: ToolArgs) {
    return this.work.chargeTwice(args);
  }

  @Post('payOut')
  @AgentTool(POLICY)
  payOut(@Body() args: ToolArgs) {
    return this.work.payOut(args);
  }

  @Post('fail')
  @AgentTool(POLICY)
  fail(@Body() args: ToolArgs) {
    return this.work.fail(args);
  }

  @Post('leaveBehind')
  @AgentTool(POLICY)
  leaveBehind(@Body() args: ToolArgs) {
    return this.work.leaveBehind(args);
  }

  @Post('chargeUnmarked')
  chargeUnmarked(@Body() args: ToolArgs) {
    return this.work.chargeUnmarked(args);
  }

  @Post('failUnmarked')
  failUnmarked(@Body() args: ToolArgs) {
    return this.work.failUnmarked(args);
  }
}

function over(name: string, adapter: () => AbstractHttpAdapter): TransportUnderTest {
  return {
    name,
    toolName: (tool) => `HttpTools.${tool}`,
    stopsForLeaver: true,
    async start(options) {
      @Module({
        imports: [VaultKeyModule.forRoot(options), ToolWorkModule],
        controllers: [HttpTools],
      })
      class AppModule {}

      const app = await NestFactory.create(AppModule, adapter(), { logger: false });
      watchLog(app);
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();

      const headersOf = ({ run, user }: Caller) => ({
        'content-type': 'application/json',
        'x-agent-run-id': run,
        ...(user === undefined ? {} : { 'x-user': user }),
      });

      return {
        host: new InProcessHost(app),
        async call(tool, args, caller) {
          const response = await fetch(`${url}/tools/${tool}`, {
            method: 'POST',
            headers: headersOf(caller),
            body: JSON.stringify(args),
          });
          const text = await response.text();
          const body: unknown = text === '' ? undefined : JSON.parse(text);
          return response.ok ? { result: body } : { error: body };
        },
        async callAndLeave(tool, args, caller) {
          const noticed = new Promise<void>((resolve) => {
            const server = app.getHttpServer() as NodeJS.EventEmitter;
            server.once('request', (_request: unknown, response: NodeJS.EventEmitter) => {
              response.once('close', resolve);
            });
          });
          const outgoing = request(`${url}/tools/${tool}`, {
            method: 'POST',
            headers: headersOf(caller),
            agent: false,
          });
          outgoing.on('error', () => {}).end(JSON.stringify(args));
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

export const express = over('HTTP on Express', () => new ExpressAdapter());
export const fastify = over('HTTP on Fastify', () => new FastifyAdapter());
