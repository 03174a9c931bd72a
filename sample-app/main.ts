import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';
import { playAgentRun } from './demo/play';
import { Transcript } from './demo/transcript';
import { endWithNpm } from './end-with-npm';
import { findRedis } from './jobs/redis';
import { loopbackOnly } from './loopback-only';
import { serveMcp } from './mcp/mcp-server';
import { InvalidSettingError, readSettings } from './settings';

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const redis = await findRedis(process.env);
  const queueing = redis.url === undefined ? undefined : await import('./jobs/jobs.module.js');
  const jobs = queueing === undefined ? [] : [queueing.JobsModule.on(redis.url ?? '')];
  // What keeps it from starting is told below, in one line and not as a stack.
  const app = await NestFactory.create(AppModule.with(settings, ...jobs), {
    abortOnError: false,
    logger: false,
  });
  app.useLogger(new ConsoleLogger({ logLevels: ['warn', 'error'], colors: process.stdout.isTTY }));
  // Without this a signal would leave keys to their expiry. Interrupted, `--once` is no success.
  app.enableShutdownHooks([], { useProcessExit: !settings.once });
  endWithNpm();
  app.use(loopbackOnly);
  await serveMcp(app);
  await app.listen(settings.port, '127.0.0.1');
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (stopped = true));

  const url = await app.getUrl();
  const transcript = new Transcript();
  const wentAsTold = await playAgentRun(app, url, transcript, {
    redis: redis.address,
    jobs: queueing && app.get(queueing.Jobs),
  });
  if (settings.once) {
    process.exitCode = wentAsTold ? 0 : 1;
    await app.close();
    return;
  }
  if (!stopped) transcript.invitation(url);
}

main().catch((error: unknown) => {
  const line = error instanceof Error ? error.message : String(error);
  console.error(`sample-app: ${line.replace(/\s*\n\s*/g, ' ')}`);
  process.exit(error instanceof InvalidSettingError ? 2 : 1);
});
