import { BrokerRefusal } from '../refusal';
import { Batches } from './batches';
import { openConnection } from './sqlite/sqlite-driver';
import type { SqliteConnection } from './sqlite/sqlite-driver';
import { until } from '../../../test/support/until';

/** A real connection that notes what it is told, and fails where the test says so. */
function watched(failAt: (sql: string) => boolean = () => false) {
  const connection = openConnection(':memory:');
  connection.exec('CREATE TABLE log (entry TEXT NOT NULL UNIQUE)');
  const told: string[] = [];
  const watching: SqliteConnection = {
    prepare: (sql) => connection.prepare(sql),
    pragma: (text) => connection.pragma(text),
    close: () => connection.close(),
    exec: (sql) => {
      told.push(sql);
      if (failAt(sql)) throw new Error('disk I/O error');
      return connection.exec(sql);
    },
  };
  let isOpen = false;
  const rollBack = (): void => {
    isOpen = false;
    try {
      connection.exec('ROLLBACK');
    } catch {
      // Nothing had begun.
    }
  };
  const insert = connection.prepare('INSERT INTO log (entry) VALUES (?)');
  return {
    told,
    commits: new Batches({
      write: () => {
        watching.exec('COMMIT');
        isOpen = false;
      },
      written: () => {},
      undone: rollBack,
      lost: rollBack,
    }),
    write: (entry: string) => () => {
      if (!isOpen) watching.exec('BEGIN IMMEDIATE');
      isOpen = true;
      insert.run(entry);
      return entry;
    },
    entries: () =>
      (connection.prepare('SELECT entry FROM log ORDER BY rowid').all() as { entry: string }[]).map(
        ({ entry }) => entry,
      ),
  };
}

describe('decisions that are written at once', () => {
  it('commits all that wait in one turn at once, in the order in which they came', async () => {
    const { commits, write, entries, told } = watched();
    const results = await Promise.all(['a', 'b', 'c'].map((entry) => commits.run(write(entry))));
    expect(results).toEqual(['a', 'b', 'c']);
    expect(entries()).toEqual(['a', 'b', 'c']);
    expect(told).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  });

  it('resolves nothing before its COMMIT has returned', async () => {
    const { commits, write, told } = watched();
    const first = commits.run(write('a')).then(() => told.push('resolved'));
    await first;
    expect(told).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'resolved']);
  });

  it('rejects with store_unavailable where the COMMIT fails, and keeps nothing', async () => {
    const { commits, write, entries } = watched((sql) => sql === 'COMMIT');
    const outcomes = await Promise.allSettled(['a', 'b'].map((entry) => commits.run(write(entry))));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { status: 503, code: 'store_unavailable' },
      });
    }
    expect(entries()).toEqual([]);
  });

  it('goes on where a COMMIT failed once', async () => {
    let failures = 1;
    const { commits, write, entries } = watched((sql) => sql === 'COMMIT' && failures-- > 0);
    await expect(commits.run(write('a'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(commits.run(write('b'))).resolves.toBe('b');
    expect(entries()).toEqual(['b']);
  });

  it('rejects where the transaction cannot even begin', async () => {
    const { commits, write } = watched((sql) => sql === 'BEGIN IMMEDIATE');
    await expect(commits.run(write('a'))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('lets a job that cannot be done fail alone, and runs none of the others twice', async () => {
    const { commits, write, entries } = watched();
    const outcomes = await Promise.allSettled([
      commits.run(write('a')),
      commits.run(() => {
        write('half')();
        throw new Error('poison');
      }),
      commits.run(write('a')),
      commits.run(() => {
        throw new BrokerRefusal('invalid_request', 'no');
      }),
      commits.run(write('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'store_unavailable' } });
    expect(outcomes[3]).toMatchObject({ reason: { status: 422, code: 'invalid_request' } });
    expect(entries()).toEqual(['a', 'b']);
  });

  it('has what nobody waits for share the next commit, in the order in which it came', async () => {
    const { commits, write, entries, told } = watched();
    const soon = commits.runSoon(write('soon'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['BEGIN IMMEDIATE']);
    await Promise.all([commits.run(write('now')), soon]);
    expect(entries()).toEqual(['soon', 'now']);
    expect(told).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  });

  it('commits what nobody waits for by itself within moments', async () => {
    const { commits, write, entries } = watched();
    await expect(commits.runSoon(write('soon'))).resolves.toBe('soon');
    expect(entries()).toEqual(['soon']);
  });

  it('lets no more than a number of decisions wait for a commit', async () => {
    const { commits, write, told } = watched();
    const all = Array.from({ length: 512 }, (_, i) => commits.runSoon(write(`${i}`)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
    await Promise.all(all);
  });

  it('does work at once after all that waits, or throws', () => {
    const { commits, write, entries } = watched();
    void commits.run(write('waiting'));
    expect(commits.runNow(write('now'))).toBe('now');
    expect(entries()).toEqual(['waiting', 'now']);
    expect(() => commits.runNow(write('now'))).toThrow(/ledger cannot be written/);
  });

  it('says whether the store failed when it was last written', async () => {
    let failures = 1;
    const { commits, write } = watched((sql) => sql === 'COMMIT' && failures-- > 0);
    expect(commits.failed).toBe(false);
    await commits.run(write('a')).catch(() => {});
    expect(commits.failed).toBe(true);
    await commits.run(write('a'));
    expect(commits.failed).toBe(false);
  });

  it('flushes what waits when it closes, and takes nothing after', async () => {
    const { commits, write, entries } = watched();
    const last = commits.run(write('last'));
    await commits.close();
    await expect(last).resolves.toBe('last');
    await expect(commits.run(write('late'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(entries()).toEqual(['last']);
  });
});

/** Rows in memory, and a disk that takes a batch when the test says so. */
function onSlowDisk() {
  const rows: string[] = [];
  const counts = { sent: 0, written: 0 };
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const batches = new Batches({
    write: () => {
      counts.sent = rows.length;
      return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    written: () => (counts.written = counts.sent),
    undone: () => (rows.length = Math.max(counts.sent, counts.written)),
    lost: () => (rows.length = counts.sent = counts.written),
  });
  return {
    batches,
    rows,
    write: (row: string) => () => {
      rows.push(row);
      return rows.join('');
    },
    /** The batch that is being written is written, or not. */
    land: async (isWritten = true): Promise<void> => {
      await until(
        () => waiting.length > 0,
        () => 'nothing is being written',
      );
      const batch = waiting.shift();
      if (isWritten) batch?.resolve();
      else batch?.reject(new Error('disk full'));
    },
    get isWriting() {
      return waiting.length > 0;
    },
  };
}

describe('decisions that are written while others are decided', () => {
  const turns = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('are decided on top of each other, one batch at a time, and told once they are written', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const told: string[] = [];
    const ask = (row: string) => batches.run(write(row)).then((result) => told.push(result));
    const asked = [ask('a')];
    await turns();
    asked.push(ask('b'), ask('c'));
    await turns();
    expect([rows, told]).toEqual([['a', 'b', 'c'], []]);
    await land();
    await asked[0];
    expect(told).toEqual(['a']);
    await land();
    await Promise.all(asked);
    expect(told).toEqual(['a', 'ab', 'abc']);
    expect(batches.figures).toEqual({ commits: 2, decisions: 3 });
  });

  it('are on their way before those who have waited for the batch before go on', async () => {
    const slow = onSlowDisk();
    const first = slow.batches.run(slow.write('a')).then(() => slow.isWriting);
    await turns();
    const second = slow.batches.run(slow.write('b'));
    await turns();
    await slow.land();
    expect(await first).toBe(true);
    await slow.land();
    await second;
  });

  it('are decided again without a batch that failed under them', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const first = batches.run(write('a'));
    await turns();
    const second = batches.run(write('b'));
    await turns();
    await land(false);
    await expect(first).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(batches.failed).toBe(true);
    await land();
    await expect(second).resolves.toBe('b');
    expect([rows, batches.failed]).toEqual([['b'], false]);
  });

  it('are tried each on its own where they failed together, and nothing is decided on top meanwhile', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const asked = ['a', 'b'].map((row) => batches.run(write(row)));
    await turns();
    await land(false);
    await turns();
    const third = batches.run(write('c'));
    await turns();
    expect(rows).toEqual(['a']);
    await land(false);
    await expect(asked[0]).rejects.toMatchObject({ code: 'store_unavailable' });
    await land();
    await expect(asked[1]).resolves.toBe('b');
    await land();
    await expect(third).resolves.toBe('bc');
  });

  it('fail alone where one cannot be done, while another batch is being written', async () => {
    const { batches, write, land } = onSlowDisk();
    const first = batches.run(write('a'));
    await turns();
    const others = [
      batches.run(write('b')),
      batches.run(() => {
        write('half')();
        throw new BrokerRefusal('invalid_request', 'no');
      }),
      batches.run(write('c')),
    ];
    await expect(others[1]).rejects.toMatchObject({ status: 422 });
    await land();
    await land();
    expect(await Promise.all([first, others[0], others[2]])).toEqual(['a', 'ab', 'abc']);
  });

  it('keep what must not be lost until a batch passes, and write it first', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const kept = batches.keep({ work: () => void write('k')() });
    await land(false);
    await expect(kept).resolves.toBe(false);
    const next = batches.run(write('n'));
    await land();
    await land();
    await next;
    expect(rows).toEqual(['k', 'n']);
  });

  it('are decided again in any number', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const first = batches.run(write('a'));
    await turns();
    let told = 0;
    const many = 200_000;
    const others = Array.from({ length: many }, () =>
      batches.runSoon(() => void rows.push('b')).then(() => (told += 1)),
    );
    await turns();
    await land(false);
    await expect(first).rejects.toMatchObject({ code: 'store_unavailable' });
    const isDone = Promise.all(others);
    while (told < many) {
      await land();
      await turns();
    }
    await isDone;
    expect(rows.length).toBe(many);
  });

  it('are all written at the close', async () => {
    const { batches, write, rows, land } = onSlowDisk();
    const kept = batches.keep({ work: () => void write('k')() });
    await land(false);
    await kept;
    const last = batches.run(write('l'));
    const closed = batches.close();
    await expect(batches.run(write('late'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await land();
    await land();
    await Promise.all([last, closed]);
    expect(rows).toEqual(['k', 'l']);
  });
});
