import { writeEntry } from '../../audit/audit-entry';
import type { AuditRow } from '../../audit/audit-entry';
import type { LoadedRows } from './loaded-rows';

/** The calls that one batch begins and ends. */
export class BookCalls {
  /** What the audit log says of those that have begun; `undefined` of those that have ended. */
  readonly #changed = new Map<string, string | undefined>();

  /** @param miss Has a call that was not loaded loaded. */
  constructor(
    private readonly loaded: LoadedRows | undefined,
    private readonly miss: (callId: string) => void,
  ) {}

  get changed(): ReadonlyMap<string, string | undefined> {
    return this.#changed;
  }

  begin(callId: string, row: AuditRow): void {
    this.#changed.set(callId, writeEntry(0, row));
  }

  end(callId: string): void {
    // One that this very batch has begun is in no table.
    if (this.#changed.get(callId) === undefined) this.#changed.set(callId, undefined);
    else this.#changed.delete(callId);
  }

  /** What the audit log says of a call that has not ended; `undefined` where it has. */
  open(callId: string): string | undefined {
    if (this.loaded?.asked.calls.has(callId) !== true) this.miss(callId);
    return this.#changed.has(callId) ? this.#changed.get(callId) : this.loaded?.calls.get(callId);
  }
}
