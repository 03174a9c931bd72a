import type { AuditChain, AuditHead } from '../../audit/audit-chain';
import type { KeyRecord } from '../../keys/key';
import type { StoreHooks } from '../store';
import type { FoundSlice } from './aging-tables';
import type { LoadedRows, Rules } from './loaded-rows';
import type { WantedRows } from './wanted-rows';

/** An instance, as its batches see it. */
export interface BookWriter {
  readonly id: string;
  /** The lines of balances that only this instance adds to, where it has locked no other. */
  readonly stripe: number;
  readonly head: AuditHead;
}

/** What a book is made of. */
export interface BookParts {
  /** Absent where works are only run to see what they ask for. */
  loaded: LoadedRows | undefined;
  /** Takes what is asked for. */
  wanted: WantedRows;
  now: number;
  /** When the store's hour began, where it is a later one from this batch on. */
  hourBegan: number | undefined;
  rules: Rules;
  writer: BookWriter;
  chain: AuditChain;
  /** A key as it was once: of what never changes. */
  knownKey(id: string): KeyRecord | undefined;
  /** Takes a key for {@link knownKey}. */
  rememberKey(key: KeyRecord): void;
  /** Takes each row that is written to the log. */
  logged: StoreHooks['logged'];
  /** Of tables that rows leave, by their names. */
  slices: ReadonlyMap<string, FoundSlice>;
}
