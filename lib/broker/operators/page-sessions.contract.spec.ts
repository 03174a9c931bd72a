import { everyLedger } from '../../../test/support/ledgers';
import { TestClock } from '../../../test/support/test-clock';
import { hashToken } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { PageSessions } from './page-sessions';

const START = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const TOKEN = hashToken('a token');
const at = (ms: number) => new Date(ms).toISOString();

describe.each(everyLedger())('the log-ins at the page, %s', (_name, open) => {
  let clock: TestClock;
  let ledger: Ledger;
  let sessions: PageSessions;
  beforeEach(async () => {
    clock = new TestClock(START);
    ledger = await open(clock);
    sessions = new PageSessions(ledger);
  });
  afterEach(() => ledger.close());

  const find = (id: string) => sessions.find(id, false);

  it('have random ids, of which the store has only the hash', async () => {
    const { id, ...info } = await sessions.begin(TOKEN);
    const other = await sessions.begin(TOKEN);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(other.id).not.toBe(id);
    expect(info).toEqual({
      tokenHash: TOKEN,
      expiresAt: at(START + 8 * 60 * MINUTE),
      idleExpiresAt: at(START + 30 * MINUTE),
    });
    expect(await find(id)).toEqual(info);
    expect(await find(hashToken(id))).toBeUndefined();
  });

  it('end 30 minutes after they were used last', async () => {
    const { id } = await sessions.begin(TOKEN);
    clock.instant += 29 * MINUTE;
    const used = await sessions.find(id, true);
    expect(used?.idleExpiresAt).toBe(at(START + 59 * MINUTE));
    clock.instant += 30 * MINUTE - 1;
    expect(await find(id)).toEqual(used);
    clock.instant += 1;
    expect(await find(id)).toBeUndefined();
    expect(await sessions.find(id, true)).toBeUndefined();
  });

  it('are not put off by who only looks whether they last', async () => {
    const { id } = await sessions.begin(TOKEN);
    for (let i = 0; i < 29; i++) {
      clock.instant += MINUTE;
      expect((await find(id))?.idleExpiresAt).toBe(at(START + 30 * MINUTE));
    }
    clock.instant += MINUTE;
    expect(await find(id)).toBeUndefined();
  });

  it('end after 8 hours, however much they are used', async () => {
    const { id } = await sessions.begin(TOKEN);
    for (let i = 1; i < 24; i++) {
      clock.instant += 20 * MINUTE;
      expect(await sessions.find(id, true)).toBeDefined();
    }
    const last = await find(id);
    expect(last?.idleExpiresAt).toBe(last?.expiresAt);
    clock.instant += 20 * MINUTE;
    expect(await sessions.find(id, true)).toBeUndefined();
  });

  it('end where they are ended, and where the same browser begins another', async () => {
    const first = await sessions.begin(TOKEN);
    const second = await sessions.begin(TOKEN, first.id);
    expect(await find(first.id)).toBeUndefined();
    expect(await find(second.id)).toBeDefined();
    await sessions.end(second.id);
    await sessions.end(second.id);
    expect(await find(second.id)).toBeUndefined();
  });

  it.each(['', 'x', '-'.repeat(44), `${'-'.repeat(42)} `, '__proto__'])(
    'are not found by what is no id: %j',
    async (id) => {
      await sessions.begin(TOKEN, id);
      await sessions.end(id);
      expect(await find(id)).toBeUndefined();
    },
  );
});
