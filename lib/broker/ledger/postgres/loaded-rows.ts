import type { Budget } from '../../budgets/budget';
import { BudgetIndex } from '../../budgets/budget-index';
import type { Raise } from '../../budgets/raise';
import type { Brake } from '../../brakes/brake';
import type { Balance, KeyRecord } from '../../keys/key';
import type { VendorObject } from '../book';
import type { LeaseRecord } from '../records';
import { BRAKES } from '../tables/brake-rows';
import { BUDGETS } from '../tables/budget-rows';
import { HOLDS } from '../tables/hold-rows';
import type { PlacedHold } from '../tables/hold-rows';
import { KEYS } from '../tables/key-rows';
import { LEASES } from '../tables/lease-rows';
import { RAISES } from '../tables/raise-rows';
import { SEGMENTS } from '../tables/segment-rows';
import type { SealedSegment } from '../../audit/segment-list';
import type { AuditHead } from '../../audit/audit-chain';
import { OBJECTS } from '../tables/object-rows';
import { operationOf } from '../tables/operation-rows';
import { NOTES } from '../tables/note-rows';
import type { FoundRow } from '../tables/table-form';
import type { Note } from '../notes';
import type { Operation } from '../rules/operation';
import { nameOf, nameOfLine } from './wanted-rows';
import type { RowNames } from './wanted-rows';

/** What is given by the store's function, as JSON has it: null where it was not asked for, or nothing was found. */
export interface FoundRows {
  now: number;
  /** When the hour began that decisions count in. */
  hourBegan: number;
  version: number;
  /** Null, as {@link raises} and {@link brakes}, where no rule has changed. */
  budgets: FoundRow[] | null;
  raises: FoundRow[] | null;
  brakes: FoundRow[] | null;
  balances: [name: string, spent: number, held: number, undone: number][] | null;
  past:
    | [
        name: string,
        firstLine: number,
        spent: number,
        held: number,
        undone: number,
        lines: number,
      ][]
    | null;
  keys: FoundRow[] | null;
  leases: FoundRow[] | null;
  notes: FoundRow[] | null;
  calls: [id: string, entry: string][] | null;
  holds: FoundRow[] | null;
  operations: (FoundRow & { flights: never })[] | null;
  objects: FoundRow[] | null;
  log: FoundLog | null;
}

/** How the audit log is cut, as JSON has it. */
interface FoundLog {
  segments: FoundRow[];
  head: [count: number, mac: string];
  oldest: number | null;
  since: string | null;
}

/** How the audit log is cut. */
export interface LoadedLog {
  segments: readonly SealedSegment[];
  head: AuditHead;
  /** The first row that is there. */
  oldest: number | undefined;
  /** When the first row came to be that no segment has. */
  since: string | undefined;
}

/** How many calls of an operation are in flight, by the instance that has sent them. */
export type Flights = Readonly<Record<string, number>>;

/** An operation, and whose calls are in flight. */
export interface FlownOperation {
  operation: Operation;
  flights: Flights;
}

/** What operators have set: every decision asks it. */
export interface Rules {
  version: number;
  budgets: ReadonlyMap<string, Budget>;
  /** Of these budgets. */
  index: BudgetIndex;
  /** The oldest first. */
  raises: readonly Raise[];
  /** The oldest first. */
  brakes: readonly Brake[];
}

export const NO_RULES: Rules = {
  version: -1,
  budgets: new Map(),
  index: new BudgetIndex([]),
  raises: [],
  brakes: [],
};

/** The rows that were asked for, as they were when they were locked. */
export class LoadedRows {
  /** The server's clock, or the begin of the store's hour where that is later. */
  readonly now: number;
  /** When the hour began that decisions count in. */
  readonly hourBegan: number;
  readonly rules: Rules;
  readonly balances = new Map<string, Balance>();
  /** What balances come to from a line on, by {@link nameOfLine} of it. */
  readonly past = new Map<string, Balance>();
  /** Of how many lines that is the sum, by the name of the balance. */
  readonly pastLines = new Map<string, number>();
  readonly keys = new Map<string, KeyRecord>();
  readonly leases = new Map<string, LeaseRecord>();
  readonly notes = new Map<string, Note>();
  readonly holds = new Map<string, PlacedHold>();
  /** What the audit log says of calls that have not ended. */
  readonly calls: ReadonlyMap<string, string>;
  readonly operations = new Map<string, FlownOperation>();
  readonly objects = new Map<string, VendorObject>();
  readonly log: LoadedLog | undefined;
  /** The names of all that was asked for, there or not. */
  readonly asked: {
    readonly [Kind in keyof RowNames]: ReadonlySet<string>;
  };

  constructor(asked: RowNames, found: FoundRows, known: Rules) {
    this.hourBegan = found.hourBegan;
    this.now = Math.max(found.now, found.hourBegan);
    this.rules = rulesOf(found, known);
    this.calls = new Map(found.calls ?? []);
    this.log = found.log === null ? undefined : logOf(found.log);
    for (const [name, spent, held, undone] of found.balances ?? [])
      this.balances.set(name, { spent, held, undone });
    for (const [name, firstLine, spent, held, undone, lines] of found.past ?? []) {
      this.past.set(nameOfLine(name, firstLine), { spent, held, undone });
      this.pastLines.set(name, lines);
    }
    for (const row of found.keys ?? []) this.keys.set(row['id'] as string, keyOf(row));
    for (const row of found.leases ?? []) this.leases.set(row['id'] as string, LEASES.rowOf(row));
    for (const row of found.notes ?? []) {
      const note = NOTES.rowOf(row);
      this.notes.set(nameOf(note.kind, note.name), note);
    }
    for (const row of found.holds ?? []) this.holds.set(row['call_id'] as string, HOLDS.rowOf(row));
    for (const row of found.operations ?? []) {
      const name = nameOf(row['vendor'] as string, row['idempotency_key_hash'] as string);
      this.operations.set(name, flownOf(row, row.flights as Flights));
    }
    const roots = new Set(asked.roots.map((values) => nameOf(...values)));
    for (const row of found.objects ?? []) {
      const object = OBJECTS.rowOf(row);
      const { vendor, account, id, rootId } = object;
      this.objects.set(nameOf(vendor, account, id), object);
      // Its holds are given with it, and those of its refunds.
      roots.add(nameOf(vendor, account, rootId));
    }
    // So are those of an operation.
    const holds = new Set([...asked.holds, ...this.holds.keys()]);
    this.asked = {
      names: new Set(asked.names.map((values) => nameOfLine(...values))),
      past: new Set(asked.past.map((values) => nameOfLine(...values))),
      keys: new Set(asked.keys),
      leases: new Set(asked.leases),
      notes: new Set(asked.notes.map((values) => nameOf(...values))),
      holds,
      calls: new Set(asked.calls),
      operations: new Set(asked.operations.map((values) => nameOf(...values))),
      objects: new Set(asked.objects.map((values) => nameOf(...values))),
      roots,
    };
  }
}

/** A key, with what its lease says. */
export function keyOf(found: FoundRow): KeyRecord {
  const key = KEYS.rowOf(found);
  if (key.lease === undefined) return key;
  const expiresAt = (found['lease_expires_at'] as number | null) ?? 0;
  return { ...key, lease: { id: key.lease.id, expiresAt } };
}

function flownOf(found: FoundRow, flights: Flights): FlownOperation {
  const inFlight = Object.values(flights).reduce((sum, count) => sum + count, 0);
  return { operation: operationOf({ ...found, in_flight: inFlight }), flights };
}

function logOf({ segments, head: [count, mac], oldest, since }: FoundLog): LoadedLog {
  return {
    segments: segments.map((found) => SEGMENTS.rowOf(found)),
    head: { count, mac },
    oldest: oldest ?? undefined,
    since: since ?? undefined,
  };
}

function rulesOf({ version, budgets, raises, brakes }: FoundRows, known: Rules): Rules {
  if (budgets === null || raises === null || brakes === null) return known;
  const all = budgets.map((found) => BUDGETS.rowOf(found)).sort(BUDGETS.compare);
  return {
    version,
    budgets: new Map(all.map((budget) => [BUDGETS.keyOf(budget), budget])),
    index: new BudgetIndex(all),
    raises: raises.map((found) => RAISES.rowOf(found)).sort(RAISES.compare),
    brakes: brakes.map((found) => BRAKES.rowOf(found)).sort(BRAKES.compare),
  };
}
