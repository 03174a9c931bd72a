import type { Fleet } from './fleet';
import type { Load } from './load';

/** What must reach nobody: PostgreSQL's words, its codes for them. */
const RACES = /deadlock|could not serialize|serialization failure|40P01|40001|23505|duplicate key/i;

/** What PostgreSQL has logged. */
export interface LoggedRaces {
  /** Batches that lost a race for a new row, and were run again. */
  duplicates: number;
  /** Statements that waited more than a second for a lock. */
  longWaits: number;
  /** Statements that took more than two seconds. */
  longStatements: number;
}

/**
 * Checks that no race within the database has reached a caller or a log, and that PostgreSQL itself
 * had no deadlock.
 */
export async function faultsTold(fleet: Fleet, load?: Load): Promise<LoggedRaces> {
  if (load !== undefined) {
    const answers = [...load.told.values()].flat().map(({ body }) => JSON.stringify(body ?? ''));
    const refusals = load.refusals.map(({ text }) => text);
    expect([...answers, ...refusals].filter((text) => RACES.test(text))).toEqual([]);
  }
  expect(fleet.output.split('\n').filter((line) => RACES.test(line))).toEqual([]);
  const log = await fleet.serverLog();
  expect(log).toMatch(/database system is ready/);
  expect(
    log.split('\n').filter((line) => /deadlock detected|could not serialize/.test(line)),
  ).toEqual([]);
  const count = (words: string): number => log.split(words).length - 1;
  return {
    duplicates: count('duplicate key value'),
    longWaits: count('still waiting for'),
    longStatements: count('duration:'),
  };
}

/** Has a failure name the seed that draws the same again. */
export async function rethrowWithSeed<T>(seed: number, play: () => Promise<T>): Promise<T> {
  try {
    return await play();
  } catch (error) {
    throw new Error(`FLEET_SEED=${seed} draws the same again: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
