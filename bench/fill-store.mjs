import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AuditChain } from '../dist/broker/audit/audit-chain.js';
import { readEntry, writeEntry } from '../dist/broker/audit/audit-entry.js';
import { AuditIndex } from '../dist/broker/ledger/sqlite/audit-index.js';

const DAY_MS = 86_400_000;
const CAP_MICROS = 100_000_000;
const MICROS = 1_000_000;
const INDEXED_AT_ONCE = 2_560;

/**
 * Invocations as the broker has written them, put into a new file that no broker has: a key each, which
 * is revoked, one settled payment with an `Idempotency-Key`, and three rows of the audit log. They are
 * of 100 tenants and 1,000 users, each of a run of its own, spread over the days before today.
 */
export function fillStore(file, count, days) {
  const Database = createRequire(import.meta.url)('libsql');
  const db = new Database(file);
  const prepare = (sql) => db.prepare(sql);
  const insert = {
    key: prepare(
      `INSERT INTO keys VALUES (?, ?, 'bench', 'stripe', ${CAP_MICROS}, '["/v1/payment_intents"]', ?, ?, ?,
         'Tool.run', NULL, ?, ?, ?, '{"user":50000000}', NULL)`,
    ),
    hold: prepare(
      `INSERT INTO holds (call_id, key_id, vendor, account, object_id, held, settled, state, charged_to,
         created_at, ended_at, idempotency_key_hash, ended_by_operator)
       VALUES (?, ?, 'stripe', '', ?, ${MICROS}, ${MICROS}, 'settled', ?, ?, ?, ?, 0)`,
    ),
    object: prepare(`INSERT INTO objects VALUES ('stripe', '', ?, ?, 100, 'usd', 1, ?)`),
    operation: prepare(`INSERT INTO operations VALUES ('stripe', ?, ?, ?, ?, 0, NULL, ?, NULL)`),
    balance: prepare('INSERT INTO balances VALUES (?, ?, 0)'),
    row: prepare('INSERT INTO audit VALUES (?, ?, unhex(?))'),
  };
  const log = new FilledLog(db, file, insert.row);
  const balances = new Map();
  const first = Date.now() - days * DAY_MS;
  db.exec('BEGIN');
  for (let i = 0; i < count; i++) {
    const at = Math.floor(first + (i * (days - 0.01) * DAY_MS) / count);
    const id = i.toString(16).padStart(22, '0');
    const hash = scattered(i);
    const [key, call, object] = [`vk_${id}`, `call_${id}`, `pi_${hash.slice(0, 24)}`];
    const [tenant, user, run] = [`t${i % 100}`, `u${i % 1_000}`, `r${i}`];
    const day = new Date(at).toISOString().slice(0, 10);
    const names = [
      ['tenant', '', '', tenant],
      ['user', tenant, '', user],
      ['run', tenant, user, run],
      ['tool', '', '', 'Tool.run'],
      ['vendor', '', '', 'stripe'],
    ].map((subject) => `${JSON.stringify(subject)}@${day}`);
    const chargedTo = [`key/${key}`, ...names];
    for (const name of chargedTo) balances.set(name, (balances.get(name) ?? 0) + MICROS);
    insert.key.run(key, hash, tenant, user, run, at, at + 300_000, at + 300);
    insert.hold.run(call, key, object, JSON.stringify(chargedTo), at + 5, at + 250, hash);
    insert.object.run(object, object, at + 250);
    insert.object.run(`ch_${hash.slice(0, 24)}`, object, at + 250);
    insert.operation.run(hash, hash, call, at + 5, at + 250);
    const subject = { tenant_id: tenant, user_id: user, run_id: run, tool: 'Tool.run' };
    const ofKey = {
      key_id: key,
      label: 'bench',
      vendor: 'stripe',
      cap_micros: CAP_MICROS,
      ...subject,
    };
    log.add(at, { event: 'issue', ...ofKey });
    log.add(at + 5, {
      event: 'call',
      ...ofKey,
      call_id: call,
      method: 'POST',
      path: '/v1/payment_intents',
      verdict: 'settled',
      requested_micros: MICROS,
      settled_micros: MICROS,
      day,
      amount: 100,
      currency: 'usd',
      spent_after_micros: MICROS,
      held_after_micros: 0,
      remaining_after_micros: CAP_MICROS - MICROS,
      idempotency_key_hash: hash,
      vendor_status: 200,
      vendor_request_id: `req_${hash.slice(0, 14)}`,
      latency_ms: 245,
    });
    log.add(at + 300, { event: 'revoke', ...ofKey });
  }
  for (const [name, spent] of balances) insert.balance.run(name, spent);
  log.end();
  db.exec('COMMIT');
  const bytes = bytesOf(db);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
  db.close();
  return bytes;
}

/** The rows of the log, chained with the store's own key, and their index. */
class FilledLog {
  constructor(db, file, insert) {
    this.db = db;
    this.insert = insert;
    this.chain = new AuditChain(readFileSync(`${file}.audit-key`, 'utf8').trim());
    const { count, mac } = db.prepare('SELECT count, mac FROM audit_head').get();
    if (count !== 0) throw new Error('the log has rows already');
    this.count = count;
    this.mac = mac;
  }

  add(at, row) {
    this.count += 1;
    const entry = writeEntry(this.count, { at: new Date(at).toISOString(), ...row });
    this.mac = this.chain.next(this.mac, entry);
    this.insert.run(this.count, entry, this.mac);
  }

  end() {
    const { db, count, mac } = this;
    const seal = this.chain.seal({ count, mac });
    db.prepare('UPDATE audit_head SET count = ?, mac = ?, seal = ?').run(count, mac, seal);
    const statements = new Map();
    const run = (sql, values) => {
      if (!statements.has(sql)) statements.set(sql, db.prepare(sql));
      statements.get(sql).run(values);
    };
    const index = new AuditIndex(db, { add: run }, 0);
    index.undone(0);
    const read = db.prepare('SELECT seq, entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?');
    for (let last = 0; last < count;) {
      for (const { seq, entry } of read.all(last, INDEXED_AT_ONCE)) {
        index.add(seq, readEntry(entry));
        last = seq;
      }
      index.sent();
      index.written();
    }
  }
}

/** How many bytes each table has with its indexes. */
function bytesOf(db) {
  const rows = db
    .prepare(
      `SELECT sqlite_schema.tbl_name AS name, SUM(dbstat.pgsize) AS bytes
       FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name GROUP BY 1`,
    )
    .all();
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

/** 64 hexadecimal digits that are in no order, as a hash is. */
function scattered(i) {
  let text = '';
  for (let part = 0; part < 8; part++) {
    text += (Math.imul(i + 1, 0x9e37_79b1 + 2 * part) >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}
