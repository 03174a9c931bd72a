import { Module } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ClsModule } from 'nestjs-cls';
import { VaultKeyModule } from '../../lib/index';
import { SecretWatch } from '../support/secret-watch';
import { OuterInterceptor, ToolsModule } from './tools.controller';

export const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

/** An application with the tools, listening on a free port of this machine. */
export interface ToolsApp {
  app: INestApplication;
  url: string;
  watch: SecretWatch;
}

/** Starts an application whose root imports `imports`, and shows every log line to its watch. */
export async function startToolsApp(
  adapter: keyof typeof adapters,
  options: Parameters<typeof VaultKeyModule.forRoot>[0],
  { importedTwice = false, ownCls = false } = {},
): Promise<ToolsApp> {
  @Module({
    imports: [
      ...(ownCls ? [ClsModule.forRoot({ global: true, middleware: { mount: true } })] : []),
      VaultKeyModule.forRoot(options),
      ...(importedTwice ? [VaultKeyModule.forRoot(options)] : []),
      ToolsModule,
    ],
    providers: [{ provide: APP_INTERCEPTOR, useClass: OuterInterceptor }],
  })
  class AppModule {}

  const early = new SecretWatch();
  const logger = loggerTo(early);
  const app = await NestFactory.create(AppModule, new adapters[adapter](), { logger });
  await app.listen(0, '127.0.0.1');
  const watch = app.get(SecretWatch);
  app.useLogger(loggerTo(watch));
  return { app, url: await app.getUrl(), watch };
}

function loggerTo(watch: SecretWatch): LoggerService {
  const show = (...lines: unknown[]): void => lines.forEach((line) => watch.show(line));
  return { log: show, error: show, warn: show, debug: show, verbose: show, fatal: show };
}
