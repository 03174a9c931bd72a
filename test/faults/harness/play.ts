import type { PostgresServer } from '../../support/postgres-server';
import type { Fault } from './fault';
import { checkPromises } from './promises';
import { World } from './world';
import type { StoreKind } from './world';

/** How many payments come before a fault, and how many after it. */
const BEFORE = 12;
const AFTER = 20;

/** A line of the table at the end. */
export interface PlayedFault {
  name: string;
  on: StoreKind;
  seconds: number;
  findings: readonly string[];
  failure?: string;
}

/** A fault that could not be played here, and why. */
export interface SkippedFault {
  name: string;
  on: StoreKind;
  reason: string;
}

/**
 * Plays a fault to its end: load, the fault, its end, load, and every promise.
 *
 * @param shared The server of faults that need none for themselves.
 * @throws Error that names the fault, the seed, and the first promise that is broken.
 */
export async function playFault(
  fault: Fault,
  on: StoreKind,
  seed: number,
  shared: () => Promise<PostgresServer>,
): Promise<PlayedFault> {
  const began = performance.now();
  const own = on === 'postgres' ? await fault.server?.() : undefined;
  const server = own ?? (on === 'postgres' ? await shared() : undefined);
  const world = await World.open(fault.setting ?? {}, seed, await server?.database());
  try {
    world.record.mayKeysEnd = fault.excuses?.endsKeys === true;
    world.agents.start(fault.setting?.load ?? 1);
    await world.untilPaid(BEFORE);
    const said = await fault.strike(world, server as never);
    const struck = performance.now();
    await world.untilWell();
    const well = secondsSince(struck);
    await world.untilPaid(AFTER);
    await world.agents.stop();
    const findings = await checkPromises(world);
    if (said !== undefined) findings.unshift(said);
    findings.push(`well after ${well.toFixed(1)} s`);
    const waited = world.record.slowestRefusal;
    if (waited > 0) findings.push(`slowest 503 after ${(waited / 1_000).toFixed(1)} s`);
    return { name: fault.name, on, seconds: secondsSince(began), findings };
  } catch (error) {
    throw new Error(
      `${fault.name}, on ${on}, FAULTS_SEED=${seed}: ${(error as Error).message}; answers: ${world.describeAnswers()}`,
      { cause: error },
    );
  } finally {
    await world.close();
    await own?.remove();
  }
}

/** All faults in lines, with what was looked at. */
export function tableOf(played: readonly PlayedFault[], skipped: readonly SkippedFault[]): string {
  const lines = played.map(({ name, on, seconds, findings, failure }) => {
    const outcome = failure === undefined ? 'ok  ' : 'FAIL';
    return `${outcome} ${on.padEnd(8)} ${seconds.toFixed(0).padStart(4)} s  ${name}\n       ${failure ?? findings.join('; ')}`;
  });
  for (const { name, on, reason } of skipped) {
    lines.push(`none ${on.padEnd(8)}    - s  ${name}\n       not played here: ${reason}`);
  }
  const failed = played.filter(({ failure }) => failure !== undefined).length;
  const names = new Set(played.map(({ name }) => name)).size;
  return `${lines.join('\n')}\n${names} named faults, ${played.length} played, ${failed} failed, ${skipped.length} not played\n`;
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}
