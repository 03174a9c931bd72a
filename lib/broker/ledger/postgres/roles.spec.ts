import { Pool } from 'pg';
import { keyRecord } from '../../../../test/support/key-record';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { AuditSegments } from '../audit-segments';
import { StoreLedger } from '../store-ledger';
import { PostgresStore } from './postgres-store';
import { updatePostgresSchema } from './schema-update';
import { DAILY } from '../../../../test/support/daily';

const AUDIT_KEY = 'a key';
const KEPT_MS = 90 * 86_400_000;
const KEY = keyRecord('k');
const BUDGET = { scope: 'user', tenant: undefined, user: undefined, id: 'u' } as const;

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
  for (const role of ['owner', 'app', 'reporter', 'guest']) {
    await server.query('postgres', `CREATE ROLE ${role} LOGIN`);
  }
}, 60_000);
afterAll(() => server.remove());

let url: string;
let database: string;
beforeEach(async () => {
  url = await server.database();
  database = new URL(url).pathname.slice(1);
  await server.query('postgres', `ALTER DATABASE ${database} OWNER TO owner`);
});

const as = (role: string): string => url.replace('postgres@', `${role}@`);
const open = (role: string, auditKey = AUDIT_KEY) => PostgresStore.open(as(role), { auditKey });
const query = (text: string) => server.query(database, text);
const queryAs = (role: string, text: string) => server.query(database, text, role);
const migrate = (grantTo?: string) => updatePostgresSchema(as('owner'), grantTo);

describe('the role of an application', () => {
  it('does all that a broker does, in a schema that its owner has made', async () => {
    expect(await migrate('app')).toEqual({ from: 0, to: 1, roles: ['app'] });
    const [store, other] = [await open('app'), await open('app')];
    const ledger = new StoreLedger(store);
    await ledger.issue(KEY);
    const decision = await ledger.admit({
      callId: 'call',
      key: KEY,
      account: '',
      price: { kind: 'amount', micros: 10_000, amount: 1, currency: 'usd' },
      audit: { at: '2026-01-01T00:00:00.000Z', event: 'refusal', call_id: 'call', key_id: 'k' },
    });
    if (!decision.admitted) throw decision.refusal;
    const { call } = decision;
    await ledger.end({ call, outcome: { ending: 'settled' }, audit: {} });
    await ledger.putBudget({ ...BUDGET, ...DAILY, capMicros: 50_000 });
    await ledger.putBrake({ id: 'b', scope: 'user', target: 'u', reason: 'a test' });
    await ledger.revoke(['k']);
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true, entries: 5 });
    await new AuditSegments(store).cut();
    expect(await store.maySweep(KEPT_MS)).toBe(true);
    expect(await other.maySweep(KEPT_MS)).toBe(false);
    await ledger.close();
    await other.reap();
    expect(await query('SELECT reaped_at IS NULL AS open FROM vault_key.writers')).toEqual(
      expect.arrayContaining([{ open: false }, { open: true }]),
    );
    await other.close();
  });

  it('writes to no table of the store', async () => {
    await migrate('app');
    const rights = await queryAs(
      'app',
      `SELECT c.relname, privilege FROM pg_class c,
         unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
       WHERE c.relnamespace = 'vault_key'::regnamespace AND c.relkind = 'r'
         AND has_table_privilege(c.oid, privilege)`,
    );
    expect(rights).toEqual([]);
    await expect(queryAs('app', 'UPDATE vault_key.keys SET cap_micros = 1')).rejects.toThrow(
      /permission denied for table keys/,
    );
    await expect(queryAs('app', 'CREATE TABLE vault_key.mine (id int)')).rejects.toThrow(
      /permission denied for schema/,
    );
  });

  it('tells the proof of the audit key to no type that a statement under its name has made', async () => {
    await migrate('app');
    const pool = new Pool({ connectionString: as('app'), max: 5 });
    const smuggled = `CREATE FUNCTION pg_temp.keep(v pg_catalog.jsonb) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN PERFORM set_config('app.kept', v::text, false); RETURN true; END $$;
      CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.keep(value))`;
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()));
    for (const client of clients) {
      await client.query(smuggled);
      client.release();
    }
    const ledger = new StoreLedger(await PostgresStore.open({ pool }, { auditKey: AUDIT_KEY }));
    await ledger.issue(KEY);
    await ledger.verifyAudit();
    await ledger.close();
    for (const client of await Promise.all(clients.map(() => pool.connect()))) {
      const { rows } = await client.query(`SELECT current_setting('app.kept', true) AS kept`);
      expect(rows).toEqual([{ kept: null }]);
      client.release();
    }
    await pool.end();
  });

  it('finds no key by an operator that a statement under its name has made', async () => {
    await migrate('app');
    await query('CREATE SCHEMA app AUTHORIZATION app');
    await queryAs(
      'app',
      `CREATE FUNCTION app.always(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
       CREATE OPERATOR app.= (LEFTARG = text, RIGHTARG = text, FUNCTION = app.always)`,
    );
    await query(`ALTER ROLE app IN DATABASE ${database} SET search_path = app, pg_catalog`);
    const ledger = new StoreLedger(await open('app'));
    await ledger.issue(KEY);
    expect(await ledger.keyByTokenHash('hash of nothing')).toBeUndefined();
    expect(await ledger.key('another')).toBeUndefined();
    await ledger.close();
  });

  it('changes nothing by the functions of the store without the key of the audit log', async () => {
    await migrate('app');
    const ledger = new StoreLedger(await open('app'));
    await ledger.issue(KEY);
    await ledger.putBudget({ ...BUDGET, ...DAILY, capMicros: 50_000 });
    await ledger.verifyAudit();
    const [{ id, batch } = {}] = (await query('SELECT id, batch FROM vault_key.writers')) as {
      id: string;
      batch: string;
    }[];
    const rules = {
      goneBudgets: [],
      goneBrakes: [],
      brakes: [],
      budgets: [{ name: 'user  u', scope: 'user', target: 'u', cap_micros: 1e12 }],
    };
    const stored = { writer: id, batch: Number(batch), count: 9, mac: 'm', seal: 's', ttl: 1 };
    const sealed = { rows: [], positions: [], writers: [], count: 1, mac: 'm', seal: 's' };
    const calls: Record<string, string> = {
      store_1: `'${JSON.stringify({ ...stored, rules, proof: 'a guess' })}'`,
      seal_1: `'${JSON.stringify({ ...sealed, proof: 'a guess' })}'`,
      register_1: `'a guess', 'w', 's', 1`,
      beat_1: `'a guess', '${id}', 1`,
      take_turn_1: `'a guess', '${id}', ${batch}`,
      retire_1: `'a guess', '${id}'`,
      fence_1: `'a guess', '${id}', 0`,
      reaped_1: `'a guess', '${id}'`,
      sweep_1: `'a guess', 0, 0`,
      open_balances_1: `'a guess', '[["x", 0]]'`,
      tails_1: `'a guess', 1`,
      merge_lines_1: `'a guess', ARRAY['x'], 0`,
    };
    for (const [name, given] of Object.entries(calls)) {
      const refused = expect(queryAs('app', `SELECT vault_key.${name}(${given})`)).rejects;
      await refused.toThrow(/only a broker that has the key|the writer w_\w+ is closed/);
      const without = given.replaceAll(`'a guess'`, 'NULL').replace('"a guess"', 'null');
      await expect(queryAs('app', `SELECT vault_key.${name}(${without})`)).rejects.toThrow();
    }
    const before = await query('SELECT * FROM vault_key.meta, vault_key.audit_head');
    await queryAs('app', `SELECT vault_key.begin_1('c', 'p', 0, '', 's')`);
    expect(await query('SELECT * FROM vault_key.meta, vault_key.audit_head')).toEqual(before);
    // What locks and reads changes nothing either; there is no other function that runs as the owner.
    const found = await query(
      `SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'vault_key'::regnamespace AND prosecdef`,
    );
    expect(new Set(found.map(({ proname }) => proname))).toEqual(
      new Set([...Object.keys(calls), 'begin_1', 'load_1']),
    );
    for (const { proconfig } of found) {
      expect(proconfig).toContain('search_path=pg_catalog, pg_temp');
    }
    expect(await ledger.verifyAudit()).toMatchObject({ ok: true });
    await ledger.close();
  });

  it('starts nothing where the schema is missing or older, and is told the command', async () => {
    await expect(open('app')).rejects.toThrow(
      `The store ${as('app')} has no schema yet, which the role app may not make or change: run vault-key-broker migrate --grant-to app --store ${as('owner')}, where owner is the role that owns the database or the schema.`,
    );
    await migrate('app');
    await query('DELETE FROM vault_key.versions');
    await expect(open('app')).rejects.toThrow(
      /has no schema yet, .*: run vault-key-broker migrate/,
    );
  });

  it('starts nothing where it was given nothing, and is told the command', async () => {
    await migrate('app');
    await expect(open('guest')).rejects.toThrow(
      /lets the role guest do nothing: run vault-key-broker migrate --grant-to guest --store postgres:\/\/owner@/,
    );
    await query('GRANT USAGE ON SCHEMA vault_key TO guest');
    await expect(open('guest')).rejects.toThrow(
      /does not give the role the rights .*permission denied for table versions.*: run vault-key-broker migrate --grant-to ROLE/,
    );
  });
});

describe('migrate', () => {
  it('says what it found, and what the schema is now', async () => {
    expect(await migrate()).toEqual({ from: 0, to: 1, roles: [] });
    expect(await migrate('app')).toEqual({ from: 1, to: 1, roles: ['app'] });
  });

  it('gives what is new to those that could use the store before, and to no one else', async () => {
    await migrate('app');
    await query(
      'GRANT USAGE ON SCHEMA vault_key TO reporter; GRANT SELECT ON vault_key.audit TO reporter',
    );
    await query('REVOKE EXECUTE ON FUNCTION vault_key.store_1(jsonb) FROM app');
    expect(await migrate()).toEqual({ from: 1, to: 1, roles: ['app'] });
    await new StoreLedger(await open('app')).close();
    const call = queryAs('reporter', `SELECT vault_key.read_1('{}')`);
    await expect(call).rejects.toThrow(/permission denied for function/);
  });

  it('names a role that there is not, and changes nothing', async () => {
    await expect(migrate('nobody')).rejects.toThrow(
      'There is no role nobody at the server: make it with CREATE ROLE.',
    );
    expect(await query(`SELECT 1 FROM pg_namespace WHERE nspname = 'vault_key'`)).toEqual([]);
  });

  it('leaves a schema of a newer version alone', async () => {
    await migrate();
    await query('INSERT INTO vault_key.versions VALUES (99)');
    await expect(migrate('app')).rejects.toThrow(/schema version 99, .*: start a newer broker\.$/);
  });

  it('is not needed by a start whose role may make the schema', async () => {
    await new StoreLedger(await open('owner')).close();
    await migrate('app');
    await new StoreLedger(await open('app')).close();
    await expect(open('app', 'another key')).rejects.toThrow(/set VAULT_KEY_AUDIT_KEY/);
  });

  it('needs no right on the database where the schema is there', async () => {
    await server.query(database, 'CREATE SCHEMA vault_key AUTHORIZATION app');
    await new StoreLedger(await open('app')).close();
    await new StoreLedger(await open('app')).close();
  });
});
