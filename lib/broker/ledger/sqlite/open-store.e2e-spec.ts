import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Clock } from '../../clock';
import type { KeyRecord } from '../../keys/key';
import { AcceptedDoubts, DoubtfulStoreError, StoreInUseError } from '../store-doubt';
import type { StoreDoubt } from '../store-doubt';
import { checkBalances } from './balance-check';
import { openConnection } from './sqlite-driver';
import { SqliteLedger } from './sqlite-ledger';
import { closeStore } from './open-store';

const CENT = 10_000;
const folder = mkdtempSync(join(tmpdir(), 'vault-key-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash of k',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1_000 * CENT,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: 1_000,
  expiresAt: 1e15,
};

let calls = 0;
async function spend(ledger: SqliteLedger, cents: number, key = KEY): Promise<void> {
  const decision = await ledger.admit({
    callId: `call_${++calls}`,
    key,
    account: '',
    price: { kind: 'amount', micros: cents * CENT, amount: cents, currency: 'usd' },
    audit: { at: 'now', event: 'refusal', key_id: key.id },
  });
  if (!decision.admitted) throw decision.refusal;
  await ledger.end({ call: decision.call, outcome: { ending: 'settled' }, audit: {} });
}

const spent = async (ledger: SqliteLedger) => (await ledger.key('k'))?.balance.spent;

/** A store in which 1 USD is spent, closed. */
async function aStore(auditKey?: string): Promise<string> {
  const file = newFile();
  const ledger = new SqliteLedger(file, { auditKey });
  await ledger.issue(KEY);
  await spend(ledger, 100);
  await ledger.close();
  return file;
}

/** The same, as a kill leaves it: some of what was spent is in the `-wal` alone. */
async function aKilledStore(): Promise<string> {
  const file = await aStore();
  const ledger = new SqliteLedger(file);
  await spend(ledger, 200);
  const copy = newFile();
  for (const end of ['', '-wal', '.audit-key']) copyFileSync(file + end, copy + end);
  await ledger.close();
  return copy;
}

const open = (file: string, ...doubts: StoreDoubt[]) =>
  new SqliteLedger(file, { doubts: new AcceptedDoubts(doubts) });

/** The doubt that a start is refused for, in one line that says how to start all the same. */
function doubtOf(start: () => SqliteLedger): StoreDoubt {
  try {
    start();
  } catch (error) {
    if (!(error instanceof DoubtfulStoreError)) throw error;
    expect(error.message).toContain(`--accept-store ${error.doubt} (acceptStore: `);
    expect(error.message).not.toContain('\n');
    return error.doubt;
  }
  throw new Error('The store was taken for the one that was left.');
}

describe('a store whose -wal is gone', () => {
  it('is refused, and what is left of it is not touched', async () => {
    const file = await aKilledStore();
    rmSync(`${file}-wal`);
    const before = readFileSync(file);
    for (let i = 0; i < 2; i++) expect(doubtOf(() => open(file))).toBe('lost-wal');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith(`${basename(file)}-`))).toEqual([]);
  });

  it('starts with what it has where that is meant', async () => {
    const file = await aKilledStore();
    rmSync(`${file}-wal`);
    const ledger = open(file, 'lost-wal');
    expect(await spent(ledger)).toBe(100 * CENT);
    await ledger.close();
    await open(file).close();
  });

  it('is no matter where its broker closed it', async () => {
    const file = await aStore();
    expect(existsSync(`${file}-wal`)).toBe(false);
    await open(file).close();
  });
});

describe('a store with its -wal', () => {
  it('has all that was spent', async () => {
    const ledger = open(await aKilledStore());
    expect(await spent(ledger)).toBe(300 * CENT);
    await ledger.close();
  });

  it('is refused with the -wal of another one', async () => {
    const file = await aStore();
    copyFileSync(`${await aKilledStore()}-wal`, `${file}-wal`);
    expect(() => open(file)).toThrow(/-wal does not belong to it: move that file away/);
    rmSync(`${file}-wal`);
    writeFileSync(`${file}-wal`, '');
    const ledger = open(file);
    expect(await spent(ledger)).toBe(100 * CENT);
    await ledger.close();
  });
});

describe('an empty or missing file', () => {
  it.each(['missing', 'empty'])('that is %s beside an audit key is refused', async (state) => {
    const file = await aStore();
    rmSync(file);
    if (state === 'empty') writeFileSync(file, '');
    expect(doubtOf(() => open(file))).toBe('new-file');
    expect(existsSync(file) ? statSync(file).size : 0).toBe(0);
    const ledger = open(file, 'new-file');
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true, entries: 0 });
    await ledger.close();
    await open(file).close();
  });

  it('beside a -wal is refused, whatever the audit key is', async () => {
    const file = await aKilledStore();
    rmSync(file);
    rmSync(`${file}.audit-key`);
    const auditKey = 'an audit key that is kept elsewhere';
    expect(doubtOf(() => new SqliteLedger(file, { auditKey }))).toBe('new-file');
  });

  it('is a new store where nothing is beside it', async () => {
    const file = newFile();
    closeSync(openSync(file, 'w'));
    await open(file).close();
  });
});

describe('an audit key that is not the store’s', () => {
  it('is refused: a configured one, and one beside the file', async () => {
    const file = await aStore();
    const auditKey = 'another audit key, of the operator';
    expect(doubtOf(() => new SqliteLedger(file, { auditKey }))).toBe('other-audit-key');
    copyFileSync(`${await aStore()}.audit-key`, `${file}.audit-key`);
    expect(doubtOf(() => open(file))).toBe('other-audit-key');
  });

  it('is refused for one line break more, and works as it was given', async () => {
    const auditKey = 'an audit key that is kept elsewhere';
    const file = await aStore(auditKey);
    const start = (key: string) => new SqliteLedger(file, { auditKey: key });
    expect(doubtOf(() => start(`${auditKey}\n`))).toBe('other-audit-key');
    await start(auditKey).close();
  });

  it('chains what follows where it is meant, and what was before never verifies', async () => {
    const file = await aStore();
    rmSync(`${file}.audit-key`);
    copyFileSync(`${await aStore()}.audit-key`, `${file}.audit-key`);
    const ledger = open(file, 'other-audit-key');
    await spend(ledger, 100);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: false, seq: 1 });
    await ledger.close();
    await open(file).close();
  });

  it('beside the file is taken with the line break that an editor leaves, or without one', async () => {
    const file = await aStore();
    const key = readFileSync(`${file}.audit-key`, 'utf8');
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    for (const text of [key.trim(), key.replace('\n', '\r\n')]) {
      writeFileSync(`${file}.audit-key`, text);
      await open(file).close();
    }
  });
});

describe('balances that are not the sum of their holds', () => {
  it.each([
    ['lowered', "UPDATE balances SET spent = 0 WHERE name = 'key/k'"],
    ['gone', "DELETE FROM balances WHERE name = 'key/k'"],
    ['raised', "UPDATE balances SET held = 1 WHERE name = 'key/k'"],
    ['of what is undone', "UPDATE balances SET undone = 1 WHERE name = 'key/k'"],
    [
      'of no call',
      "INSERT INTO balances (name, spent, held, undone) VALUES ('key/other', 7, 0, 0)",
    ],
    [
      'of another hour',
      `UPDATE balances SET hours = json_set(hours, '$[0][0]', (hours ->> '$[0][0]' + 1) % 24)
       WHERE name LIKE '["user"%'`,
    ],
    ['right, and a hold is gone', 'DELETE FROM holds'],
  ])('are refused: %s', async (_what, tamper) => {
    const file = await aStore();
    const connection = openConnection(file);
    connection.exec(tamper);
    closeStore(connection);
    expect(doubtOf(() => open(file))).toBe('balances');
    const mended = open(file, 'balances');
    const holds = await mended.holds({}, { limit: 10 });
    expect(await spent(mended)).toBe(holds.entries.length * 100 * CENT);
    await mended.close();
    await open(file).close();
  });
});

describe('balances over very many holds', () => {
  const DAY = 86_400_000;
  const NOW = Date.UTC(2026, 10, 23, 10);
  /** A store with a payment under a key of each of three days, closed, and the name of each balance. */
  async function daysStore(): Promise<string> {
    const file = newFile();
    for (const [i, at] of [NOW - 2 * DAY, NOW - 30_000_000, NOW].entries()) {
      const clock = { now: () => at };
      const ledger = new SqliteLedger(file, { clock });
      const key = {
        ...KEY,
        id: `k${i}`,
        tokenHash: `hash ${i}`,
        createdAt: at,
        expiresAt: at + DAY,
      };
      await ledger.issue(key);
      await spend(ledger, 100, key);
      await ledger.close();
    }
    return file;
  }
  /** The balance that is found to be wrong where few holds are very many. */
  function wrongBalance(file: string, tamper: string): string | undefined {
    const connection = openConnection(file);
    try {
      connection.exec(tamper);
      const check = () => checkBalances(connection, file, new AcceptedDoubts([]), NOW, 1);
      expect(check).toThrow(DoubtfulStoreError);
      try {
        check();
      } catch (error) {
        return /under (.*?) \$/.exec((error as Error).message)?.[1];
      }
    } finally {
      closeStore(connection);
    }
    return undefined;
  }

  it('are checked where they can refuse a call: of a key that may live, of today', async () => {
    const ofKey = "UPDATE balances SET spent = 0 WHERE name = 'key/k1'";
    expect(wrongBalance(await daysStore(), ofKey)).toBe('key/k1');
    const ofToday = `UPDATE balances SET spent = 0 WHERE name LIKE '["user"%@2026-11-23'`;
    expect(wrongBalance(await daysStore(), ofToday)).toBe('["user","","","u"]@2026-11-23');
    expect(wrongBalance(await daysStore(), "DELETE FROM balances WHERE name = 'key/k2'")).toBe(
      'key/k2',
    );
  });

  it('are checked for as many whole days before as have few holds', async () => {
    const ofEarlier = `UPDATE balances SET held = 1 WHERE name LIKE '["user"%@2026-11-21'`;
    const file = await daysStore();
    const connection = openConnection(file);
    connection.exec(ofEarlier);
    const check = (few: number) => () =>
      checkBalances(connection, file, new AcceptedDoubts([]), NOW, few);
    expect(check(2)).not.toThrow();
    expect(check(3)).toThrow(DoubtfulStoreError);
    closeStore(connection);
  });

  it('are the holds’ to decide where that is meant, and what is older stays as it is', async () => {
    const file = await daysStore();
    const connection = openConnection(file);
    connection.exec("UPDATE balances SET spent = 5 WHERE name IN ('key/k0', 'key/k1')");
    checkBalances(connection, file, new AcceptedDoubts(['balances']), NOW, 1);
    checkBalances(connection, file, new AcceptedDoubts([]), NOW, 1);
    const spentOf = (name: string) =>
      (
        connection.prepare('SELECT spent FROM balances WHERE name = ?').get(name) as {
          spent: number;
        }
      ).spent;
    expect([spentOf('key/k0'), spentOf('key/k1'), spentOf('key/k2')]).toEqual([
      5,
      100 * CENT,
      100 * CENT,
    ]);
    closeStore(connection);
  });
});

describe('a clock behind the latest instant in the store', () => {
  const START = Date.UTC(2026, 10, 23, 10);
  const at = (file: string, minutes: number, ...doubts: StoreDoubt[]) => {
    const time = START + minutes * 60_000;
    const clock = new Clock(undefined, { wall: () => time, monotonic: () => 0 });
    return new SqliteLedger(file, { clock, doubts: new AcceptedDoubts(doubts) });
  };
  const file = newFile();

  it('is refused from 5 minutes on, and not before', async () => {
    const first = at(file, 0);
    await first.issue(KEY);
    await first.close();
    await at(file, -5).close();
    const again = at(file, 0);
    await again.beginLease('l', 1_000);
    await again.close();
    expect(doubtOf(() => at(file, -5.1))).toBe('clock');
  });

  it('is the new time where that is meant', async () => {
    const set = at(file, -60, 'clock');
    await set.beginLease('l', 1_000);
    await set.close();
    await at(file, -64).close();
  });
});

describe('the start of a new store', () => {
  it('leaves no empty header: whatever is copied has the schema', () => {
    const file = newFile();
    const ledger = open(file);
    const copy = newFile();
    copyFileSync(file, copy);
    const tables = openConnection(copy).prepare('SELECT name FROM sqlite_schema').all();
    expect(tables.length).toBeGreaterThan(10);
    return ledger.close();
  });

  it('that is cut off before its audit key has its name goes on with that key', async () => {
    const file = await aStore();
    copyFileSync(`${file}.audit-key`, `${file}.audit-key.new`);
    rmSync(`${file}.audit-key`);
    const ledger = open(file);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
    await ledger.close();
    expect(existsSync(`${file}.audit-key`)).toBe(true);
  });
});

describe('the lock', () => {
  it('is kept where this process asks for the store a second time', async () => {
    const file = await aStore();
    const ledger = open(file);
    expect(() => open(file)).toThrow(StoreInUseError);
    expect(() => open(file)).toThrow(`is in use by another broker of this very process`);
    // As another broker would.
    const begin =
      "connection.pragma('locking_mode = EXCLUSIVE'); connection.exec('BEGIN EXCLUSIVE');";
    expect(inAnotherProcess(file, begin)).toBe('SQLITE_BUSY');
    await ledger.close();
    await open(file).close();
  });

  it.each([
    ['at once', 0],
    ['on the thread that writes', 50],
  ])(
    'keeps other programs from no write, but a store that one has written decides nothing, %s',
    async (_how, calls) => {
      const file = await aStore();
      const lines: string[] = [];
      const ledger = new SqliteLedger(file, { log: (line) => lines.push(line) });
      for (let i = 0; i < calls; i++) await spend(ledger, 1);
      const insert = 'connection.exec("INSERT INTO leases VALUES (\'l\', 1, 1)")';
      expect(inAnotherProcess(file, insert)).toBe('has it');
      await expect(spend(ledger, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(lines.join('\n')).toContain(
        'another program has written to the store: start the broker again',
      );
      await ledger.close();
      const again = open(file);
      await spend(again, 1);
      expect(await spent(again)).toBe((100 + calls + 1) * CENT);
      await again.close();
    },
  );
});

describe('the thread that writes', () => {
  const threaded = async (ledger: SqliteLedger) => (await ledger.copy()).end();

  it('writes to the store that was opened, whatever folder the process is in by then', async () => {
    const before = process.cwd();
    const [own, other] = [mkdtempSync(join(folder, 'own-')), mkdtempSync(join(folder, 'other-'))];
    try {
      process.chdir(other);
      await open('vault-key.db').close();
      process.chdir(own);
      const ledger = open('vault-key.db');
      await ledger.issue(KEY);
      process.chdir(other);
      await threaded(ledger);
      await spend(ledger, 5);
      await ledger.close();
    } finally {
      process.chdir(before);
    }
    const again = open(join(own, 'vault-key.db'));
    expect(await spent(again)).toBe(5 * CENT);
    expect(await again.verifyAudit()).toMatchObject({ ok: true });
    await again.close();
    await open(join(other, 'vault-key.db')).close();
  });

  it('is given no store that another program has written to before', async () => {
    const file = await aStore();
    const ledger = open(file);
    const change = "connection.exec('UPDATE balances SET spent = 1')";
    expect(inAnotherProcess(file, change)).toBe('has it');
    await threaded(ledger);
    await expect(spend(ledger, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
    await ledger.close();
  });

  it('may fail to start: then the store is written as before, and closed at once', async () => {
    const file = newFile();
    const lines: string[] = [];
    const driver = join(folder, 'no-driver.js');
    const ledger = new SqliteLedger(file, { driver, log: (line) => lines.push(line) });
    await ledger.issue(KEY);
    await threaded(ledger);
    expect(lines).toEqual([expect.stringContaining('no other thread could be started')]);
    await spend(ledger, 5);
    const began = performance.now();
    await ledger.close();
    expect(performance.now() - began).toBeLessThan(20_000);
    const again = open(file);
    expect(await spent(again)).toBe(5 * CENT);
    await again.close();
  });

  it('keeps a process alive that waits for its first copy', async () => {
    const file = await aStore();
    const script = `
      const { Broker } = require(${JSON.stringify(join(__dirname, '../../../../dist/broker/index.js'))});
      const vendors = { stripe: { secretKey: 'sk_test_offline', baseUrl: 'http://127.0.0.1:9' } };
      (async () => {
        const broker = await Broker.open({ store: 'sqlite:' + process.argv[1], vendors });
        await broker.backup(process.argv[1] + '.copy');
        await broker.close();
        console.log('copied');
      })();`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, file], {
      encoding: 'utf8',
    });
    expect([stdout.trim(), stderr]).toEqual(['copied', '']);
  });
});

/** Has another process do something with a store: says whether it could. */
function inAnotherProcess(file: string, script: string): string {
  const { stdout } = spawnSync(
    process.execPath,
    [
      '-e',
      `const Database = require(${JSON.stringify(require.resolve('libsql'))});
       const connection = new Database(process.argv[1]);
       try { ${script}; console.log('has it'); }
       catch (error) { console.log(error.code ?? error.message); }`,
      file,
    ],
    { encoding: 'utf8' },
  );
  return stdout.trim();
}
