import { fstatSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileWriter } from './file-writer';
import { closeStore } from './open-store';
import { driverPath, openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';
import { SqliteStore } from './sqlite-store';
import { until } from '../../../../test/support/until';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-file-writer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const INSERT = 'INSERT INTO rows (id) VALUES (?)';

/** A file whose connection cannot tell once whether another program has written to it. */
function openFile(): { file: string; connection: SqliteConnection; failNextRead: () => void } {
  const file = join(mkdtempSync(join(folder, 'store-')), 'a.db');
  const connection = openConnection(file);
  connection.pragma('journal_mode = WAL');
  connection.exec(`CREATE TABLE rows (id INTEGER); CREATE TABLE owner (token TEXT);
    INSERT INTO owner VALUES ('token')`);
  let fails = false;
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (sql) => {
    const statement = prepare(sql);
    if (sql !== 'PRAGMA data_version') return statement;
    const get = statement.get.bind(statement);
    statement.get = (...values) => {
      if (!fails) return get(...values);
      fails = false;
      throw new Error('disk I/O error');
    };
    return statement;
  };
  return { file, connection, failNextRead: () => (fails = true) };
}

it('takes over with the next batch where the file cannot be read, and keeps what was set', async () => {
  const { file, connection, failNextRead } = openFile();
  const writer = new FileWriter(
    connection,
    { file, driver: driverPath(), owner: 'token' },
    () => {},
  );
  expect(writer.write([[INSERT, [1]]])).toBeUndefined();
  failNextRead();
  await writer.handOver();
  // As a copy of the store does: nothing may be moved into the file while it is read.
  await writer.holdWalCheckpoints();
  expect(writer.pragma('wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 0 }]);
  const written = writer.write([[INSERT, [2]]]);
  expect(written).toBeInstanceOf(Promise);
  await written;
  expect(await writer.pragma('wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 0 }]);
  writer.close();
  expect(connection.prepare('SELECT id FROM rows').all()).toEqual([{ id: 1 }, { id: 2 }]);
  closeStore(connection);
});

it('has what is committed moved into the file while it writes, but not while that is held', async () => {
  const { file, connection } = openFile();
  const log: string[] = [];
  const place = { file, driver: driverPath(), owner: 'token' };
  const writer = new FileWriter(connection, place, (line) => log.push(line));
  await writer.handOver();
  const own = await writer.pragma('wal_autocheckpoint');
  let rows = 0;
  const writeSome = async (batches: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch++) {
      await writer.write(Array.from({ length: 64 }, () => [INSERT, [rows++]] as const));
    }
  };
  // Never closed: that would free the locks that the process has on the file.
  const handle = openSync(file, 'r');
  // Of so few pages the connection that writes would move none.
  const pages = (): Buffer => {
    const bytes = Buffer.alloc(fstatSync(handle).size);
    readSync(handle, bytes, 0, bytes.length, 0);
    return bytes;
  };
  const before = pages();
  await until(
    async () => {
      await writeSome(4);
      return !pages().equals(before);
    },
    () => 'nothing is moved',
  );
  const whileOther = await writer.pragma('wal_autocheckpoint');
  expect([own, whileOther]).toEqual([
    [{ wal_autocheckpoint: 1_000 }],
    [{ wal_autocheckpoint: 4_000 }],
  ]);

  await writer.holdWalCheckpoints();
  const held = pages();
  await writeSome(40);
  expect(pages().equals(held)).toBe(true);
  writer.releaseWalCheckpoints();
  await until(
    async () => {
      await writeSome(4);
      return !pages().equals(held);
    },
    () => 'nothing is moved once it may be',
  );

  writer.close();
  expect(connection.prepare('SELECT COUNT(*) FROM rows').raw().get()).toEqual([rows]);
  closeStore(connection);
  expect(log).toEqual([]);
});

it('goes on where no thread can be started that moves what is committed', async () => {
  const { file, connection } = openFile();
  const log: string[] = [];
  const place = { file, driver: driverPath(), owner: 'token' };
  const writer = new FileWriter(connection, place, (line) => log.push(line));
  await writer.handOver();
  // What a thread that starts from now on finds is no file of this broker's.
  await writer.write([["UPDATE owner SET token = 'other'", []]]);
  let rows = 0;
  await until(
    async () => {
      await writer.write(Array.from({ length: 64 }, () => [INSERT, [rows++]] as const));
      return log.length > 0;
    },
    () => 'the thread has started',
  );
  expect(log).toEqual([
    `the store ${file} moves its -wal into the file on the thread that writes, which delays calls: no other thread could be started (there is another file of that name by now)`,
  ]);
  expect(await writer.pragma('wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 1_000 }]);
  writer.close();
  expect(connection.prepare('SELECT COUNT(*) FROM rows').raw().get()).toEqual([rows]);
  closeStore(connection);
});

it('a store whose thread has ended says that the broker has to be started again', async () => {
  const place = mkdtempSync(join(folder, 'ends-'));
  const driver = join(place, 'driver.js');
  writeFileSync(
    driver,
    `const Database = require(${JSON.stringify(driverPath())});
    const { exec } = Database.prototype;
    let commits = 0;
    Database.prototype.exec = function (sql) {
      if (sql === 'COMMIT' && ++commits === 3) process.exit();
      return exec.call(this, sql);
    };
    module.exports = Database;`,
  );
  const log: string[] = [];
  const file = join(place, 'a.db');
  const store = new SqliteStore(file, { driver, log: (line) => log.push(line) });
  let failure: unknown;
  await until(
    async () => {
      const work = store.run((book) => book.putNote('spend_cursor', '', { seq: 1 }));
      failure = await work.then(
        () => undefined,
        (error: unknown) => error,
      );
      return failure !== undefined;
    },
    () => 'the thread goes on',
  );
  expect(failure).toMatchObject({ code: 'store_unavailable' });
  // As /readyz asks.
  await expect(store.state()).rejects.toThrow(
    'The ledger cannot be written until the broker is started again, so nothing was forwarded.',
  );
  expect(log).toEqual([
    `the store ${file} cannot be written (WRITER_ENDED: the thread that writes is gone (it ended by itself): start the broker again): until it can, calls are refused`,
  ]);
  await store.close();
});
