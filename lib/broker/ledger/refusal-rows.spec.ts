import { AuditChain } from '../audit/audit-chain';
import type { AuditEntry, AuditRow } from '../audit/audit-entry';
import { AuditTable } from './sqlite/audit-table';
import { Batches } from './batches';
import type { Book } from './book';
import { RefusalRows } from './refusal-rows';
import { InlineWriter } from './sqlite/inline-writer';
import { PendingWrites } from './sqlite/pending-writes';
import { createSchema } from './sqlite/schema';
import { openConnection } from './sqlite/sqlite-driver';

/** The rows of refusals on a real store in memory, which can be made to take no rows. */
function rowsOfRefusals() {
  const connection = openConnection(':memory:');
  createSchema(connection, () => {});
  const writes = new PendingWrites();
  const writer = new InlineWriter(connection);
  const log = new AuditTable(connection, writes, new AuditChain('k'.repeat(32)));
  const commits = new Batches({
    write: () => {
      refusals.sent();
      log.sent();
      writer.write(writes.take());
    },
    written: () => {
      log.written();
      refusals.written();
    },
    undone: () => {
      refusals.undone();
      log.undone();
      writes.clear();
    },
    lost: () => {
      refusals.lost();
      log.lost();
      writes.clear();
    },
  });
  const book = { log: (row: AuditRow, more?: Partial<AuditRow>) => log.write(row, more) } as Book;
  const refusals = new RefusalRows({
    run: (work) => commits.run(() => work(book)),
    runSoon: (work) => commits.runSoon(() => work(book)),
    get isClosed() {
      return commits.closed;
    },
  });
  return {
    commits,
    book,
    refusals,
    fail: () =>
      connection.exec(
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'full'); END",
      ),
    mend: () => connection.exec('DROP TRIGGER full'),
    rows: async (): Promise<AuditEntry[]> =>
      [...(await log.rows({}, { limit: 1_000 })).entries].reverse(),
  };
}

const refusal = (micros: number | null, fields: Partial<AuditRow> = {}): AuditRow => ({
  at: '2026-11-26T00:00:00.000Z',
  event: 'refusal',
  key_id: 'k',
  verdict: 'cap_exhausted',
  requested_micros: micros,
  ...fields,
});
const counts = (entries: readonly AuditEntry[]) =>
  entries.map(({ verdict, key_id: key, count, requested_micros: micros }) => [
    `${key} ${verdict}`,
    count,
    micros,
  ]);

describe('the audit rows of refusals', () => {
  it('are one at once for each kind and key, and one for all that follow', async () => {
    const { refusals, rows } = rowsOfRefusals();
    for (let i = 1; i <= 10; i++) {
      await refusals.record(refusal(i, { call_id: `c${i}`, path: `/v1/${i}` }));
      await refusals.record(refusal(null, { verdict: 'invalid_path' }));
      await refusals.record(refusal(i, { key_id: 'other' }));
    }
    expect(counts(await rows())).toEqual([
      ['k cap_exhausted', 1, 1],
      ['k invalid_path', 1, null],
      ['other cap_exhausted', 1, 1],
    ]);
    await refusals.close();
    expect(counts((await rows()).slice(3))).toEqual([
      ['k cap_exhausted', 9, 54],
      ['k invalid_path', 9, null],
      ['other cap_exhausted', 9, 54],
    ]);
    expect((await rows())[3]).toMatchObject({ call_id: null, path: '/v1/10' });
  });

  it('are counted once, however often the transaction of several is tried', async () => {
    const { commits, book, refusals, rows } = rowsOfRefusals();
    const refuse = (micros: number) => commits.run(() => refusals.write(book, refusal(micros)));
    const broken = commits.run(() => {
      throw new Error('disk I/O error');
    });
    const [outcome] = await Promise.allSettled([broken, refuse(1), refuse(2), refuse(3)]);
    expect(outcome?.status).toBe('rejected');
    await refusals.close();
    expect(counts(await rows())).toEqual([
      ['k cap_exhausted', 1, 1],
      ['k cap_exhausted', 2, 5],
    ]);
  });

  it('wait for a store that cannot be written, and lose nothing', async () => {
    const { refusals, fail, mend, rows } = rowsOfRefusals();
    await refusals.record(refusal(1));
    fail();
    await refusals.record(refusal(2));
    await expect(refusals.close()).rejects.toMatchObject({ status: 503 });
    await refusals.record(refusal(3));
    await expect(refusals.record(refusal(1, { key_id: 'new' }))).rejects.toMatchObject({
      status: 503,
    });
    mend();
    await refusals.close();
    expect(counts(await rows())).toEqual([
      ['k cap_exhausted', 1, 1],
      ['k cap_exhausted', 2, 5],
    ]);
  });

  it('hold at most 256 characters of what an agent chose', async () => {
    const { refusals, rows } = rowsOfRefusals();
    await refusals.record(refusal(1, { path: `/${'p'.repeat(8_000)}`, reason: '🙂'.repeat(300) }));
    const [row] = await rows();
    expect(row?.path).toBe(`/${'p'.repeat(254)}…`);
    expect(row?.reason).toHaveLength(256);
    expect(row?.reason?.isWellFormed()).toBe(true);
    await refusals.close();
  });
});
