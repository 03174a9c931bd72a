import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSTGRES_WAYS } from '../../../test/support/postgres-stores';
import type { PostgresStores } from '../../../test/support/postgres-stores';
import { TestClock } from '../../../test/support/test-clock';
import { MemoryStore } from './memory/memory-store';
import type { NoteRange } from './notes';
import { PostgresStore } from './postgres/postgres-store';
import { SqliteStore } from './sqlite/sqlite-store';
import type { Store } from './store';
import { StoreLedger } from './store-ledger';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-notes-'));
const started = new Map<string, PostgresStores>();
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const stores of started.values()) await stores.close();
});

const clock = new TestClock(Date.UTC(2026, 0, 1));
let files = 0;

/** Opens a new store, and every further time the same one again, beside it where it may be. */
type Place = () => Promise<() => Promise<Store>>;
const STORES: [name: string, place: Place][] = [
  ['in memory', async () => async () => new MemoryStore({ clock })],
  [
    'SQLite in a file',
    async () => {
      const file = join(folder, `${++files}.db`);
      return async () => new SqliteStore(file, { clock });
    },
  ],
  ...POSTGRES_WAYS.map(([name, start]): (typeof STORES)[number] => [
    name,
    async () => {
      const stores = started.get(name) ?? (await start());
      started.set(name, stores);
      const url = await stores.url();
      return () => PostgresStore.open(url, { auditKey: 'a key', clock });
    },
  ]),
];

/** A note's value that tells it from others. */
const counted = (calls: number) => ({ counts: [[1, calls]] as const });
const NAMES = ['a', 'a/b', 'a b', 'Z', 'é', '\u{1F4B3}', '', "o'k"];

describe.each(STORES)('notes of a store: %s', (name, place) => {
  let open: () => Promise<Store>;
  let store: Store;
  beforeEach(async () => {
    open = await place();
    store = await begin();
  });
  afterEach(() => store.close());

  async function begin(): Promise<Store> {
    const opened = await open();
    // A store is had by a ledger.
    void new StoreLedger(opened);
    return opened;
  }
  const put = (key: string, calls: number, by = store) =>
    by.run((book) => book.putNote('window', key, counted(calls)));
  const get = (key: string, by = store) => by.read((book) => book.note('window', key));
  const names = async (range: Partial<NoteRange> = {}) => {
    const queries = await store.checkpoint();
    return (await queries.notes('window', { limit: 100, ...range })).map(({ name: each }) => each);
  };

  it('are what was put last, under any name', async () => {
    for (const [i, key] of NAMES.entries()) await put(key, i);
    await put('a', 100);
    expect(await get('a')).toEqual(counted(100));
    for (const [i, key] of NAMES.entries()) if (i > 0) expect(await get(key)).toEqual(counted(i));
    expect(await get('b')).toBeUndefined();
  });

  it('are walked by the bytes of their names, from either end', async () => {
    for (const key of NAMES) await put(key, 1);
    const order = [...NAMES].sort((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
    expect(await names()).toEqual(order);
    expect(await names({ newestFirst: true })).toEqual([...order].reverse());
    expect(await names({ from: 'a', to: 'b' })).toEqual(['a', 'a b', 'a/b']);
    expect(await names({ from: 'a', to: 'b', limit: 2, newestFirst: true })).toEqual([
      'a/b',
      'a b',
    ]);
  });

  it('are gone once they are deleted, and may come back in the same work', async () => {
    await put('a', 1);
    await put('b', 1);
    await store.run((book) => {
      book.deleteNote('window', 'a');
      expect(book.note('window', 'a')).toBeUndefined();
      book.deleteNote('window', 'b');
      book.putNote('window', 'b', counted(2));
      book.putNote('window', 'c', counted(3));
      book.deleteNote('window', 'c');
      book.deleteNote('window', 'never');
    });
    expect(await names()).toEqual(['b']);
    expect(await get('b')).toEqual(counted(2));
    await put('a', 4);
    expect(await get('a')).toEqual(counted(4));
  });

  it('are as before where their work fails', async () => {
    await put('a', 1);
    const failing = store.run((book) => {
      book.putNote('window', 'a', counted(2));
      book.putNote('window', 'b', counted(2));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await names()).toEqual(['a']);
    expect(await get('a')).toEqual(counted(1));
  });

  if (name !== 'in memory') {
    it('are there after a restart', async () => {
      await put('a', 1);
      await put('b', 1);
      await store.run((book) => book.deleteNote('window', 'b'));
      await put('a', 2);
      await store.close();
      store = await begin();
      expect(await names()).toEqual(['a']);
      expect(await get('a')).toEqual(counted(2));
    });
  }

  if (name !== 'in memory' && name !== 'SQLite in a file') {
    it('are counted right where two instances add to one that is not there yet', async () => {
      const other = await begin();
      try {
        const addTo = (by: Store) =>
          by.run((book) => {
            const [[, before] = [1, 0]] = book.note('window', 'sum')?.counts ?? [];
            book.putNote('window', 'sum', counted(before + 1));
          });
        await Promise.all(Array.from({ length: 40 }, (_, i) => addTo(i % 2 === 0 ? store : other)));
        expect(await get('sum')).toEqual(counted(40));
      } finally {
        await other.close();
      }
    });
  }
});
