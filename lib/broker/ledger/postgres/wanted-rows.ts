import type { AgingRows, ObjectName } from '../book';

/** Rows by what names them, as the store's functions take them. */
export interface RowNames {
  /** The lines of balances that are locked, whose sums are read. */
  names: [name: string, line: number][];
  /** Of balances of which what lines from one on come to is only looked at. */
  past: [name: string, firstLine: number][];
  keys: string[];
  leases: string[];
  notes: [kind: string, name: string][];
  holds: string[];
  /** Of open calls. */
  calls: string[];
  operations: [vendor: string, keyHash: string][];
  objects: [vendor: string, account: string, id: string][];
  /** Objects whose holds are meant. */
  roots: [vendor: string, account: string, id: string][];
}

/** Some rows of a table, in its order. */
export interface WantedSlice {
  table: keyof AgingRows;
  /** Where it begins; absent at the begin of the table. */
  from: string | undefined;
  limit: number;
}

/** The rows that a batch has asked for: what it is decided on is loaded, and locked, in one step. */
export class WantedRows {
  readonly #names = new Map<string, [string, number]>();
  readonly #past = new Map<string, [string, number]>();
  readonly #keys = new Set<string>();
  readonly #leases = new Set<string>();
  readonly #notes = new Map<string, [string, string]>();
  readonly #holds = new Set<string>();
  readonly #calls = new Set<string>();
  readonly #operations = new Map<string, [string, string]>();
  readonly #objects = new Map<string, [string, string, string]>();
  readonly #roots = new Map<string, [string, string, string]>();
  /** Whether it asks how the audit log is cut. */
  #wantsLog = false;
  readonly #slices = new Map<string, WantedSlice>();
  /** Whether it changes what every other batch may decide by: brakes, budgets, the end of a lease. */
  isExclusive = false;

  /** @param line The one that is locked. */
  balance(name: string, line: number): void {
    this.#names.set(nameOfLine(name, line), [name, line]);
  }

  past(name: string, firstLine: number): void {
    this.#past.set(nameOfLine(name, firstLine), [name, firstLine]);
  }

  key(id: string): void {
    this.#keys.add(id);
  }

  lease(id: string): void {
    this.#leases.add(id);
  }

  note(kind: string, name: string): void {
    this.#notes.set(nameOf(kind, name), [kind, name]);
  }

  hold(callId: string): void {
    this.#holds.add(callId);
  }

  call(callId: string): void {
    this.#calls.add(callId);
  }

  operation(vendor: string, keyHash: string): void {
    this.#operations.set(nameOf(vendor, keyHash), [vendor, keyHash]);
  }

  object({ vendor, account, id }: ObjectName): void {
    this.#objects.set(nameOf(vendor, account, id), [vendor, account, id]);
  }

  root({ vendor, account, id }: ObjectName): void {
    this.#roots.set(nameOf(vendor, account, id), [vendor, account, id]);
  }

  slice(slice: WantedSlice): void {
    this.#slices.set(nameOfSlice(slice), slice);
  }

  log(): void {
    this.#wantsLog = true;
  }

  get wantsLog(): boolean {
    return this.#wantsLog;
  }

  get slices(): readonly WantedSlice[] {
    return [...this.#slices.values()];
  }

  get rows(): RowNames {
    return {
      names: [...this.#names.values()],
      past: [...this.#past.values()],
      keys: [...this.#keys],
      leases: [...this.#leases],
      notes: [...this.#notes.values()],
      holds: [...this.#holds],
      calls: [...this.#calls],
      operations: [...this.#operations.values()],
      objects: [...this.#objects.values()],
      roots: [...this.#roots.values()],
    };
  }
}

export function nameOfSlice({ table, from = '', limit }: WantedSlice): string {
  return nameOf(table, from, String(limit));
}

/** One name for a line of a balance. */
export function nameOfLine(name: string, line: number): string {
  return `${line}/${name}`;
}

/** One name for what several values name. No text in PostgreSQL has the character between them. */
export function nameOf(...values: readonly string[]): string {
  return values.join('\0');
}
