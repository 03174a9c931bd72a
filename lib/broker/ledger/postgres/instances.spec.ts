import fc from 'fast-check';
import { keyRecord } from '../../../../test/support/key-record';
import { propertyRuns } from '../../../../test/support/property-runs';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { until } from '../../../../test/support/until';
import { readEntry } from '../../audit/audit-entry';
import type { KeyRecord } from '../../keys/key';
import type { Outcome, Price } from '../../pricing/price';
import type { Book } from '../book';
import type { AdmittedCall, Decision } from '../records';
import { cutOff } from '../rules/lost-calls';
import { StoreLedger } from '../store-ledger';
import { loadPgDriver } from './pg-driver';
import type { PgDriver, PgSession } from './pg-driver';
import type { PostgresBook } from './postgres-book';
import { PostgresStore } from './postgres-store';
import { DAILY } from '../../../../test/support/daily';

const CENT = 10_000;
const TTL_MS = 400;
const KEY = keyRecord('k', { capMicros: 100 * CENT, subject: { tenant_id: 't', user_id: 'u' } });

/** The way of one instance to the server. */
class Way implements PgDriver {
  readonly #driver = loadPgDriver();
  readonly #sessions = new Set<PgSession>();
  #isCut = false;
  /** Ends the connection once a COMMIT is on its way, before its answer. */
  losesCommits = 0;
  /** Called with each statement before it is sent, and with what ends the connection. */
  onAsk: ((text: string, end: () => void) => Promise<void>) | undefined;
  /** Called with each answer before it is given, and with what ends the connection. */
  onAnswer: ((text: string, end: () => void) => Promise<void>) | undefined;

  async connect(url: string, withinMs: number): Promise<PgSession> {
    if (this.#isCut) throw Object.assign(new Error('cut off'), { code: 'ECONNREFUSED' });
    const session = await this.#driver.connect(url, withinMs);
    this.#sessions.add(session);
    return {
      ...session,
      query: async (text, values) => {
        await this.onAsk?.(text, () => session.destroy());
        if (text !== 'COMMIT' || this.losesCommits === 0) {
          const answer = await session.query(text, values);
          await this.onAnswer?.(text, () => session.destroy());
          return answer;
        }
        this.losesCommits -= 1;
        await session.query(text, values);
        session.destroy();
        throw Object.assign(new Error('the answer is lost'), { code: 'ECONNRESET' });
      },
    };
  }

  /** From now on nothing of the instance reaches the server. */
  cut(): void {
    this.#isCut = true;
    for (const session of this.#sessions) session.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }
}

interface Instance {
  way: Way;
  store: PostgresStore;
  ledger: StoreLedger;
}

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());

let url: string;
let instances: Instance[];
let calls = 0;
beforeEach(async () => {
  url = await server.store();
  instances = [];
});
afterEach(async () => {
  for (const { way, ledger } of instances) {
    way.mend();
    await ledger.close();
  }
});

async function start(): Promise<Instance> {
  const way = new Way();
  const store = await PostgresStore.open(url, { auditKey: 'a key', ttlMs: TTL_MS, driver: way });
  const instance = { way, store, ledger: new StoreLedger(store) };
  instances.push(instance);
  return instance;
}

function admit(
  { ledger }: Instance,
  cents: number,
  more: { key?: KeyRecord; under?: string; price?: Price } = {},
) {
  const { key = KEY, under } = more;
  const {
    price = { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' } as const,
  } = more;
  const callId = `call_${++calls}`;
  return ledger.admit({
    callId,
    key,
    account: '',
    price,
    ...(under === undefined ? {} : { operation: { keyHash: under, fingerprint: under } }),
    audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: callId, key_id: key.id },
  });
}
function callOf(decision: Decision): AdmittedCall {
  if (!decision.admitted) throw decision.refusal;
  return decision.call;
}
const end = ({ ledger }: Instance, call: AdmittedCall, outcome: Outcome) =>
  ledger.end({ call, outcome, audit: {} });
const balance = async ({ ledger }: Instance, id = KEY.id) => (await ledger.key(id))?.balance;

/** Waits until an instance has seen that another one is gone, and has ended what it left. */
async function untilReaped(by: Instance, id: string): Promise<void> {
  for (;;) {
    await by.store.reap();
    const [row] = await server.query(
      new URL(url).pathname.slice(1),
      `SELECT count(*)::int AS open FROM vault_key.writers WHERE reaped_at IS NULL AND id = '${id}'`,
    );
    if (row?.['open'] === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const writerOf = async (): Promise<string> => {
  const [row] = await server.query(
    new URL(url).pathname.slice(1),
    'SELECT id FROM vault_key.writers ORDER BY expires_at DESC, id LIMIT 1',
  );
  return row?.['id'] as string;
};

describe('two instances on one store', () => {
  it('pass no cap together, whatever they are asked at once', async () => {
    const pair = [await start(), await start()] as const;
    await pair[0].ledger.issue(KEY);
    const asked = Array.from({ length: 60 }, (_, i) => admit(pair[i % 2 === 0 ? 0 : 1], 7));
    const decisions = await Promise.all(asked);
    expect(decisions.filter(({ admitted }) => admitted)).toHaveLength(14);
    expect(await balance(pair[0])).toEqual({ spent: 0, held: 98 * CENT, undone: 0 });
    expect(await balance(pair[1])).toEqual({ spent: 0, held: 98 * CENT, undone: 0 });
  });

  it('undo no more of a payment than was settled for it, whatever refunds they are asked at once', async () => {
    const pair = [await start(), await start()] as const;
    const { subject } = KEY;
    // With no cap that is over both of them.
    const keys = ['k1', 'k2'].map((id) => keyRecord(id, { capMicros: 200 * CENT, subject }));
    for (const key of keys) await pair[0].ledger.issue(key);
    for (let round = 0; round < 10; round++) {
      const [one, other] = [`pi_${round}`, `ch_${round}`];
      const paid = callOf(await admit(pair[0], 10, { key: keys[0]! }));
      const object = { id: one, aliases: [other], amount: 10, currency: 'usd' };
      await end(pair[0], paid, { ending: 'settled', object });
      const asked = Array.from({ length: 6 }, (_, i) => {
        const price: Price = {
          kind: 'refund',
          objectId: i % 2 === 0 ? one : other,
          amount: 3,
          canUndo: true,
        };
        return admit(pair[i % 2]!, 3, { key: keys[i % 2]!, price });
      });
      const admitted = (await Promise.all(asked)).map(callOf);
      expect(await undone()).toBe(10 * CENT);
      for (const [i, call] of admitted.entries()) {
        await end(pair[i % 2]!, call, { ending: 'released', conclusive: true });
      }
      expect(await undone()).toBe(0);
    }

    async function undone(): Promise<number> {
      const balances = await Promise.all(keys.map(({ id }) => balance(pair[0], id)));
      return balances.reduce((sum, each) => sum + (each?.undone ?? 0), 0);
    }
  });

  it('have one day of a user, whose budget an operator has set at one of them', async () => {
    const [one, other] = [await start(), await start()];
    const keys = [KEY, { ...KEY, id: 'l', tokenHash: 'hash of l' }];
    for (const key of keys) await one.ledger.issue(key);
    await other.ledger.putBudget({
      scope: 'user',
      tenant: 't',
      user: undefined,
      id: 'u',
      ...DAILY,
      capMicros: 50 * CENT,
    });
    const asked = Array.from({ length: 40 }, (_, i) =>
      admit(i % 2 === 0 ? one : other, 3, { key: keys[i % 3 === 0 ? 0 : 1] as KeyRecord }),
    );
    const admitted = (await Promise.all(asked)).filter((each) => each.admitted);
    expect(admitted).toHaveLength(16);
  });

  it.each([
    [
      'a brake',
      ({ ledger }: Instance) =>
        ledger.putBrake({ id: 'b', scope: 'user', target: 'u', reason: 'r' }),
    ],
    ['a revocation', ({ ledger }: Instance) => ledger.revoke([KEY.id])],
    ['the end of a lease', ({ ledger }: Instance) => ledger.endLease('lease')],
    [
      'a budget of 0',
      ({ ledger }: Instance) =>
        ledger.putBudget({
          scope: 'user',
          tenant: 't',
          user: undefined,
          id: 'u',
          ...DAILY,
          capMicros: 0,
        }),
    ],
  ])('admit no call after the answer to %s at the other', async (_name, stop) => {
    const [one, other] = [await start(), await start()];
    const { expiresAt } = await one.ledger.beginLease('lease', 600_000);
    const key = { ...KEY, capMicros: 1e9 * CENT, lease: { id: 'lease', expiresAt } };
    await one.ledger.issue(key);
    let isStopped = false;
    let late = 0;
    let admitted = 0;
    const callers = Array.from({ length: 8 }, async () => {
      while (!isStopped) {
        const decision = await admit(other, 1, { key });
        if (decision.admitted) admitted += 1;
      }
      for (let i = 0; i < 5; i++) if ((await admit(other, 1, { key })).admitted) late += 1;
    });
    while (admitted < 20) await new Promise((resolve) => setImmediate(resolve));
    await stop(one);
    isStopped = true;
    await Promise.all(callers);
    expect(late).toBe(0);
  });

  it('forgets no brake for the sake of an answer that comes late', async () => {
    const [one, other] = [await start(), await start()];
    await one.ledger.issue(KEY);
    let goOn = (): void => {};
    const isLate = new Promise<void>((resolve) => (goOn = resolve));
    let seen = (): void => {};
    const isSeen = new Promise<void>((resolve) => (seen = resolve));
    one.way.onAnswer = async (text) => {
      if (!text.includes('read_1')) return;
      one.way.onAnswer = undefined;
      seen();
      await isLate;
    };
    const look = one.store.look((book) => book.budgets());
    await isSeen;
    await other.ledger.putBrake({ id: 'b', scope: 'user', target: 'u', reason: 'r' });
    expect(await admit(one, 1)).toMatchObject({ admitted: false });
    one.way.onAnswer = async (text) => {
      if (!text.includes('load_1')) return;
      one.way.onAnswer = undefined;
      goOn();
      await look;
    };
    expect(await admit(one, 1)).toMatchObject({ admitted: false });
    expect(await admit(one, 1)).toMatchObject({ admitted: false });
  });

  it('have one hold for one operation, whichever of them is asked', async () => {
    const [one, other] = [await start(), await start()];
    await one.ledger.issue(KEY);
    const decisions = await Promise.all([
      admit(one, 60, { under: 'same' }),
      admit(other, 60, { under: 'same' }),
    ]);
    const [first, second] = decisions.map(callOf) as [AdmittedCall, AdmittedCall];
    expect(first.holdId).toBe(second.holdId);
    expect(await balance(one)).toEqual({ spent: 0, held: 60 * CENT, undone: 0 });
    await end(one, first, { ending: 'released' });
    expect(await balance(one)).toEqual({ spent: 0, held: 60 * CENT, undone: 0 });
    await end(other, second, { ending: 'settled' });
    expect(await balance(one)).toEqual({ spent: 60 * CENT, held: 0, undone: 0 });
  });

  it('each have a chain of the audit log, and verify both', async () => {
    const [one, other] = [await start(), await start()];
    await one.ledger.issue(KEY);
    await end(other, callOf(await admit(other, 10)), { ending: 'settled' });
    expect(await one.ledger.verifyAudit()).toMatchObject({ ok: true, entries: 2 });
    const { entries } = await one.ledger.audit({}, { limit: 10 });
    expect(entries.map(({ event }) => event).sort()).toEqual(['call', 'issue']);
    await server.query(
      new URL(url).pathname.slice(1),
      "UPDATE vault_key.audit SET entry = replace(entry, 'settled', 'released')",
    );
    expect(await one.ledger.verifyAudit()).toMatchObject({ ok: false });
  });
});

describe('an instance that is gone', () => {
  it('leaves holds that are unknown from then on, and count', async () => {
    const one = await start();
    const gone = await writerOf();
    await one.ledger.issue(KEY);
    callOf(await admit(one, 30));
    callOf(await admit(one, 40, { under: 'operation' }));
    const other = await start();
    one.way.cut();
    await untilReaped(other, gone);
    const { entries } = await other.ledger.holds({ state: 'unknown' }, { limit: 10 });
    expect(entries.map(({ heldMicros }) => heldMicros / CENT).sort((a, b) => a - b)).toEqual([
      30, 40,
    ]);
    expect(await balance(other)).toEqual({ spent: 0, held: 70 * CENT, undone: 0 });
    const rows = await other.ledger.audit({ verdict: 'unknown' }, { limit: 10 });
    expect(rows.entries).toHaveLength(2);
    expect(await other.ledger.verifyAudit()).toMatchObject({ ok: true });
  });

  it('leaves the store long after, once nothing is open that it began, and the log verifies without it', async () => {
    const one = await start();
    const gone = await writerOf();
    const other = await start();
    await one.ledger.issue(KEY);
    const paid = callOf(await admit(one, 30));
    await end(one, paid, { ending: 'settled' });
    callOf(await admit(one, 40));
    one.way.cut();
    await untilReaped(other, gone);
    const query = (text: string) => server.query(new URL(url).pathname.slice(1), text);
    const DAY = 86_400_000;
    /** What is left of it after a sweep of a store that keeps what has ended for three days. */
    const sweep = async () => {
      await query('UPDATE vault_key.meta SET swept_at = 0');
      await other.store.maySweep(3 * DAY);
      const [row] = await query(
        `SELECT (SELECT count(*)::int FROM vault_key.writers WHERE id = '${gone}') AS writers,
          (SELECT count(*)::int FROM vault_key.audit_writers WHERE writer = '${gone}') AS heads`,
      );
      return row;
    };
    expect(await other.ledger.verifyAudit()).toMatchObject({ ok: true });
    expect(await sweep()).toEqual({ writers: 1, heads: 1 });
    await query(`UPDATE vault_key.writers SET reaped_at = reaped_at - ${4 * DAY}`);
    await query(`INSERT INTO vault_key.calls VALUES ('open', '${gone}', '{}')`);
    expect(await sweep()).toEqual({ writers: 1, heads: 1 });
    await query(`DELETE FROM vault_key.calls WHERE id = 'open'`);
    expect(await sweep()).toEqual({ writers: 0, heads: 0 });
    expect(await other.ledger.verifyAudit()).toMatchObject({ ok: true });
    callOf(await admit(other, 10));
    expect(await balance(other)).toEqual({ spent: 30 * CENT, held: 50 * CENT, undone: 0 });
  });

  it('goes on as another where it comes back after it has left the store', async () => {
    const DAY = 86_400_000;
    const one = await start();
    const gone = await writerOf();
    const other = await start();
    await one.ledger.issue(KEY);
    callOf(await admit(one, 30));
    one.way.cut();
    await untilReaped(other, gone);
    const query = (text: string) => server.query(new URL(url).pathname.slice(1), text);
    await query(`UPDATE vault_key.writers SET reaped_at = reaped_at - ${4 * DAY}`);
    await query('UPDATE vault_key.meta SET swept_at = 0');
    await other.store.maySweep(3 * DAY);
    const now = Date.now() + 4 * DAY;
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now);
    try {
      one.way.mend();
      await until(
        () =>
          admit(one, 10).then(
            ({ admitted }) => admitted,
            () => false,
          ),
        () => 'no call is admitted',
      );
    } finally {
      later.mockRestore();
    }
    expect(await balance(other)).toEqual({ spent: 0, held: 40 * CENT, undone: 0 });
    expect(await other.ledger.verifyAudit()).toMatchObject({ ok: true });
  });

  it('has each of its calls ended once, though two that reap it meet in one batch', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    const { callId } = callOf(await admit(one, 30));
    const reap = (book: Book): void => {
      const entry = (book as PostgresBook).openCall(callId);
      if (entry !== undefined) cutOff(book, callId, readEntry(entry));
    };
    await Promise.all([one.store.run(reap), one.store.run(reap)]);
    const { entries } = await one.ledger.audit({ verdict: 'unknown' }, { limit: 10 });
    expect(entries).toHaveLength(1);
  });

  it('is fenced once it was declared dead, and goes on as another where it comes back', async () => {
    const one = await start();
    const gone = await writerOf();
    await one.ledger.issue(KEY);
    const call = callOf(await admit(one, 30));
    const other = await start();
    one.way.cut();
    await untilReaped(other, gone);
    one.way.mend();
    await end(one, call, { ending: 'settled' });
    expect(await balance(other)).toEqual({ spent: 30 * CENT, held: 0, undone: 0 });
    callOf(await admit(one, 10));
    expect(await other.ledger.verifyAudit()).toMatchObject({ ok: true });
  });

  it('leaves an operation to the one that has a call under it too', async () => {
    const one = await start();
    const gone = await writerOf();
    await one.ledger.issue(KEY);
    callOf(await admit(one, 30, { under: 'same' }));
    const other = await start();
    const call = callOf(await admit(other, 30, { under: 'same' }));
    one.way.cut();
    await untilReaped(other, gone);
    await end(other, call, { ending: 'released' });
    // The outcome of the other one's call is unknown.
    expect(await balance(other)).toEqual({ spent: 0, held: 30 * CENT, undone: 0 });
    const { entries } = await other.ledger.holds({ state: 'unknown' }, { limit: 10 });
    expect(entries).toHaveLength(1);
  });
});

describe('a store whose server fails', () => {
  it('has each call once where the answer to COMMIT is lost', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    one.way.losesCommits = 1;
    const call = callOf(await admit(one, 30));
    expect(await balance(one)).toEqual({ spent: 0, held: 30 * CENT, undone: 0 });
    one.way.losesCommits = 1;
    await end(one, call, { ending: 'settled' });
    expect(await balance(one)).toEqual({ spent: 30 * CENT, held: 0, undone: 0 });
    expect(await one.ledger.verifyAudit()).toMatchObject({ ok: true, entries: 2 });
  });

  it('ends a call once where the answer is lost and the server is away for a moment', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    const first = callOf(await admit(one, 10, { under: 'same' }));
    const retry = callOf(await admit(one, 10, { under: 'same' }));
    one.way.onAnswer = async (text) => {
      if (text !== 'COMMIT') return;
      one.way.onAnswer = undefined;
      one.way.cut();
      throw Object.assign(new Error('the answer is lost'), { code: 'ECONNRESET' });
    };
    await end(one, retry, { ending: 'released' });
    one.way.mend();
    await end(one, first, { ending: 'settled' });
    await one.ledger.issue({ ...KEY, id: 'next', tokenHash: 'hash of next' });
    expect(await balance(one)).toEqual({ spent: 10 * CENT, held: 0, undone: 0 });
    const { entries } = await one.ledger.audit({ event: 'call' }, { limit: 10 });
    expect(entries.map(({ call_id: id, verdict }) => [id, verdict])).toEqual([
      [first.callId, 'settled'],
      [retry.callId, 'released'],
    ]);
  });

  it.each([
    ['with the next one', async (one: Instance) => void (await admit(one, 1))],
    ['with its next sign of life', async () => {}],
  ])(
    'gives back, %s, what a call held that was refused since the answer did not come',
    async (_when, next) => {
      const one = await start();
      await one.ledger.issue({ ...KEY, capMicros: 1_000 * CENT });
      one.way.onAnswer = async (text) => {
        if (text !== 'COMMIT') return;
        one.way.onAnswer = undefined;
        one.way.cut();
        throw Object.assign(new Error('the answer is lost'), { code: 'ECONNRESET' });
      };
      await expect(admit(one, 30, { under: 'same' })).rejects.toMatchObject({ status: 503 });
      one.way.mend();
      await next(one);
      const given = async () => {
        const { entries } = await one.ledger.audit({ verdict: 'released' }, { limit: 10 });
        return entries.map(({ reason }) => reason);
      };
      await until(
        async () => (await given()).length > 0,
        async () => JSON.stringify(await balance(one)),
      );
      expect(await given()).toEqual(['the store did not say in time that the call was admitted']);
      expect((await balance(one))?.held).toBeLessThanOrEqual(CENT);
      // The same operation is held as if it had never been asked for.
      const again = callOf(await admit(one, 30, { under: 'same' }));
      await end(one, again, { ending: 'settled' });
      expect((await balance(one))?.spent).toBe(30 * CENT);
      expect(await one.ledger.verifyAudit()).toMatchObject({ ok: true });
    },
  );

  it('gives back what a call held whose batch it finds written when nobody asks for anything', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    one.way.onAnswer = async (text) => {
      // Longer than a batch waits for an answer; and it has no time left to ask what became of it.
      if (text === 'COMMIT') await new Promise((resolve) => setTimeout(resolve, 5_500));
      if (text.includes('take_turn_1')) await new Promise((resolve) => setTimeout(resolve, 1_000));
    };
    await expect(admit(one, 30)).rejects.toMatchObject({ status: 503 });
    one.way.onAnswer = undefined;
    await until(
      async () => (await balance(one))?.held === 0,
      async () => JSON.stringify(await balance(one)),
    );
  }, 60_000);

  it('does not take a batch for written that never arrived, where it asks for it twice', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    const first = callOf(await admit(one, 30, { under: 'same' }));
    const lost = (end: () => void): never => {
      end();
      throw Object.assign(new Error('the connection is lost'), { code: 'ECONNRESET' });
    };
    one.way.onAsk = async (text, endConnection) => {
      if (!text.includes('store_1')) return;
      one.way.onAsk = undefined;
      lost(endConnection);
    };
    one.way.onAnswer = async (text, endConnection) => {
      if (!text.includes('take_turn_1')) return;
      one.way.onAnswer = undefined;
      lost(endConnection);
    };
    await expect(admit(one, 30, { under: 'same' })).rejects.toMatchObject({ status: 503 });
    callOf(await admit(one, 1));
    expect(await balance(one)).toEqual({ spent: 0, held: 31 * CENT, undone: 0 });
    await end(one, first, { ending: 'unknown' });
    expect(await balance(one)).toEqual({ spent: 0, held: 31 * CENT, undone: 0 });
    const { entries } = await one.ledger.audit({ verdict: 'released' }, { limit: 10 });
    expect(entries).toEqual([]);
  });

  it('writes nothing outside of the transaction that has the locks', async () => {
    const [one, other] = [await start(), await start()];
    await one.ledger.issue(KEY);
    one.way.onAnswer = async (text, endConnection) => {
      if (!text.includes('load_1')) return;
      one.way.onAnswer = undefined;
      endConnection();
      callOf(await admit(other, 100));
    };
    const late = await admit(one, 100).then(
      ({ admitted }) => admitted,
      () => false,
    );
    expect(late).toBe(false);
    expect(await balance(other)).toEqual({ spent: 0, held: 100 * CENT, undone: 0 });
  });

  it('refuses with 503 while it is away, and goes on when it is back', async () => {
    const one = await start();
    await one.ledger.issue(KEY);
    const call = callOf(await admit(one, 30));
    one.way.cut();
    await expect(admit(one, 10)).rejects.toMatchObject({ status: 503 });
    await end(one, call, { ending: 'settled' });
    expect((await one.ledger.figures().catch(() => undefined))?.keptSettlements).toBeUndefined();
    one.way.mend();
    callOf(await admit(one, 10));
    expect(await balance(one)).toEqual({ spent: 30 * CENT, held: 10 * CENT, undone: 0 });
  });

  it('loses nothing that was told where the server is killed', async () => {
    const one = await start();
    await one.ledger.issue({ ...KEY, capMicros: 1e9 * CENT });
    let told = 0;
    let isOver = false;
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        await admit(one, 1).then(
          ({ admitted }) => (told += admitted ? 1 : 0),
          () => new Promise((resolve) => setTimeout(resolve, 20)),
        );
      }
    });
    while (told < 50) await new Promise((resolve) => setImmediate(resolve));
    await server.end('SIGKILL');
    await server.begin();
    const before = told;
    while (told < before + 50) await new Promise((resolve) => setImmediate(resolve));
    isOver = true;
    await Promise.all(callers);
    const held = ((await balance(one))?.held ?? 0) / CENT;
    expect(held).toBeGreaterThanOrEqual(told);
    expect(await one.ledger.verifyAudit()).toMatchObject({ ok: true });
  }, 60_000);
});

it('no cap is passed, and nothing is lost, by instances that come and go', async () => {
  const way = fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ at: fc.nat(2), cents: fc.integer({ min: 1, max: 30 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          end: fc.nat(9),
          as: fc.constantFrom('settled', 'released', 'unknown'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ lose: fc.nat(2) }) },
    ),
    { minLength: 5, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(way, async (steps) => {
      url = await server.store();
      const three = [await start(), await start(), await start()];
      await three[0]!.ledger.issue(KEY);
      const open: { by: Instance; call: AdmittedCall; cents: number }[] = [];
      const sums = { held: 0, spent: 0 };
      for (const step of steps) {
        if ('at' in step) {
          const by = three[step.at] as Instance;
          const decision = await admit(by, step.cents);
          expect(decision.admitted).toBe(sums.held + sums.spent + step.cents <= 100);
          if (!decision.admitted) continue;
          open.push({ by, call: decision.call, cents: step.cents });
          sums.held += step.cents;
        } else if ('lose' in step) {
          (three[step.lose] as Instance).way.losesCommits += 1;
        } else {
          const [one] = open.splice(step.end % Math.max(1, open.length), 1);
          if (one === undefined) continue;
          await end(one.by, one.call, { ending: step.as as Outcome['ending'] });
          if (step.as !== 'unknown') sums.held -= one.cents;
          if (step.as === 'settled') sums.spent += one.cents;
        }
      }
      // What is asked of the store now has its answer: one that an instance without calls has not lost yet, too.
      for (const { way } of three) way.losesCommits = 0;
      expect(await balance(three[0]!)).toEqual({
        spent: sums.spent * CENT,
        held: sums.held * CENT,
        undone: 0,
      });
      expect(await three[1]!.ledger.verifyAudit()).toMatchObject({ ok: true });
      for (const { ledger } of instances.splice(0)) await ledger.close();
    }),
    { numRuns: propertyRuns(15) },
  );
}, 120_000);
