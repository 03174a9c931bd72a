import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../support/seeded-random';
import { until } from '../support/until';
import { Auditor } from './books';
import { faultsTold, rethrowWithSeed } from './faults-told';
import type { LoggedRaces } from './faults-told';
import { Fleet } from './fleet';
import type { FleetSize } from './fleet';
import { Load } from './load';
import { drawPlan } from './plan';
import { Words } from './words';

/** Two lives of an instance, and what a busy machine needs. */
const REAPED_WITHIN_MS = 90_000;
const VENDOR_DELAY_MS = 15;
const POLL_MS = 10;

export interface KillSettings {
  charges: number;
  /** How many instances are killed, at even parts of the load. */
  instanceKills: number;
  /** At which parts of the load the server is killed, from 0 to 1. */
  serverKills: readonly number[];
  /** Declares the dead ones dead, as others do once their time is over, instead of waiting for that. */
  hurries: boolean;
}

export interface KillFigures extends LoggedRaces {
  charges: number;
  paid: number;
  executedUsd: number;
  unknownHolds: number;
  paidUnknown: number;
  unknownUsd: number;
  instanceKills: number;
  serverKills: number;
  unanswered: number;
  refused: number;
  retries: number;
  words: number;
  samples: number;
  reapedAfterMs: number;
  seconds: number;
}

/** The same charges while instances and the server are killed; then every promise is checked. */
export function playKills(
  size: FleetSize,
  settings: KillSettings,
  seed: number,
): Promise<KillFigures> {
  return rethrowWithSeed(seed, async () => {
    const random = new SeededRandom(seed);
    const plan = drawPlan(random, settings.charges, `k${seed}`);
    const fleet = await Fleet.start(size, plan.appBudgets, { vendorDelayMs: VENDOR_DELAY_MS });
    try {
      const load = new Load(fleet, plan, random);
      await load.prepare();
      const words = new Words(fleet, new SeededRandom(seed + 1));
      const auditor = new Auditor(fleet, plan);
      auditor.begin();
      words.begin();
      const begun = performance.now();
      const kills = killWhile(fleet, load, new SeededRandom(seed + 2), settings);
      await load.run();
      const { instanceKills, serverKills } = await kills();
      const seconds = (performance.now() - begun) / 1_000;
      const given = await words.end();
      expect(given).toBeGreaterThan(0);
      const reapedAfterMs = await untilReaped(fleet, settings.hurries);
      const samples = await auditor.end();

      const told = [...load.told.values()].flat();
      const paid = new Set(
        told.filter(({ status }) => status === 200).map(({ operation }) => operation),
      );
      const books = await auditor.check(paid);
      const open = await fleet.query(
        "SELECT count(*)::int AS count FROM vault_key.holds WHERE state = 'held'",
      );
      expect(open).toEqual([{ count: 0 }]);
      await words.check();
      for (const broker of fleet.brokers) {
        const verdict = await broker.api('GET', '/v1/audit/verify');
        expect(verdict.body).toMatchObject({ ok: true });
      }
      await fleet.stop();
      const races = await faultsTold(fleet, load);
      expect([instanceKills, serverKills]).toEqual([
        settings.instanceKills,
        settings.serverKills.length,
      ]);
      return {
        charges: settings.charges,
        paid: paid.size,
        executedUsd: books.executed / 1e6,
        unknownHolds: books.unknownHolds,
        paidUnknown: books.paidUnknown,
        unknownUsd: books.unknown / 1e6,
        instanceKills,
        serverKills,
        unanswered: load.unanswered.length,
        refused: load.refusals.length,
        retries: load.retries,
        words: given,
        samples,
        reapedAfterMs: Math.round(reapedAfterMs),
        ...races,
        seconds: Math.round(seconds),
      };
    } finally {
      await fleet.close();
    }
  });
}

/** Begins to kill. What it returns ends that, once all that was killed is there again. */
function killWhile(
  fleet: Fleet,
  load: Load,
  random: SeededRandom,
  settings: KillSettings,
): () => Promise<{ instanceKills: number; serverKills: number }> {
  const starting = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const untilSent = async (part: number): Promise<void> => {
    while (load.progress < part) await delay(POLL_MS);
  };
  const killInstances = async (): Promise<number> => {
    let killed = 0;
    for (; killed < settings.instanceKills; killed++) {
      await untilSent((killed + 1) / (settings.instanceKills + 1));
      const replaced = await replaceOne();
      starting.set(replaced.name, replaced.done);
    }
    return killed;
  };
  /** One that is up. */
  const replaceOne = async (): Promise<{ name: string; done: Promise<void> }> => {
    for (;;) {
      const name = random.pick(fleet.places.filter((each) => !starting.has(each)));
      if (name !== undefined) {
        const done = fleet
          .replace(name)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => starting.delete(name));
        return { name, done };
      }
      await delay(POLL_MS);
    }
  };
  const killServer = async (): Promise<number> => {
    let killed = 0;
    for (const part of settings.serverKills) {
      await untilSent(part);
      await fleet.killServer();
      killed += 1;
    }
    return killed;
  };
  const killing = Promise.all([killInstances(), killServer()]);
  return async () => {
    const [instances, servers] = await killing;
    await Promise.all(starting.values());
    expect(failures).toEqual([]);
    return { instanceKills: instances, serverKills: servers };
  };
}

/** Waits until the living have ended what the dead have left. Returns how long that took. */
async function untilReaped(fleet: Fleet, hurries: boolean): Promise<number> {
  const begun = performance.now();
  if (hurries) await declareDead(fleet);
  const open = async (): Promise<number> => {
    const [row] = await fleet.query(
      'SELECT count(*)::int AS open FROM vault_key.writers WHERE reaped_at IS NULL',
    );
    return row?.['open'] as number;
  };
  await until(
    async () => (await open()) === fleet.writers,
    async () => `${await open()} writers are not reaped, ${fleet.writers} live`,
    REAPED_WITHIN_MS,
  );
  return performance.now() - begun;
}

/** Each of the living writes: all others are dead. */
async function declareDead(fleet: Fleet): Promise<void> {
  const [row] = await fleet.query('SELECT vault_key.now_ms()::text AS now');
  await fleet.wakeWriters();
  const living = async (): Promise<number> => {
    const [found] = await fleet.query(
      `SELECT count(*)::int AS living FROM vault_key.writers
       WHERE closed_at IS NULL AND expires_at >= ${String(row?.['now'])} + 15000`,
    );
    return found?.['living'] as number;
  };
  await until(
    async () => (await living()) >= fleet.writers,
    async () => `${await living()} of ${fleet.writers} say that they live`,
  );
  await fleet.query(
    `UPDATE vault_key.writers SET closed_at = vault_key.now_ms()
     WHERE closed_at IS NULL AND expires_at < ${String(row?.['now'])} + 15000`,
  );
}
