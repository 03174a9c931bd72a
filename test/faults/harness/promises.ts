import { keyHashOf } from '../acknowledged';
import { ExecutedMoney } from '../../support/executed-money';
import { until } from '../../support/until';
import { APP_CAPS, CAPS, tenantOf } from './agents';
import type { AgentKey, Payment } from './record';
import { postgresRows, query, sqliteRows } from './stores';
import { checkSums, isOpen } from '../hold-rows';
import type { HoldRow } from '../hold-rows';
import type { StoreRows } from './stores';
import type { World } from './world';

const CENT = 10_000;
const USD = 1_000_000;
/** What an ended hold may be late beyond two lives of an instance: two turns of who looks for it. */
const SLACK_MS = 3_000;
/** The store waits 5 s for its server; what is above is the machine's. */
const REFUSED_WITHIN_MS = 7_000;
const TRIED_ENDS = 12;

/** What was looked at, in words for the table. */
export type Findings = string[];

/**
 * Holds a world against every promise, once a fault is over: the agents have stopped, and all instances
 * that are up can work.
 *
 * @throws Error that names the first promise that is broken.
 */
export async function checkPromises(world: World): Promise<Findings> {
  const { record } = world;
  const violation = record.violations[0];
  if (violation !== undefined) {
    throw new Error(`${violation} (and ${record.violations.length - 1} more)`);
  }
  if (record.slowestRefusal > REFUSED_WITHIN_MS) {
    throw new Error(
      `a 503 came after ${record.slowestRefusal.toFixed(0)} ms, to ${record.slowestRefused}`,
    );
  }
  world.checkWatch();
  await checkEnded(world);
  await untilNoneHeld(world);
  const findings = await checkLog(world);
  await endMembers(world);
  const rows = 'url' in world.store ? await postgresRows(world.url) : sqliteRows(world.store.file);
  checkSums(rows.holds, rows.balances);
  checkChargedTo(rows);
  checkTold(rows);
  checkKeys(rows, record.keys);
  findings.push(...checkMoney(world, rows));
  if (record.violations.length > 0) throw new Error(record.violations[0]);
  return findings;
}

/** Nothing is under way: what an instance left that died is unknown within two lives, and counts. */
async function untilNoneHeld(world: World): Promise<void> {
  const held = async (): Promise<{ id: string; idempotency_key_hash?: string }[]> => {
    const [member] = world.live;
    if (member === undefined) throw new Error('no instance is up');
    // Asks for a write: what is kept is tried with it.
    for (const { broker } of world.live) await broker.api('GET', '/readyz');
    const { body, text } = await member.broker.api('GET', '/v1/holds?state=held&limit=1000');
    if (body?.holds === undefined) throw new Error(`the holds were answered ${text}`);
    return body.holds as { id: string; idempotency_key_hash?: string }[];
  };
  await until(
    async () => (await held()).length === 0,
    async () =>
      `are held, and no call is under way: ${JSON.stringify(
        (await held()).map(({ id, idempotency_key_hash: hash }) => [
          id,
          world.record.payments.find(({ idempotencyKey }) => keyHashOf(idempotencyKey) === hash)
            ?.answers,
        ]),
      )}`,
    2 * world.ttlMs + SLACK_MS,
  );
}

/** No key that has ended admits a call, at any instance. */
async function checkEnded({ live, agents, record }: World): Promise<void> {
  const acknowledged = record.keys.filter(({ revocation }) => revocation === 'acknowledged');
  for (const member of live) {
    for (const key of acknowledged.slice(-TRIED_ENDS)) {
      const answer = await agents.tryEnded(member, key);
      if (answer?.status !== 401) {
        throw new Error(
          `${key.id} was revoked, and ${member.name} answered ${answer?.status} ${answer?.text}`,
        );
      }
    }
  }
}

/** The log verifies, from each instance, and reaches as far at all of them. */
async function checkLog(world: World): Promise<Findings> {
  let entries = 0;
  for (const { name, broker } of world.live) {
    const { status, body, text } = await broker.api('GET', '/v1/audit/verify');
    if (status !== 200 || body.ok !== true) {
      throw new Error(`the audit log does not verify at ${name}: ${status} ${text}`);
    }
    entries = Math.max(entries, body.entries as number);
  }
  if (world.kind === 'sqlite') return [`log of ${entries} rows`];
  const [row] = await query(
    world.url,
    'SELECT count(*)::int AS all, count(*) FILTER (WHERE closed_at IS NOT NULL AND reaped_at IS NULL)::int AS unreaped FROM vault_key.writers',
  );
  return [`log of ${entries} rows by ${String(row?.['all'])} writers`];
}

/** Ends all instances in order: what they keep is written by then. */
async function endMembers(world: World): Promise<void> {
  for (const member of world.live) {
    const { code, stderr } = await member.stop();
    if (code !== 0) throw new Error(`${member.name} ended with ${code}: ${stderr.slice(-1_000)}`);
  }
}

/** Each hold counts against its key and all above it. */
function checkChargedTo({ holds, keys }: StoreRows): void {
  const parents = new Map(keys.map(({ id, parent_id: parent }) => [id, parent]));
  for (const { call_id: call, key_id: key, charged_to: charged } of holds) {
    const names = new Set(JSON.parse(charged) as string[]);
    for (let id: string | null = key; id !== null; id = parents.get(id) ?? null) {
      if (!parents.has(id)) throw new Error(`the hold ${call} is under ${id}, which is gone`);
      if (!names.has(`key/${id}`)) throw new Error(`the hold ${call} is not charged to ${id}`);
    }
  }
}

/** The rows of the log add up to what is spent under each key. */
function checkTold({ holds, told }: StoreRows): void {
  const spent = sumBy(
    holds,
    ({ key_id: id }) => id,
    (hold) => (isOpen(hold) ? 0 : hold.settled),
  );
  const inLog = new Map(told.map(({ key_id: id, micros }) => [id, micros]));
  for (const id of new Set([...spent.keys(), ...inLog.keys()])) {
    const [ledger, log] = [spent.get(id) ?? 0, inLog.get(id) ?? 0];
    if (ledger !== log) throw new Error(`${id} has spent ${ledger} micros; the log says ${log}`);
  }
}

/** Each key that was given out is there, and each word on it. */
function checkKeys({ keys }: StoreRows, given: readonly AgentKey[]): void {
  const byId = new Map(keys.map((key) => [key.id, key]));
  for (const { id, capUsd, revocation } of given) {
    const key = byId.get(id);
    if (key === undefined) throw new Error(`the key ${id} was given out, and is gone`);
    if (key.cap_micros !== capUsd * USD) throw new Error(`${id} has the cap ${key.cap_micros}`);
    if (revocation === 'acknowledged' && key.revoked_at === null) {
      throw new Error(`the revocation of ${id} was acknowledged, and is gone`);
    }
    if (revocation === 'none' && key.revoked_at !== null) {
      throw new Error(`${id} is revoked, and nobody asked for it`);
    }
  }
}

/** All that the vendor executed is counted, to the cent where it is known, and no cap is passed. */
function checkMoney(world: World, { holds }: StoreRows): Findings {
  const { record, vendor } = world;
  const money = new ExecutedMoney(vendor);
  const byHash = new Map<string, HoldRow[]>();
  for (const hold of holds) {
    const hash = hold.idempotency_key_hash ?? '';
    byHash.set(hash, [...(byHash.get(hash) ?? []), hold]);
  }
  const sums = { executed: 0, settled: 0, unknown: 0 };
  const executedUnder = new Map<AgentKey, number>();
  for (const payment of record.payments) {
    const executed = money.costOf(payment.id, false) * CENT;
    const own = byHash.get(keyHashOf(payment.idempotencyKey)) ?? [];
    const outcome = checkPayment(payment, executed, own, world.hasDeaths);
    sums.executed += executed;
    sums.settled += outcome.settled;
    sums.unknown += outcome.unknown;
    for (let key: AgentKey | undefined = payment.key; key !== undefined; key = key.parent) {
      executedUnder.set(key, (executedUnder.get(key) ?? 0) + executed);
    }
  }
  checkCaps(world, holds, executedUnder);
  const usd = (micros: number): string => (micros / USD).toFixed(2);
  return [
    `${record.payments.length} payments, ${record.paid} paid`,
    `${usd(sums.executed)} USD executed, ${usd(sums.settled)} settled, ${usd(sums.unknown)} unknown`,
    `${record.keys.length} keys, ${record.revoked} revoked`,
  ];
}

function checkPayment(
  payment: Payment,
  executed: number,
  holds: readonly HoldRow[],
  hasDeaths: boolean,
): { settled: number; unknown: number } {
  const { id, cents, isPaid, isUnclear } = payment;
  const what = (problem: string): Error =>
    new Error(`${id} of ${cents} cents ${problem}: ${JSON.stringify(holds)}`);
  let settled = 0;
  let unknown = 0;
  for (const hold of holds) {
    if (hold.state === 'held') throw what('is held, and nothing is under way');
    if (isOpen(hold)) unknown += hold.held;
    else settled += hold.settled;
  }
  if (settled + unknown < executed) throw what(`was executed for ${executed} micros`);
  const most = (payment.reportedCents ?? cents) * CENT;
  if (settled + unknown > most) throw what('counts more than was asked for');
  if (isPaid && settled + unknown === 0) throw what('was paid, and counts nothing');
  if (unknown > 0 && !isUnclear && !hasDeaths) throw what('is unknown, and its outcome was told');
  const due = payment.reportedCents === undefined ? executed : payment.reportedCents * CENT;
  if (unknown === 0 && settled !== due) {
    throw what(`was executed for ${executed} micros, and settled for ${settled}`);
  }
  return { settled, unknown };
}

/** By what the store counts and by what the vendor executed. */
function checkCaps(
  { record }: World,
  holds: readonly HoldRow[],
  executedUnder: ReadonlyMap<AgentKey, number>,
): void {
  const counted = new Map<string, number>();
  for (const hold of holds) {
    const micros = isOpen(hold) ? hold.held : hold.settled;
    for (const name of JSON.parse(hold.charged_to) as string[]) add(counted, name, micros);
  }
  for (const key of record.keys) {
    const most = Math.max(counted.get(`key/${key.id}`) ?? 0, executedUnder.get(key) ?? 0);
    if (key.isOverspent === true) continue;
    if (most > key.capUsd * USD) {
      throw new Error(`${key.id} has ${most} micros under a cap of ${key.capUsd} USD`);
    }
  }
  const paid = record.payments.filter((payment) => counted.has(`key/${payment.key.id}`));
  const users = new Set(paid.map(({ key }) => key.user));
  for (const [scope, caps] of [...Object.entries(CAPS), ...Object.entries(APP_CAPS)]) {
    for (const [id, cap] of Object.entries(caps)) {
      const days = [...counted].filter(([name]) => isBalanceOf(name, scope, id));
      const isUsed = [...users].some(
        (user) => (scope === 'user' ? user : tenantOf(user).tenant_id) === id,
      );
      if (isUsed && days.length === 0) throw new Error(`the cap of ${scope} ${id} has no balance`);
      const most = Math.max(0, ...days.map(([, micros]) => micros));
      if (most > cap * USD) throw new Error(`${scope} ${id} has ${most} micros, over ${cap} USD`);
    }
  }
}

/** Whether a balance counts a day of a subject: `["user","t0","","u0"]@2026-11-23`. */
function isBalanceOf(name: string, scope: string, id: string): boolean {
  if (!name.startsWith('[')) return false;
  const subject = JSON.parse(name.slice(0, name.lastIndexOf('@'))) as string[];
  return subject[0] === scope && subject.at(-1) === id;
}

function sumBy<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  microsOf: (row: Row) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) add(sums, nameOf(row), microsOf(row));
  return sums;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}
