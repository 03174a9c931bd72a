import { createHash } from 'node:crypto';
import type { Fleet } from './fleet';
import { microsOf } from './plan';
import type { Plan, PlannedCharge } from './plan';

interface StoredHold {
  hash: string;
  state: 'held' | 'settled' | 'released' | 'unknown';
  held: number;
  settled: number;
  undone: number;
  keyId: string;
  chargedTo: string[];
  /** Whether the instance that has it is gone. */
  isOfDead: boolean;
}

/** What the books come to, in micro-dollars. */
export interface Books {
  /** What the vendor executed. */
  executed: number;
  spent: number;
  /** What counts though its outcome is not known. */
  unknown: number;
  operations: number;
  unknownHolds: number;
  /** Charges that callers were told are paid, while the instance died before their settlement was written. */
  paidUnknown: number;
}

/** Holds the ledger of a fleet, as it stands in the database, against what the vendor has executed. */
export class Auditor {
  #samples = 0;
  #isWatching = true;
  #watch: Promise<void> | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly plan: Plan,
  ) {}

  /** Looks again and again whether a cap is passed at this moment. */
  begin(): void {
    this.#watch = this.#watchCaps();
    this.#watch.catch(() => {});
  }

  /**
   * Returns how many moments were looked at.
   *
   * @throws Error where a cap was passed at any of them.
   */
  async end(): Promise<number> {
    this.#isWatching = false;
    await this.#watch;
    expect(this.#samples).toBeGreaterThan(0);
    return this.#samples;
  }

  /** @throws Error where any promise about money is broken. */
  async check(acknowledged: ReadonlySet<string>): Promise<Books> {
    await this.#checkCaps();
    const holds = await this.#holds();
    await this.#checkBalances(holds);
    await this.#checkSubjects(holds);
    return this.#checkOperations(holds, acknowledged);
  }

  async #watchCaps(): Promise<void> {
    while (this.#isWatching) {
      try {
        await this.#checkCaps();
        this.#samples += 1;
      } catch (error) {
        // The server is away now and then.
        if (error instanceof BrokenPromise) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** One statement sees one moment. */
  async #checkCaps(): Promise<void> {
    const passed = await this.fleet.query(
      `SELECT b.name, b.total, k.cap_micros FROM
         (SELECT name, sum(spent + held)::text AS total FROM vault_key.balances WHERE name LIKE 'key/%' GROUP BY name) b
         JOIN vault_key.keys k ON k.id = substr(b.name, 5)
       WHERE b.total::bigint > k.cap_micros`,
    );
    if (passed.length > 0) throw new BrokenPromise(`caps are passed: ${JSON.stringify(passed)}`);
    const days = await this.fleet.query(
      "SELECT name, sum(spent + held)::text AS total FROM vault_key.balances WHERE name LIKE '[%' GROUP BY name",
    );
    for (const { name, total } of days as { name: string; total: string }[]) {
      const cap = this.#capOver(name);
      if (cap !== undefined && Number(total) > cap) {
        throw new BrokenPromise(`${name} comes to ${total} under a cap of ${cap}`);
      }
    }
  }

  /** The tightest daily cap over a subject by the plan, in micro-dollars. */
  #capOver(balanceName: string): number | undefined {
    const [scope, tenant, user, id] = subjectIn(balanceName);
    const caps = this.plan.operatorBudgets
      .filter((each) => each.scope === scope && each.id === id)
      .filter((each) => each.tenant === undefined || each.tenant === tenant)
      .filter((each) => each.user === undefined || each.user === user)
      .map(({ usd }) => usd);
    if (scope === 'user' || scope === 'run') caps.push(this.plan.appBudgets[scope]);
    return caps.length === 0 ? undefined : Math.round(Math.min(...caps) * 1e6);
  }

  async #holds(): Promise<StoredHold[]> {
    const rows = await this.fleet.query(
      `SELECT h.*, h.held::text AS held, h.settled::text AS settled, h.undone::text AS undone, w.reaped_at IS NOT NULL AS is_of_dead
       FROM vault_key.holds h LEFT JOIN vault_key.writers w ON w.id = h.writer`,
    );
    return rows.map((row) => ({
      hash: row['idempotency_key_hash'] as string,
      state: row['state'] as StoredHold['state'],
      held: Number(row['held']),
      settled: Number(row['settled']),
      undone: Number(row['undone']),
      keyId: row['key_id'] as string,
      chargedTo: JSON.parse(row['charged_to'] as string) as string[],
      isOfDead: row['is_of_dead'] as boolean,
    }));
  }

  async #checkBalances(holds: readonly StoredHold[]): Promise<void> {
    const sums = new Map<string, { spent: number; held: number; undone: number }>();
    for (const hold of holds) {
      for (const name of hold.chargedTo) {
        const sum = sums.get(name) ?? { spent: 0, held: 0, undone: 0 };
        sum.spent += hold.settled;
        sum.undone += hold.undone;
        if (isOpen(hold)) sum.held += hold.held;
        sums.set(name, sum);
      }
    }
    const rows = await this.fleet.query(
      `SELECT name, sum(spent)::text AS spent, sum(held)::text AS held, sum(undone)::text AS undone
       FROM vault_key.balances GROUP BY name`,
    );
    for (const { name, spent, held, undone } of rows as Record<string, string>[]) {
      const sum = sums.get(name ?? '') ?? { spent: 0, held: 0, undone: 0 };
      sums.delete(name ?? '');
      const isRight =
        Number(spent) === sum.spent && Number(held) === sum.held && Number(undone) === sum.undone;
      if (!isRight) {
        throw new BrokenPromise(
          `${name} has ${spent} spent, ${held} held and ${undone} undone; its holds come to ${sum.spent}, ${sum.held} and ${sum.undone}`,
        );
      }
    }
    if (sums.size > 0) throw new BrokenPromise(`no balance has ${[...sums.keys()].join()}`);
  }

  /** Each hold counts under its key, those above it, and all that its charge works for by the plan. */
  async #checkSubjects(holds: readonly StoredHold[]): Promise<void> {
    const keys = await this.fleet.query('SELECT id, parent_id FROM vault_key.keys');
    const parents = new Map(keys.map((key) => [key['id'] as string, key['parent_id']]));
    const planned = this.#plannedByHash();
    for (const { hash, keyId, chargedTo } of holds) {
      const charge = planned.get(hash);
      if (charge === undefined) throw new BrokenPromise(`a hold belongs to no charge: ${hash}`);
      const expected = [`key/${keyId}`];
      for (let up = parents.get(keyId); typeof up === 'string'; up = parents.get(up)) {
        expected.push(`key/${up}`);
      }
      const names = new Set(chargedTo.map((name) => name.replace(/@[-\d]+$/, '')));
      const missing = [...expected, ...subjectsOf(charge)].filter((name) => !names.has(name));
      if (missing.length > 0) {
        throw new BrokenPromise(
          `${charge.charge.operation} does not count under ${missing.join()}`,
        );
      }
    }
  }

  async #checkOperations(
    holds: readonly StoredHold[],
    acknowledged: ReadonlySet<string>,
  ): Promise<Books> {
    const byHash = new Map<string, StoredHold[]>();
    for (const hold of holds) byHash.set(hold.hash, [...(byHash.get(hold.hash) ?? []), hold]);
    const executed = await this.fleet.vendor.executed();
    const executedOf = new Map(executed.map((each) => [each.operation, each]));
    const books: Books = {
      executed: 0,
      spent: 0,
      unknown: 0,
      operations: 0,
      unknownHolds: 0,
      paidUnknown: 0,
    };
    for (const [operation, { micros }] of this.plan.byOperation) {
      const own = byHash.get(hashOf(operation)) ?? [];
      const spent = own.reduce((sum, hold) => sum + hold.settled, 0);
      const open = own.filter(isOpen);
      const unknown = open.reduce((sum, hold) => sum + hold.held, 0);
      const done = executedOf.get(operation);
      const cost = done === undefined ? 0 : microsOf(done);
      const figures = `${operation} of ${micros}: ${cost} executed, ${spent} spent, ${unknown} unknown`;
      if ((done?.movements ?? 0) > 1) throw new BrokenPromise(`${figures}, executed twice`);
      if (cost > spent + unknown) throw new BrokenPromise(`${figures}: not all that was executed`);
      if (spent > cost) throw new BrokenPromise(`${figures}: more than was executed`);
      if (spent + unknown > micros) throw new BrokenPromise(`${figures}: counted twice`);
      if (acknowledged.has(operation) && spent !== micros) {
        const isCutOff = unknown === micros && open.every(({ isOfDead }) => isOfDead);
        if (!isCutOff) throw new BrokenPromise(`${figures}: its caller was told that it is paid`);
        books.paidUnknown += 1;
      }
      if (own.length > 0) books.operations += 1;
      books.executed += cost;
      books.spent += spent;
      books.unknown += unknown;
      books.unknownHolds += open.length;
    }
    const stray = executed.filter(({ operation }) => !this.plan.byOperation.has(operation));
    if (stray.length > 0) throw new BrokenPromise(`the vendor has executed ${stray[0]?.operation}`);
    return books;
  }

  #plannedByHash(): Map<string, PlannedCharge> {
    return new Map(
      [...this.plan.byOperation].map(([operation, charge]) => [hashOf(operation), charge]),
    );
  }
}

class BrokenPromise extends Error {}

function isOpen({ state }: StoredHold): boolean {
  return state === 'held' || state === 'unknown';
}

function hashOf(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex');
}

function subjectIn(balanceName: string): [scope: string, tenant: string, user: string, id: string] {
  return JSON.parse(balanceName.replace(/@[-\d]+$/, '')) as [string, string, string, string];
}

function subjectsOf({ subject: { tenant, user, run }, tool }: PlannedCharge): string[] {
  return [
    ['tenant', '', '', tenant],
    ['user', tenant, '', user],
    ['run', tenant, user, run],
    ['tool', '', '', tool],
    ['vendor', '', '', 'stripe'],
  ].map((each) => JSON.stringify(each));
}
