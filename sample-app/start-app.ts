import { ConsoleLogger } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';
import { loopbackOnly } from './loopback-only';
import { serveMcp } from './mcp/mcp-server';
import type { Settings } from './settings';

/** Starts an instance of the sample, and has it listen. */
export async function startApp(
  settings: Settings,
  ...jobs: DynamicModule[]
): Promise<INestApplication> {
  // What keeps it from starting is told by its caller, in one line and not as a stack.
  const app = await NestFactory.create(AppModule.with(settings, ...jobs), {
    abortOnError: false,
    logger: false,
  });
  app.useLogger(new ConsoleLogger({ logLevels: ['warn', 'error'], colors: process.stdout.isTTY }));
  app.use(loopbackOnly);
  await serveMcp(app);
  await app.listen(settings.port, '127.0.0.1');
  return app;
}
