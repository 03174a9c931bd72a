import { playAgentRun } from './demo/play';
import { Transcript } from './demo/transcript';
import { endWithNpm } from './end-with-npm';
import { findRedis } from './jobs/redis';
import { InvalidSettingError, readSettings } from './settings';
import type { Settings } from './settings';
import { startApp } from './start-app';

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  endWithNpm();
  if (!settings.twoInstances) return runOnce(settings);
  const { runTwoInstances } = await import('./two-instances/run.js');
  await runTwoInstances(settings);
}

async function runOnce(settings: Settings): Promise<void> {
  const redis = await findRedis(process.env);
  const queueing = redis.url === undefined ? undefined : await import('./jobs/jobs.module.js');
  const jobs = queueing === undefined ? [] : [queueing.JobsModule.on(redis.url ?? '')];
  const app = await startApp(settings, ...jobs);
  // Without this a signal would leave keys to their expiry. Interrupted, `--once` is no success.
  app.enableShutdownHooks([], { useProcessExit: !settings.once });
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
