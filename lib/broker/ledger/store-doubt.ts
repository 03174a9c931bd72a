/**
 * Reasons to doubt that a store is the one that the last broker left. An operator can accept each by
 * name, where it was intended.
 *
 * - `lost-wal`: the file says that a `-wal` belongs to it, and no `-wal` is beside it
 * - `new-file`: no store, or an empty one, beside an audit key or a `-wal` that are left of another
 * - `other-audit-key`: the audit key is not the one that the log is chained with
 * - `balances`: what is spent and held under the caps is not the sum of the calls
 * - `clock`: the machine's clock is more than 5 minutes behind the latest instant in the store
 * - `moved`: the store has moved to another one, in PostgreSQL
 */
export const STORE_DOUBTS = [
  'lost-wal',
  'new-file',
  'other-audit-key',
  'balances',
  'clock',
  'moved',
] as const;

/** A reason to doubt a store, by the name that `--accept-store` takes. */
export type StoreDoubt = (typeof STORE_DOUBTS)[number];

/** A store that may not be the one that was left. `message` says why, and how to start with it. */
export class DoubtfulStoreError extends Error {
  constructor(
    readonly doubt: StoreDoubt,
    reason: string,
  ) {
    super(
      `${reason} If this was intended, run once with --accept-store ${doubt} (acceptStore: ['${doubt}'] in code).`,
    );
    this.name = 'DoubtfulStoreError';
  }
}

/** The doubts that the operator accepts; {@link raise} throws for every other one. */
export class AcceptedDoubts {
  readonly #accepted: ReadonlySet<StoreDoubt>;

  constructor(accepted: Iterable<StoreDoubt> = []) {
    this.#accepted = new Set(accepted);
  }

  /** @throws DoubtfulStoreError unless the doubt is meant. */
  raise(doubt: StoreDoubt, reason: string): void {
    if (!this.#accepted.has(doubt)) throw new DoubtfulStoreError(doubt, reason);
  }
}

/** A store that a broker already has open. */
export class StoreInUseError extends Error {
  /** The fact alone, without what to do. */
  readonly what: string;

  /** @param holder The process that has it; `undefined` where it cannot be told. */
  constructor(
    readonly file: string,
    readonly holder: { pid: number; host: string } | 'this process' | undefined,
  ) {
    const what = `The store ${file} is in use by ${nameOf(holder)}`;
    super(
      `${what}: a SQLite store has one process. To share it, run vault-key-broker beside the applications and give each of them broker: { url, token }, or use a postgres:// store.`,
    );
    this.name = 'StoreInUseError';
    this.what = what;
  }
}

function nameOf(holder: StoreInUseError['holder']): string {
  if (holder === undefined) return 'another process';
  if (holder === 'this process') return `another broker of this very process (${process.pid})`;
  return `process ${holder.pid} on ${holder.host}`;
}
