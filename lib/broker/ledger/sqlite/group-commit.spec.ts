import { BrokerRefusal } from '../../refusal';
import { GroupCommit } from './group-commit';
import { openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';

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
  const insert = connection.prepare('INSERT INTO log (entry) VALUES (?)');
  return {
    told,
    commits: new GroupCommit(watching),
    write: (entry: string) => () => {
      insert.run(entry);
      return entry;
    },
    entries: () =>
      (connection.prepare('SELECT entry FROM log ORDER BY rowid').all() as { entry: string }[]).map(
        ({ entry }) => entry,
      ),
  };
}

describe('group commit', () => {
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
    expect(told).toEqual([]);
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
    commits.close();
    await expect(last).resolves.toBe('last');
    await expect(commits.run(write('late'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(entries()).toEqual(['last']);
  });
});
