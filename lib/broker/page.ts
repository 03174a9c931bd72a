import { invalidFields } from './refusal';
import type { FieldIssue } from './refusal';
import type { PageRequest } from './ledger/records';

export const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** The rule of a limit, as text. */
export function limitFault(limit: string): string | undefined {
  return /^[1-9]\d{0,3}$/.test(limit) && Number(limit) <= MAX_LIMIT
    ? undefined
    : `must be a whole number from 1 to ${MAX_LIMIT}`;
}

/** The rule of a cursor: what an earlier page gave. */
export function cursorFault(cursor: string): string | undefined {
  return /^\d{1,15}$/.test(cursor) ? undefined : 'must be the cursor of an earlier page';
}

/** What is wrong with a page that is asked for. */
export function pageFaults({ limit, cursor }: Partial<PageRequest>): FieldIssue[] {
  const messages = {
    limit: limit === undefined ? undefined : limitFault(String(limit)),
    cursor: cursor === undefined ? undefined : cursorFault(cursor),
  };
  return Object.entries(messages).flatMap(([field, message]) =>
    message === undefined ? [] : [{ field, message }],
  );
}

/** @throws BrokerRefusal 422 with what is wrong: a store would search for a page that is nowhere. */
export function checkPage(page: Partial<PageRequest>): void {
  const faults = pageFaults(page);
  if (faults.length > 0) throw invalidFields(faults);
}
