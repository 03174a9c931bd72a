import fc from 'fast-check';
import { propertyRuns } from '../../../../test/support/property-runs';
import { countTurns } from '../../../../test/support/turns';
import { AuditChain } from '../../audit/audit-chain';
import type { AuditEntry, AuditRow } from '../../audit/audit-entry';
import type { AuditFilter } from '../records';
import { AuditTable, beginLog } from './audit-table';
import { PendingWrites } from './pending-writes';
import { createSchema } from './schema';
import { openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';

const CHAIN = new AuditChain('a key for a log in memory');
const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** A log, and what its store does with its batches. */
class Log {
  readonly writes = new PendingWrites();
  table: AuditTable;

  constructor(readonly connection: SqliteConnection) {
    this.table = new AuditTable(connection, this.writes, CHAIN);
  }

  /**
   * Writes rows in a batch, or has them come to nothing on one of two ways.
   *
   * @returns How many statements the batch has.
   */
  batch(rows: readonly AuditRow[], fate: 'written' | 'undone' | 'lost' = 'written'): number {
    for (const row of rows) this.table.write(row);
    if (fate === 'undone') {
      this.table.undone();
      this.writes.clear();
      return 0;
    }
    this.table.sent();
    const writes = this.writes.take();
    if (fate === 'lost') {
      this.table.lost();
      return writes.length;
    }
    for (const [sql, values] of writes) this.connection.prepare(sql).run(values);
    this.table.written();
    return writes.length;
  }

  async find(filter: AuditFilter): Promise<AuditEntry[]> {
    const found: AuditEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.table.rows(filter, {
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...page.entries);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  }
}

const rows = fc.array(
  fc.record({
    key: fc.nat(40),
    user: fc.constantFrom('u', 'v', undefined),
    verdict: fc.constantFrom('settled', 'released', 'cap_exhausted'),
    // A row that was kept is written long after the instant that it names.
    at: fc.integer({ min: -3, max: 3 }),
  }),
  { minLength: 1, maxLength: 300, size: 'max' },
);
const batches = fc.array(
  fc.record({
    rows,
    fate: fc.constantFrom(
      'written' as const,
      'written' as const,
      'undone' as const,
      'lost' as const,
    ),
  }),
  { minLength: 2, maxLength: 12, size: 'max' },
);
const filters: readonly AuditFilter[] = [
  {},
  { key_id: 'key_3' },
  { key_id: 'key_3', verdict: 'settled' },
  { user_id: 'u', verdict: 'cap_exhausted' },
  { user_id: 'nobody' },
  { from: new Date(START + 2 * HOUR).toISOString(), to: new Date(START + 4 * HOUR).toISOString() },
  { key_id: 'key_7', to: new Date(START + 3 * HOUR).toISOString() },
  { vendor: 'stripe' },
];

const matches = (entry: AuditEntry, { from, to, ...equal }: AuditFilter): boolean =>
  (from === undefined || entry.at >= from) &&
  (to === undefined || entry.at < to) &&
  Object.entries(equal).every(([name, value]) => entry[name as keyof AuditEntry] === value);

it('finds every row that a filter means, and no other, whatever became of the batches', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (all) => {
      const connection = openConnection(':memory:');
      createSchema(connection, () => beginLog(connection, CHAIN));
      const log = new Log(connection);
      all.forEach((batch, i) =>
        log.batch(
          batch.rows.map(({ key, user, verdict, at }): AuditRow => ({
            at: new Date(START + (i + at) * HOUR).toISOString(),
            event: 'call',
            key_id: `key_${key}`,
            user_id: user ?? null,
            vendor: 'stripe',
            verdict,
          })),
          batch.fate,
        ),
      );
      const everything = await log.find({});
      expect(everything.length).toBe(
        all.filter(({ fate }) => fate === 'written').flatMap((batch) => batch.rows).length,
      );
      // A start reads what the tables have.
      for (const each of [log, new Log(connection)]) {
        for (const filter of filters) {
          const found = await each.find(filter);
          const right = everything.filter((entry) => matches(entry, filter));
          expect(found.map(({ seq }) => seq)).toEqual(right.map(({ seq }) => seq));
        }
      }
      connection.close();
    }),
    { numRuns: propertyRuns(60) },
  );
});

it('writes what it has of a full block over many batches: no decision waits for it', () => {
  const connection = openConnection(':memory:');
  createSchema(connection, () => beginLog(connection, CHAIN));
  const log = new Log(connection);
  let most = 0;
  for (let i = 0; i < 1_000; i++) {
    const at = new Date(START + i).toISOString();
    most = Math.max(
      most,
      log.batch([{ at, event: 'issue', key_id: `key_${i}`, run_id: `run_${i}` }]),
    );
  }
  expect(most).toBeLessThan(10);
  const { blocks } = connection.prepare('SELECT COUNT(*) AS blocks FROM audit_blocks').get() as {
    blocks: number;
  };
  expect(blocks).toBe(3);
  connection.close();
});

it('gives a long page with turns for other work between its parts', async () => {
  const connection = openConnection(':memory:');
  createSchema(connection, () => beginLog(connection, CHAIN));
  const log = new Log(connection);
  const row: AuditRow = { at: new Date(START).toISOString(), event: 'issue' };
  log.batch(Array.from({ length: 1_300 }, () => row));
  const pages: Awaited<ReturnType<typeof log.table.rows>>[] = [];
  const turns = await countTurns(async () => {
    pages.push(await log.table.rows({}, { limit: 1_000 }));
  });
  expect(turns).toBeGreaterThanOrEqual(4);
  expect(pages[0]?.entries.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 1_000 }, (_, i) => 1_300 - i),
  );
  expect(pages[0]?.next).toBe('301');
  connection.close();
});
