import { SeededRandom } from '../support/seeded-random';
import { Auditor } from './books';
import { faultsTold, rethrowWithSeed } from './faults-told';
import type { LoggedRaces } from './faults-told';
import { Fleet } from './fleet';
import type { FleetSize } from './fleet';
import { Load, refusedBy } from './load';
import { drawPlan } from './plan';

const KINDS = ['key', 'parent', 'tenant', 'user', 'run', 'tool', 'vendor'];

export interface ChargeFigures extends LoggedRaces {
  charges: number;
  executed: number;
  executedUsd: number;
  refusals: Record<string, number>;
  declines: number;
  /** Invocations and charges that the store was too late for. */
  unavailable: number;
  samples: number;
  seconds: number;
}

/** Charges at all instances at once, against caps of every kind; then every promise is checked. */
export function playCharges(
  size: FleetSize,
  charges: number,
  seed: number,
): Promise<ChargeFigures> {
  return rethrowWithSeed(seed, async () => {
    const random = new SeededRandom(seed);
    const plan = drawPlan(random, charges, `c${seed}`);
    const fleet = await Fleet.start(size, plan.appBudgets);
    try {
      const load = new Load(fleet, plan, random);
      await load.prepare();
      const auditor = new Auditor(fleet, plan);
      auditor.begin();
      const begun = performance.now();
      await load.run();
      const seconds = (performance.now() - begun) / 1_000;
      const samples = await auditor.end();

      const told = [...load.told.values()].flat();
      expect(load.unanswered).toEqual([]);
      expect(load.told.size).toBe(charges);
      const paid = told.filter(({ status }) => status === 200);
      const capped = told.filter((each) => refusedBy(each) !== undefined);
      const declined = told.filter((each) => each.status === 402 && refusedBy(each) === undefined);
      // A machine that is too busy refuses calls before anything is sent: they are tried again.
      const late = told.filter(isUnavailable);
      const known = new Set([...paid, ...capped, ...declined, ...late]);
      expect(told.filter((each) => !known.has(each)).slice(0, 5)).toEqual([]);
      expect(load.refusals.filter((each) => !isUnavailable(each)).slice(0, 5)).toEqual([]);
      const refusals = Object.fromEntries(
        KINDS.map((kind) => [kind, capped.filter((each) => refusedBy(each) === kind).length]),
      );
      expect(KINDS.filter((kind) => refusals[kind] === 0)).toEqual([]);

      const books = await auditor.check(new Set(paid.map(({ operation }) => operation)));
      expect([books.spent, books.unknown, books.paidUnknown]).toEqual([books.executed, 0, 0]);
      for (const broker of fleet.brokers) {
        const { body } = await broker.api('GET', '/v1/budgets/vendor/stripe');
        expect([body.spent_usd, body.held_usd]).toEqual([books.executed / 1e6, 0]);
        const verdict = await broker.api('GET', '/v1/audit/verify');
        expect(verdict.body).toMatchObject({ ok: true });
      }
      await fleet.stop();
      const races = await faultsTold(fleet, load);
      return {
        charges,
        executed: paid.length,
        executedUsd: books.executed / 1e6,
        refusals,
        declines: declined.length,
        unavailable: late.length + load.refusals.length,
        samples,
        ...races,
        seconds: Math.round(seconds * 10) / 10,
      };
    } finally {
      await fleet.close();
    }
  });
}

function isUnavailable({ status, body }: { status: number; body?: unknown }): boolean {
  const { error, code } = (body ?? {}) as Record<string, unknown>;
  return status === 503 && (error === 'vault_key_unavailable' || code === 'store_unavailable');
}
