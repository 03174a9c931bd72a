import type { Budget } from '../../budgets/budget';
import type { Raise } from '../../budgets/raise';
import type { Brake } from '../../brakes/brake';
import type { KeyRecord } from '../../keys/key';
import type { VendorObject } from '../book';
import type { LeaseRecord } from '../records';
import { BRAKES } from '../tables/brake-rows';
import { BUDGETS } from '../tables/budget-rows';
import { HOLDS } from '../tables/hold-rows';
import type { PlacedHold } from '../tables/hold-rows';
import { KEYS } from '../tables/key-rows';
import { LEASES } from '../tables/lease-rows';
import type { SealedSegment } from '../../audit/segment-list';
import { RAISES } from '../tables/raise-rows';
import { SEGMENTS } from '../tables/segment-rows';
import { changeOf, valuesOf } from '../tables/table-form';
import { OBJECTS } from '../tables/object-rows';
import type { Note } from '../notes';
import { NOTES } from '../tables/note-rows';
import type { Deletions, GoneRows } from './deletions';
import type { LoadedRows, Rules } from './loaded-rows';
import { sentOperation } from './sent-rows';
import type { NamedOperation, SentRow } from './sent-rows';

/** The position of a hold that is not written yet: after all that are. */
export const UNWRITTEN = 2 ** 52;

/** What a batch has decided, as the store's function takes it; what is absent has not changed. */
export interface BatchChanges {
  keys?: SentRow[];
  revoked?: SentRow[];
  balances?: SentRow[];
  begun?: SentRow[];
  changed?: SentRow[];
  newOperations?: SentRow[];
  operations?: SentRow[];
  newObjects?: SentRow[];
  objects?: SentRow[];
  newNotes?: SentRow[];
  notes?: SentRow[];
  leases?: SentRow[];
  calls?: SentRow[];
  endedCalls?: string[];
  rules?: {
    budgets: SentRow[];
    goneBudgets: string[];
    raises: SentRow[];
    goneRaises: string[];
    brakes: SentRow[];
    goneBrakes: string[];
  };
  audit?: SentRow[];
  gone?: GoneRows;
  segments?: SentRow[];
  /** The last row of the log that is deleted. */
  goneLog?: number;
  /** When the store's hour began, where it is a later one from now on. */
  hourBegan?: number;
}

/** The rows that a batch has changed, and what they were before. */
export interface ChangedRows {
  loaded: LoadedRows | undefined;
  /** Those that were loaded. */
  rules: Rules;
  keys: readonly KeyRecord[];
  newKeys: ReadonlySet<string>;
  leases: readonly LeaseRecord[];
  holds: readonly PlacedHold[];
  operations: ReadonlyMap<string, NamedOperation>;
  objects: ReadonlyMap<string, VendorObject>;
  notes: ReadonlyMap<string, Note>;
  balances: SentRow[];
  /** Calls that have begun, with what the audit log says of them; those that have ended without. */
  calls: ReadonlyMap<string, string | undefined>;
  /** Absent where none has changed. */
  budgets: ReadonlyMap<string, Budget> | undefined;
  raises: ReadonlyMap<string, Raise> | undefined;
  brakes: ReadonlyMap<string, Brake> | undefined;
  audit: SentRow[];
  /** What was deleted and is there again is new. */
  deletions: Deletions;
  segments: readonly SealedSegment[];
  goneLog: number | undefined;
  hourBegan: number | undefined;
}

/** What is sent of the rows that a batch has changed; `undefined` where that is nothing. */
export function changesOf(rows: ChangedRows): BatchChanges | undefined {
  const { loaded, newKeys, deletions } = rows;
  const [begun, changed] = split(rows.holds, ({ position }) => position >= UNWRITTEN);
  const [newOperations, operations] = split(
    [...rows.operations],
    ([name, { vendor, keyHash }]) =>
      loaded?.operations.has(name) !== true || deletions.has('operations', vendor, keyHash),
  );
  const [newObjects, objects] = split(
    [...rows.objects],
    ([name, { vendor, account, id }]) =>
      loaded?.objects.has(name) !== true || deletions.has('objects', vendor, account, id),
  );
  const [newNotes, notes] = split(
    [...rows.notes],
    ([id, { kind, name }]) => loaded?.notes.has(id) !== true || deletions.has('notes', kind, name),
  );
  const [keys, revoked] = split(rows.keys, ({ id }) => newKeys.has(id));
  const calls = [...rows.calls];
  const sent = {
    keys: keys.map((row) => valuesOf(KEYS, row)),
    revoked: revoked.map(({ id, revokedAt = null }) => [id, revokedAt]),
    balances: rows.balances,
    begun: begun.map((row) => valuesOf(HOLDS, row)),
    changed: changed.map((row) => changeOf(HOLDS, row)),
    newOperations: newOperations.map(([, row]) => sentOperation(row)),
    operations: operations.map(([, row]) => sentOperation(row)),
    newObjects: newObjects.map(([, row]) => valuesOf(OBJECTS, row)),
    objects: objects.map(([, row]) => changeOf(OBJECTS, row)),
    newNotes: newNotes.map(([, row]) => valuesOf(NOTES, row)),
    notes: notes.map(([, row]) => changeOf(NOTES, row)),
    leases: rows.leases.map((row) => valuesOf(LEASES, row)),
    calls: calls.flatMap(([id, entry]) => (entry === undefined ? [] : [[id, entry]])),
    endedCalls: calls.flatMap(([id, entry]) => (entry === undefined ? [id] : [])),
    segments: rows.segments.map((row) => valuesOf(SEGMENTS, row)),
    audit: rows.audit,
  };
  const full = Object.entries(sent).filter(([, each]) => each.length > 0);
  const rules = sentRules(rows);
  const { goneLog, hourBegan } = rows;
  const gone = deletions.rows;
  const isEmpty = [rules, gone, goneLog, hourBegan].every((each) => each === undefined);
  if (full.length === 0 && isEmpty) return undefined;
  return {
    ...Object.fromEntries(full),
    ...(goneLog === undefined ? {} : { goneLog }),
    ...(hourBegan === undefined ? {} : { hourBegan }),
    ...(rules === undefined ? {} : { rules }),
    ...(gone === undefined ? {} : { gone }),
  };
}

function sentRules({ rules, budgets, raises, brakes }: ChangedRows): BatchChanges['rules'] {
  if (budgets === undefined || raises === undefined || brakes === undefined) return undefined;
  const setBudgets = [...budgets].filter(([name, budget]) => rules.budgets.get(name) !== budget);
  const setBrakes = [...brakes.values()].filter((brake) => !rules.brakes.includes(brake));
  return {
    budgets: setBudgets.map(([, budget]) => valuesOf(BUDGETS, budget)),
    goneBudgets: [...rules.budgets.keys()].filter((name) => !budgets.has(name)),
    raises: [...raises.values()]
      .filter((raise) => !rules.raises.includes(raise))
      .map((raise) => valuesOf(RAISES, raise)),
    goneRaises: rules.raises.map(({ raiseId }) => raiseId).filter((id) => !raises.has(id)),
    brakes: setBrakes.map((brake) => valuesOf(BRAKES, brake)),
    goneBrakes: rules.brakes.map(({ id }) => id).filter((id) => !brakes.has(id)),
  };
}

function split<Row>(rows: readonly Row[], isFirst: (row: Row) => boolean): [Row[], Row[]] {
  const first: Row[] = [];
  const second: Row[] = [];
  for (const row of rows) (isFirst(row) ? first : second).push(row);
  return [first, second];
}
