import { ANY_ID, appCap, subjectsOf } from '../../budgets/budget';
import type { AppBudgets, BudgetSubject } from '../../budgets/budget';
import { isLive } from '../../keys/key';
import type { KeyRecord, KeyWithBalance } from '../../keys/key';
import type { Note, NoteKind, NoteOf, NoteRange } from '../notes';
import type { HoldFilter, Hold, KeyFilter, Page, PageRequest } from '../records';
import type { BudgetedKey, KeyListRequest, LivePosition, LiveSlice, Queries } from '../store';
import type { MemoryBook } from './memory-book';

/** The queries of a store in memory: each looks at every row. */
export class MemoryQueries implements Queries {
  constructor(private readonly book: MemoryBook) {}

  async keys({ filter, page, show }: KeyListRequest): Promise<Page<KeyWithBalance>> {
    const { status: _status, ...equal } = filter;
    const found = this.#newestFirst()
      .filter(([, key]) => fieldsMatch({ vendor: key.vendor, ...key.subject }, equal))
      .flatMap(([position, { id }]) => {
        const entry = show(this.book, id);
        return entry === undefined ? [] : [[position, entry] as const];
      });
    return pageOf(found, page);
  }

  async liveKeys(
    _among: unknown,
    from: LivePosition | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<LivePosition>> {
    const { position = Infinity } = from ?? {};
    const { keys, next } = this.#live(position, now, limit, () => true);
    return { keys, ...(next === undefined ? {} : { next: { position: next } }) };
  }

  async liveKeysOf(
    scope: 'tenant' | 'user' | 'run' | 'tool',
    id: string,
    from: number | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<number>> {
    return this.#live(from ?? Infinity, now, limit, (key) => idOf(key, scope) === id);
  }

  async newestBudgets(subject: BudgetSubject): Promise<AppBudgets | undefined> {
    return this.#newestFirst().find(([, key]) => isOf(key, subject))?.[1].budgets;
  }

  async hasNewerBudget(
    subject: BudgetSubject,
    position: number,
    liveAfter: number,
  ): Promise<boolean> {
    return this.#newestFirst().some(
      ([at, key]) =>
        at >= position &&
        isOf(key, subject) &&
        wasLiveAfter(key, liveAfter) &&
        appCap(key.budgets, subject) !== undefined,
    );
  }

  async keysWithBudgets(position: number = Infinity, liveAfter: number) {
    const keys = this.#newestFirst()
      .filter(([at, key]) => at < position && wasLiveAfter(key, liveAfter))
      .filter(([, { budgets }]) => Object.keys(budgets).length > 0)
      .map(([at, { vendor, subject, budgets }]): BudgetedKey => {
        return { position: at, vendor, subject, budgets };
      });
    return { keys, steps: keys.length };
  }

  async subjectsOf(
    scope: 'user' | 'run',
    id: string,
    limit: number,
  ): Promise<readonly BudgetSubject[]> {
    const found = new Map<string, BudgetSubject>();
    for (const { subject, vendor } of this.book.keys.values()) {
      for (const each of subjectsOf(subject, vendor)) {
        if (each.scope === scope && each.id === id && id !== ANY_ID) {
          found.set(JSON.stringify(each), each);
        }
      }
    }
    return [...found.values()].slice(0, limit);
  }

  async holds(
    { state, vendor, key_id: keyId }: HoldFilter,
    page: PageRequest,
    stranded: readonly string[],
  ): Promise<Page<Hold>> {
    const found = [...this.book.holds.values()]
      .map((hold, position) => [position + 1, hold] as const)
      .filter(
        ([, hold]) =>
          (state === undefined ||
            hold.state === state ||
            (state === 'unknown' && stranded.includes(hold.callId))) &&
          (vendor === undefined || hold.vendor === vendor) &&
          (keyId === undefined || hold.keyId === keyId),
      );
    return pageOf(found.reverse(), page);
  }

  async notes<Kind extends NoteKind>(
    kind: Kind,
    { from, to, limit, newestFirst = false }: NoteRange,
  ): Promise<readonly NoteOf<Kind>[]> {
    const found = [...this.book.notes.values()]
      .filter((note): note is NoteOf<Kind> & Note => note.kind === kind)
      .filter(({ name }) => from === undefined || compareBytes(name, from) >= 0)
      .filter(({ name }) => to === undefined || compareBytes(name, to) < 0)
      .sort((one, other) => compareBytes(one.name, other.name));
    return (newestFirst ? found.reverse() : found).slice(0, limit);
  }

  #live(position: number, now: number, limit: number, isMeant: (key: KeyRecord) => boolean) {
    const rest = this.#newestFirst().filter(
      ([at, key]) => at < position && isLive(key, now) && isMeant(key),
    );
    const slice = rest.slice(0, limit);
    const keys = slice.map(([, { id, vendor, subject }]) => ({ id, vendor, subject }));
    const next = slice.at(-1)?.[0];
    return { keys, ...(rest.length > limit && next !== undefined ? { next } : {}) };
  }

  #newestFirst(): (readonly [position: number, key: KeyRecord])[] {
    return [...this.book.keys.keys()]
      .map((id, i) => [i + 1, this.book.key(id) as KeyRecord] as const)
      .reverse();
  }
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function idOf({ subject, vendor }: KeyRecord, scope: BudgetSubject['scope']): string | undefined {
  return subjectsOf(subject, vendor).find((each) => each.scope === scope)?.id;
}

function isOf({ subject, vendor }: KeyRecord, wanted: BudgetSubject): boolean {
  const name = JSON.stringify(wanted);
  return subjectsOf(subject, vendor).some((each) => JSON.stringify(each) === name);
}

function wasLiveAfter({ expiresAt, revokedAt, lease }: KeyRecord, instant: number): boolean {
  return Math.min(expiresAt, revokedAt ?? Infinity, lease?.expiresAt ?? Infinity) > instant;
}

function fieldsMatch(
  fields: Readonly<Record<string, string>>,
  equal: Omit<KeyFilter, 'status'>,
): boolean {
  return Object.entries(equal).every(([name, value]) => fields[name] === value);
}

/** Of entries with their positions, the newest first. */
function pageOf<T>(
  newestFirst: readonly (readonly [number, T])[],
  { limit, cursor }: PageRequest,
): Page<T> {
  const before = Number(cursor ?? Infinity);
  const rest = newestFirst.filter(([position]) => position < before);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return {
    entries: shown.map(([, entry]) => entry),
    ...(rest.length > limit && last !== undefined ? { next: String(last[0]) } : {}),
  };
}
