import { Module } from '@nestjs/common';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ClsModule } from 'nestjs-cls';
import { VaultKeyModule } from '../../lib/index';
import { SecretWatch } from '../support/secret-watch';
import { TelemetrySdk } from '../support/telemetry-sdk';
import { OuterInterceptor, ToolsModule } from './tools.controller';

export const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

/** An application with the tools, listening on a free port of this machine. */
export interface ToolsApp {
  app: INestApplication;
  url: string;
  watch: SecretWatch;
  /** Shows what the meters say to the watch. What spans say is shown as they end. */
  showMeters(): Promise<void>;
}

/** Those of all applications of a suite: an SDK is registered once. */
const watches = new Set<SecretWatch>();
let sdk: TelemetrySdk | undefined;

afterAll(() => sdk?.end());

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

  sdk ??= TelemetrySdk.register({
    watch: { show: (shown) => watches.forEach((watch) => watch.show(shown)) },
  });
  const early = new SecretWatch();
  const logger = loggerTo(early);
  const app = await NestFactory.create(AppModule, new adapters[adapter](), { logger });
  await app.listen(0, '127.0.0.1');
  const watch = app.get(SecretWatch);
  app.useLogger(loggerTo(watch));
  watches.add(watch);
  const showMeters = async (): Promise<void> => watch.show(await sdk?.measure());
  return { app, url: await app.getUrl(), watch, showMeters };
}

function loggerTo(watch: SecretWatch): LoggerService {
  const show = (...lines: unknown[]): void => lines.forEach((line) => watch.show(line));
  return { log: show, error: show, warn: show, debug: show, verbose: show, fatal: show };
}
