import type { AppBudgets, AppLayer } from '../../budgets/budget';
import type { PeriodCaps } from '../../../contract/budget-periods';
import type { KeyRecord } from '../../keys/key';
import { limitsColumn, limitsIn } from './limit-columns';
import type { Subject } from '../../keys/subject';
import type { LiveKey } from '../store';
import { changing, fixed, key } from './table-form';
import type { FoundRow, TableForm } from './table-form';

export const KEYS: TableForm<KeyRecord> = {
  table: 'keys',
  order: 'rowid',
  columns: [
    key('id', ({ id }) => id),
    fixed('token_hash', ({ tokenHash }) => tokenHash),
    fixed('label', ({ label }) => label),
    fixed('vendor', ({ vendor }) => vendor),
    fixed('cap_micros', ({ capMicros }) => capMicros),
    fixed('allowed_endpoints', ({ allowedEndpoints }) => JSON.stringify(allowedEndpoints)),
    fixed('tenant_id', ({ subject }) => subject.tenant_id ?? null),
    fixed('user_id', ({ subject }) => subject.user_id ?? null),
    fixed('run_id', ({ subject }) => subject.run_id ?? null),
    fixed('tool', ({ subject }) => subject.tool ?? null),
    fixed('parent_id', ({ parentId }) => parentId ?? null),
    fixed('created_at', ({ createdAt }) => createdAt),
    fixed('expires_at', ({ expiresAt }) => expiresAt),
    changing('revoked_at', ({ revokedAt }) => revokedAt ?? null),
    fixed('budgets', ({ budgets }) => JSON.stringify(storedBudgets(budgets))),
    fixed('budgets_mode', ({ budgetsMode }) => budgetsMode ?? null),
    fixed('lease_id', ({ lease }) => lease?.id ?? null),
    fixed('limits', limitsColumn),
  ],
  keyOf: ({ id }) => id,
  rowOf: keyOf,
};

const SUBJECT_COLUMNS = ['tenant_id', 'user_id', 'run_id', 'tool'] as const;

function keyOf(found: FoundRow): KeyRecord {
  const { parent_id: parentId, lease_id: leaseId, revoked_at: revokedAt } = found;
  return {
    id: found['id'] as string,
    tokenHash: found['token_hash'] as string,
    label: found['label'] as string,
    vendor: found['vendor'] as string,
    capMicros: found['cap_micros'] as number,
    allowedEndpoints: JSON.parse(found['allowed_endpoints'] as string) as string[],
    subject: subjectOf(found),
    ...(parentId === null ? {} : { parentId: parentId as string }),
    ...appLayerOf(found),
    ...(leaseId === null ? {} : { lease: { id: leaseId as string, expiresAt: 0 } }),
    ...limitsIn(found),
    createdAt: found['created_at'] as number,
    expiresAt: found['expires_at'] as number,
    ...(revokedAt === null ? {} : { revokedAt: revokedAt as number }),
  };
}

/** A cap of the day alone is its number. */
type StoredBudgets = Readonly<Record<string, number | PeriodCaps>>;

function storedBudgets(budgets: AppBudgets): StoredBudgets {
  return mapped(budgets, (caps: PeriodCaps) => {
    const { day, ...others } = caps;
    return day === undefined || Object.keys(others).length > 0 ? caps : day;
  });
}

function budgetsIn(stored: StoredBudgets): AppBudgets {
  return mapped(stored, (caps) => (typeof caps === 'number' ? { day: caps } : caps));
}

function mapped<From, To>(record: Readonly<Record<string, From>>, to: (value: From) => To) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}

/** The application's budgets that a key carries, as its columns say. */
export function appLayerOf(found: FoundRow): AppLayer {
  return {
    budgets: budgetsIn(JSON.parse(found['budgets'] as string) as StoredBudgets),
    ...(found['budgets_mode'] === 'shadow' ? { budgetsMode: 'shadow' as const } : {}),
  };
}

/** Who a key works for, as its columns say. */
export function subjectOf(found: FoundRow): Subject {
  const subject: Subject = {};
  for (const name of SUBJECT_COLUMNS) {
    const value = found[name];
    if (typeof value === 'string') subject[name] = value;
  }
  return subject;
}

/** A key as a walk over the live ones shows it. */
export function liveKeyOf(found: FoundRow): LiveKey {
  return {
    id: found['id'] as string,
    vendor: found['vendor'] as string,
    subject: subjectOf(found),
  };
}
