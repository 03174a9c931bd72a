import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileWriter } from './file-writer';
import { closeStore } from './open-store';
import { driverPath, openConnection } from './sqlite-driver';
import type { SqliteConnection } from './sqlite-driver';

const folder = mkdtempSync(join(tmpdir(), 'vault-key-file-writer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const INSERT = 'INSERT INTO rows (id) VALUES (?)';

/** A file whose connection cannot tell once whether another program has written to it. */
function openFile(): { file: string; connection: SqliteConnection; failNextRead: () => void } {
  const file = join(folder, 'a.db');
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
  expect(writer.pragma('wal_autocheckpoint = 0')).toEqual([{ wal_autocheckpoint: 0 }]);
  const written = writer.write([[INSERT, [2]]]);
  expect(written).toBeInstanceOf(Promise);
  await written;
  expect(await writer.pragma('wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 0 }]);
  writer.close();
  expect(connection.prepare('SELECT id FROM rows').all()).toEqual([{ id: 1 }, { id: 2 }]);
  closeStore(connection);
});
