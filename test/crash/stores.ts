import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { temporaryFile } from '../support/broker-process';
import type { BrokerProcess } from '../support/broker-process';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

/** How long a broker lives on PostgreSQL that does not say so: a start waits for it to see who is gone. */
const TTL_MS = 1_000;

/** The stores that brokers are killed on. */
export interface CrashStores {
  /** A new one. */
  next(): Promise<string>;
  /** What a broker on it has in its environment. */
  env: Readonly<Record<string, string>>;
  /** Waits until a broker that was started has seen what the one before it has left. */
  settled(broker: BrokerProcess): Promise<void>;
  /** Copies a store for who looks into a failure; says where it is. */
  keep(store: string, prefix: string): string;
  remove(): Promise<void>;
}

class SqliteFiles implements CrashStores {
  readonly env = {};

  async next(): Promise<string> {
    return `sqlite:${temporaryFile()}`;
  }

  async settled(): Promise<void> {}

  keep(store: string, prefix: string): string {
    const folder = mkdtempSync(join(tmpdir(), prefix));
    cpSync(dirname(store.slice('sqlite:'.length)), folder, { recursive: true });
    return folder;
  }

  async remove(): Promise<void> {}
}

class PostgresDatabases implements CrashStores {
  readonly env = {
    VAULT_KEY_AUDIT_KEY: 'an audit key of more than forty characters',
    NODE_OPTIONS: `--require ${join(__dirname, '../support/short-life.js')}`,
    INSTANCE_TTL_MS: String(TTL_MS),
    INSTANCE_DIST: join(__dirname, '../../dist'),
  };

  constructor(private readonly server: PostgresServer) {}

  next(): Promise<string> {
    return this.server.database();
  }

  async settled(broker: BrokerProcess): Promise<void> {
    const name = new URL(broker.store).pathname.slice(1);
    const open = async (): Promise<number> => {
      const [row] = await this.server.query(
        name,
        'SELECT count(*)::int AS open FROM vault_key.writers WHERE reaped_at IS NULL',
      );
      return row?.['open'] as number;
    };
    await until(
      async () => (await open()) === 1,
      async () => `${await open()} instances are not ended`,
    );
  }

  keep(store: string): string {
    return `${store}, until this run ends`;
  }

  remove(): Promise<void> {
    return this.server.remove();
  }
}

/** The stores that `CRASH_STORE` names: `sqlite`, the default, or `postgres`. */
export async function crashStores(): Promise<CrashStores> {
  const kind = process.env['CRASH_STORE'] ?? 'sqlite';
  if (kind === 'sqlite') return new SqliteFiles();
  if (kind !== 'postgres') throw new Error('CRASH_STORE must be sqlite or postgres');
  return new PostgresDatabases(await PostgresServer.start());
}
