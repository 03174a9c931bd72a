import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Transcript } from '../demo/transcript';
import type { Settings } from '../settings';
import { startApp } from '../start-app';
import { StripeAccount } from '../stripe-account/stripe-account';
import { OtherProcess } from './other-process';
import { playSplitLoop } from './play';
import { ThrowAwayPostgres } from './throw-away-postgres';

/** Starts a throw-away PostgreSQL and two instances on it, this process and another one. */
export async function runTwoInstances(given: Settings): Promise<void> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const each of started.splice(0).toReversed()) await each.stop();
  };
  let interrupted: NodeJS.Signals | undefined;
  const untilSignal = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        interrupted ??= signal;
        resolve();
      });
    }
  });
  try {
    const postgres = await ThrowAwayPostgres.start();
    started.push(postgres);
    const auditKey = randomBytes(32).toString('hex');
    const settings = { ...given, store: postgres.url, auditKey };
    const app = await startApp(settings);
    started.push({ stop: () => app.close() });
    const other = await OtherProcess.start(settings, app.get(StripeAccount));
    started.push(other);
    const played = play(app, other, postgres.url, !given.once);
    await Promise.race([played, untilSignal]);
    if (!given.once) await untilSignal;
    else if (interrupted !== undefined || !(await played)) process.exitCode = 1;
  } finally {
    await stop();
  }
  process.exit();
}

async function play(
  app: INestApplication,
  other: OtherProcess,
  store: string,
  isServing: boolean,
): Promise<boolean> {
  const url = await app.getUrl();
  const instances = [
    { name: '1', url, pid: process.pid },
    { name: '2', url: other.url, pid: other.pid },
  ];
  const transcript = new Transcript();
  const wentAsTold = await playSplitLoop(app, instances, store, transcript);
  if (isServing) transcript.invitation(url);
  return wentAsTold;
}
