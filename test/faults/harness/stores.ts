import { readFileSync, readdirSync } from 'node:fs';
import { Client } from 'pg';
import { placeOf } from '../../../lib/broker/audit/audit-entry';
import type { AuditEntry } from '../../../lib/broker/audit/audit-entry';
import { readStore } from '../driver-faults';
import type { BalanceRow, HoldRow } from '../hold-rows';

/** What stands in a store, read past the product. */
export interface StoreRows {
  holds: readonly HoldRow[];
  balances: readonly BalanceRow[];
  keys: readonly KeyRow[];
  /** What the audit log says was settled under each key, in micro-dollars. */
  told: readonly { key_id: string; micros: number }[];
}

export interface KeyRow {
  id: string;
  parent_id: string | null;
  cap_micros: number;
  revoked_at: number | null;
}

const HOLDS =
  'SELECT call_id, key_id, state, held, settled, undone, charged_to, idempotency_key_hash FROM';
const KEYS = 'SELECT id, parent_id, cap_micros, revoked_at FROM';

/** The rows of a store that no broker has open. */
export function sqliteRows(file: string): StoreRows {
  const store = readStore(file);
  const column = (name: keyof AuditEntry): string => `(entry ->> ${placeOf(name)})`;
  try {
    return {
      holds: store.all(`${HOLDS} holds`),
      balances: store.all('SELECT name, spent, held, undone FROM balances'),
      keys: store.all(`${KEYS} keys`),
      told: store.all(
        `SELECT ${column('key_id')} AS key_id, SUM(${column('settled_micros')}) AS micros
         FROM audit WHERE ${column('settled_micros')} IS NOT NULL GROUP BY 1`,
      ),
    };
  } finally {
    store.close();
  }
}

/** The rows of a store as one moment has them; its log must have been sealed to the end. */
export async function postgresRows(url: string): Promise<StoreRows> {
  return withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const all = async <Row>(text: string): Promise<Row[]> =>
      (await client.query(text)).rows.map(numbered) as Row[];
    const column = (name: keyof AuditEntry): string => `(entry::jsonb ->> ${placeOf(name)})`;
    return {
      holds: await all<HoldRow>(`${HOLDS} vault_key.holds`),
      balances: await all<StoreRows['balances'][number]>(
        'SELECT name, sum(spent) AS spent, sum(held) AS held, sum(undone) AS undone FROM vault_key.balances GROUP BY name',
      ),
      keys: await all<KeyRow>(`${KEYS} vault_key.keys`),
      told: await all<StoreRows['told'][number]>(
        `SELECT ${column('key_id')} AS key_id, sum(${column('settled_micros')}::bigint) AS micros
         FROM vault_key.audit WHERE ${column('settled_micros')} IS NOT NULL GROUP BY 1`,
      ),
    };
  });
}

/** A query past the product. */
export function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  return withClient(url, async (client) => (await client.query(text)).rows as never);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // An end that comes by itself is told by the query.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Sums of `bigint` come as text. */
function numbered(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      /(?:^|_)(?:held|settled|spent|undone|micros|at)$/.test(name) && value !== null
        ? Number(value)
        : value,
    ]),
  );
}

/** The processes of a server, its main one first. */
export function processTree(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
    } catch {
      return false;
    }
  });
  return [pid, ...children.map(Number)];
}
