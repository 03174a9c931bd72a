import type { ColumnValue } from '../tables/table-form';

/** A row as the store's functions take it. */
export type SentRow = Readonly<Record<string, ColumnValue | Readonly<Record<string, number>>>>;

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
  leases?: SentRow[];
  calls?: SentRow[];
  endedCalls?: string[];
  rules?: {
    budgets: SentRow[];
    goneBudgets: string[];
    brakes: SentRow[];
    goneBrakes: string[];
  };
  audit?: SentRow[];
}
