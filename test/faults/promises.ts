import { join } from 'node:path';
import { placeOf } from '../../lib/broker/audit/audit-entry';
import type { AuditEntry } from '../../lib/broker/audit/audit-entry';
import { Broker } from '../../lib/broker/broker';
import type { KeyView } from '../../lib/broker/keys/key-view';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { ExecutedMoney } from '../support/executed-money';
import { isAcknowledged, isAsked, keyHashOf, lineOf, today } from './acknowledged';
import type { Acknowledged, GivenKey, Operation } from './acknowledged';
import { readStore } from './driver-faults';
import { checkSums, isOpen } from './hold-rows';
import type { BalanceRow, HoldRow } from './hold-rows';
import { APPS_CAPS, OPERATORS_CAPS } from './load';
import type { StoreCopy } from './store-copies';

/** A moment in a round: what was acknowledged by then, and what had reached the vendor. */
export interface Moment {
  /** By the record's clock. */
  now: number;
  /** The number of the last call that the vendor had received. */
  lastCall: number;
}

const CENT = 10_000;

/** Opens a copy as a start after the kill does, and holds it against every promise that was given. */
export async function checkCopy(
  { file }: StoreCopy,
  moment: Moment,
  acknowledged: Acknowledged,
  vendor: StripeVendor,
): Promise<void> {
  const broker = await openBroker(file, vendor);
  try {
    await checkViews(broker, moment, acknowledged);
  } finally {
    await broker.close();
  }
  const store = readStore(file);
  const holds = store.all<HoldRow>('SELECT * FROM holds');
  const told = store.all<{ key_id: string; micros: number }>(
    `SELECT ${column('key_id')} AS key_id, SUM(${column('settled_micros')}) AS micros
     FROM audit WHERE ${column('settled_micros')} IS NOT NULL GROUP BY 1`,
  );
  const balances = store.all<BalanceRow>('SELECT * FROM balances');
  const parents = new Map(
    store
      .all<{ id: string; parent_id: string | null }>('SELECT id, parent_id FROM keys')
      .map(({ id, parent_id }) => [id, parent_id]),
  );
  store.close();
  checkSums(holds, balances);
  checkLog(holds, told);
  checkChargedTo(holds, parents);
  checkMoney(holds, moment, acknowledged, new ExecutedMoney(vendor, moment.lastCall));
}

/** A column of a row of the log, which is an array behind its number. */
function column(name: keyof AuditEntry): string {
  return `(entry ->> ${placeOf(name)})`;
}

/** As a store must stand once nothing is under way and it could be written: to the cent. */
export function checkExactly(file: string, acknowledged: Acknowledged, vendor: StripeVendor): void {
  const store = readStore(file);
  const holds = store.all<HoldRow>('SELECT * FROM holds');
  store.close();
  const counted = countedByHash(holds);
  const money = new ExecutedMoney(vendor);
  for (const operation of acknowledged.operations) {
    if (operation.idempotencyKey === undefined || operation.isUnclear) continue;
    const cost = money.costOf(operation.id, !operation.isClosed) * CENT;
    const sum = counted.get(keyHashOf(operation.idempotencyKey)) ?? 0;
    if (sum !== cost) {
      throw new Error(`${operation.id} counts ${sum} micros, and the vendor executed ${cost}`);
    }
  }
}

export function openBroker(file: string, vendor: StripeVendor): Promise<Broker> {
  const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
  return Broker.open(
    { store: `sqlite:${file}`, vendors: { stripe } },
    { storeWaitMs: 0, driver: join(__dirname, 'faulty-driver.js') },
  );
}

/** What the broker itself says. */
async function checkViews(
  broker: Broker,
  { now }: Moment,
  acknowledged: Acknowledged,
): Promise<void> {
  const head = acknowledged.heads.findLast(({ acknowledgedAt }) => acknowledgedAt <= now)?.head;
  const verdict = await broker.verifyAudit(head);
  if (!verdict.ok) throw new Error(`the log does not verify: ${JSON.stringify(verdict)}`);

  const { holds } = await broker.holds.list({ state: 'held' }, 1_000);
  if (holds.length > 0) throw new Error(`${holds[0]?.id} is held, and nothing is under way`);

  const keys = new Map((await allKeys(broker)).map((key) => [key.id, key]));
  for (const key of acknowledged.keys) checkKey(key, keys.get(key.id), now);

  const standing = new Set((await broker.brakes()).brakes.map(({ id }) => id));
  for (const { id, acknowledgedAt, lift } of acknowledged.brakes) {
    const mustStand = acknowledgedAt <= now && !isAsked(lift, now);
    if (mustStand && !standing.has(id)) throw new Error(`the brake ${id} is gone`);
    if (isAcknowledged(lift, now) && standing.has(id)) throw new Error(`the brake ${id} is back`);
  }

  const caps = new Map(
    (await broker.budgets()).budgets
      .filter(({ source }) => source === 'operator')
      .map(({ scope, id, daily_usd_cap }) => [
        `${scope} ${id}`,
        daily_usd_cap as number | undefined,
      ]),
  );
  for (const user of new Set(acknowledged.budgets.map((word) => word.user))) {
    const words = acknowledged.budgets.filter((word) => word.user === user && isAsked(word, now));
    const possible = [
      words.findLast((word) => isAcknowledged(word, now)),
      words.find((word) => !isAcknowledged(word, now)),
    ];
    const cap = caps.get(`user ${user}`);
    if (!possible.some((word) => word?.capUsd === cap)) {
      throw new Error(`the budget of ${user} is ${cap}: ${JSON.stringify(words)}`);
    }
  }

  const unended = new Set(
    (await broker.holds.list({ state: 'unknown' }, 1_000)).holds.map(({ id }) => id),
  );
  for (const { id, acknowledgedAt } of acknowledged.endedHolds) {
    if (acknowledgedAt <= now && unended.has(id)) {
      throw new Error(`an operator ended the hold ${id}, and it is unknown`);
    }
  }
}

function checkKey(given: GivenKey, key: KeyView | undefined, now: number): void {
  const { id, writtenAt, revocation, lease } = given;
  if (key === undefined) {
    if (writtenAt !== undefined && writtenAt <= now) throw new Error(`the key ${id} is gone`);
    if (isAcknowledged(revocation, now)) throw new Error(`the revoked key ${id} is gone`);
    return;
  }
  if (isAcknowledged(revocation, now) && key.status !== 'revoked') {
    throw new Error(`the revoked key ${id} is ${key.status}`);
  }
  if (!isAsked(revocation, now) && key.status === 'revoked') {
    throw new Error(`the key ${id} is revoked, and nobody asked for it`);
  }
  const isOver = key.status === 'revoked' || key.status === 'expired';
  if (lease !== undefined && isAcknowledged(lease.end, now) && !isOver) {
    throw new Error(`the key ${id} is ${key.status}, and its lease has ended`);
  }
}

/** The rows of the log add up to what is spent under each key. */
function checkLog(
  holds: readonly HoldRow[],
  told: readonly { key_id: string; micros: number }[],
): void {
  const spent = new Map<string, number>();
  for (const hold of holds) if (!isOpen(hold)) add(spent, hold.key_id, hold.settled);
  const inLog = new Map(told.map(({ key_id, micros }) => [key_id, micros]));
  for (const id of new Set([...spent.keys(), ...inLog.keys()])) {
    const [ledger, log] = [spent.get(id) ?? 0, inLog.get(id) ?? 0];
    if (ledger !== log) throw new Error(`${id} has spent ${ledger} micros; the log says ${log}`);
  }
}

/** Each hold stands in its key's balance and in those of all keys above. */
function checkChargedTo(
  holds: readonly HoldRow[],
  parents: ReadonlyMap<string, string | null>,
): void {
  for (const { call_id, key_id, charged_to } of holds) {
    const names = new Set(JSON.parse(charged_to) as string[]);
    for (let id: string | null = key_id; id !== null; id = parents.get(id) ?? null) {
      if (!parents.has(id)) throw new Error(`the hold ${call_id} is under ${id}, which is gone`);
      if (!names.has(`key/${id}`)) throw new Error(`the hold ${call_id} is not charged to ${id}`);
    }
  }
}

/** All that the vendor executed is counted, none of it twice, and no cap is passed. */
function checkMoney(
  holds: readonly HoldRow[],
  { now }: Moment,
  acknowledged: Acknowledged,
  money: ExecutedMoney,
): void {
  const byHash = countedByHash(holds);
  const byKey = new Map<string, number>();
  const undoneByKey = new Map<string, number>();
  for (const hold of holds) {
    add(byKey, hold.key_id, countedOf(hold));
    add(undoneByKey, hold.key_id, hold.undone);
  }

  const executedByKey = new Map<GivenKey, number>();
  const executedByUser = new Map<string, number>();
  const askedByUser = new Map<string, number>();
  for (const operation of acknowledged.operations) {
    const isOpenStill = operation.closedAt === undefined || operation.closedAt > now;
    const cost = money.costOf(operation.id, isOpenStill) * CENT;
    add(executedByUser, operation.user, cost);
    add(askedByUser, operation.user, operation.cents * CENT);
    const [only] = operation.keys;
    if (operation.keys.size === 1 && only !== undefined) add(executedByKey, only, cost);
    checkOperation(operation, cost, byHash);
  }

  const countedByUser = new Map<string, number>();
  const undoneByUser = new Map<string, number>();
  const below = new Map<GivenKey, number>();
  const undoneBelow = new Map<GivenKey, number>();
  for (const key of acknowledged.keys) {
    const counted = byKey.get(key.id) ?? 0;
    const executed = executedByKey.get(key) ?? 0;
    const undone = undoneByKey.get(key.id) ?? 0;
    add(countedByUser, key.user, counted);
    add(undoneByUser, key.user, undone);
    if (counted < executed) {
      throw new Error(`${key.id} counts ${counted} micros, and the vendor executed ${executed}`);
    }
    for (const each of lineOf(key)) {
      add(below, each, counted - undone);
      add(undoneBelow, each, undone);
    }
  }
  for (const [key, spend] of below) {
    const most = Math.max(spend, undoneBelow.get(key) ?? 0);
    if (most > key.capUsd * 1_000_000) {
      throw new Error(`${key.id} has ${most} micros under a cap of ${key.capUsd} USD`);
    }
  }
  for (const [user, executed] of executedByUser) {
    const counted = countedByUser.get(user) ?? 0;
    const asked = askedByUser.get(user) ?? 0;
    if (counted < executed || counted > asked) {
      throw new Error(
        `${user} counts ${counted} micros; ${executed} were executed, ${asked} were asked for`,
      );
    }
    const cap = Math.min(OPERATORS_CAPS[user] ?? Infinity, APPS_CAPS[user] ?? Infinity);
    const undone = undoneByUser.get(user) ?? 0;
    const most = Math.max(counted - undone, undone);
    if (most > cap * 1_000_000 && acknowledged.day === today()) {
      throw new Error(`${user} counts ${most} micros under a budget of ${cap} USD`);
    }
  }
}

function checkOperation(
  { id, cents, idempotencyKey }: Operation,
  executed: number,
  byHash: ReadonlyMap<string, number>,
): void {
  if (idempotencyKey === undefined) return;
  const counted = byHash.get(keyHashOf(idempotencyKey)) ?? 0;
  if (counted < executed || counted > cents * CENT) {
    throw new Error(
      `${id} counts ${counted} micros; ${executed} were executed, ${cents * CENT} were asked for`,
    );
  }
}

function countedByHash(holds: readonly HoldRow[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const hold of holds) {
    if (hold.idempotency_key_hash !== null) add(sums, hold.idempotency_key_hash, countedOf(hold));
  }
  return sums;
}

function countedOf(hold: HoldRow): number {
  return (isOpen(hold) ? hold.held : hold.settled) + hold.undone;
}

async function allKeys(broker: Broker): Promise<KeyView[]> {
  const keys: KeyView[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await broker.keys({}, 1_000, cursor);
    keys.push(...page.keys);
    if (page.cursor === undefined) return keys;
    cursor = page.cursor;
  }
}

function add<Name>(sums: Map<Name, number>, name: Name, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}
