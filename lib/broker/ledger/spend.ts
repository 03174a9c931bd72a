import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MicroUsd } from '../../contract/usd';
import { instantText } from '../instant';
import type { NoteKind, NoteOf } from './notes';
import type { Hold } from './records';
import { NO_SPEND, daySpendPrefix } from './rules/spend-sums';
import type { SpendSubject, SpendSums } from './rules/spend-sums';
import { SpendFold } from './spend-fold';
import type { Queries, Store } from './store';

/** How many rows are read before other work has its turn. */
const SLICE_ROWS = 250;

/** What is counted by: a day, or an hour of the whole of a vendor. */
export type SpendUnit = 'day' | 'hour';

/** Which rows of spend: of the days (UTC) from one to another, both included. */
export interface SpendRange {
  unit: SpendUnit;
  from: string;
  to: string;
  /** Where given, rows of others may be left out; of a user only beside a tenant. */
  among?: Partial<Pick<SpendSubject, 'tenant' | 'user'>>;
}

/** What was spent, or is held, in one day or hour. */
export interface SpendEntry extends SpendSubject, SpendSums {
  /** `2026-11-23`, or of an hour `2026-11-23T10`. */
  time: string;
  /** What calls under way have reserved. */
  held: MicroUsd;
  /** What calls with an unknown outcome have reserved. */
  unknown: MicroUsd;
}

/**
 * The rows of spend: what the audit log comes to by day and subject, and by hour and vendor. All is read in
 * slices, between which other work is done. Where holds are read before rows, a call that ends meanwhile
 * may count among both, and is missing from neither.
 */
export class LedgerSpend {
  readonly #fold: SpendFold;

  constructor(private readonly store: Store) {
    this.#fold = new SpendFold(store);
  }

  /** Brings the rows up to date from time to time. */
  start(): void {
    this.#fold.start();
  }

  /** Resolves once nothing is under way in the background. */
  close(): Promise<void> {
    return this.#fold.close();
  }

  /** What the holds that are open reserve, those of one state after those of the other. */
  async *openHolds(range: SpendRange): AsyncGenerator<readonly SpendEntry[]> {
    const queries = await this.store.checkpoint();
    yield* this.#holdsOf(queries, 'held', range);
    yield* this.#holdsOf(queries, 'unknown', range);
  }

  /** The rows in the order of their times, up to date with the log as it is when they are asked for. */
  async *rows(range: SpendRange): AsyncGenerator<readonly SpendEntry[]> {
    await this.#fold.catchUp();
    const queries = await this.store.checkpoint();
    if (range.unit === 'hour') yield* hourSlices(queries, range);
    else yield* daySlices(queries, range);
  }

  async *#holdsOf(
    queries: Queries,
    state: 'held' | 'unknown',
    { unit, from, to }: SpendRange,
  ): AsyncGenerator<readonly SpendEntry[]> {
    let cursor: string | undefined;
    do {
      const page = { limit: SLICE_ROWS, ...(cursor === undefined ? {} : { cursor }) };
      const { entries, next } = await queries.holds({ state }, page, []);
      const dayOfHold = ({ createdAt }: Hold) => instantText(createdAt).slice(0, from.length);
      const asked = entries.filter(
        (hold) => hold.heldMicros > 0 && dayOfHold(hold) >= from && dayOfHold(hold) <= to,
      );
      if (asked.length > 0) {
        const subjects = await this.store.look((book) =>
          asked.map(({ keyId }) => book.key(keyId)?.subject ?? {}),
        );
        yield asked.map((hold, i): SpendEntry => {
          const { tenant_id: tenant, user_id: user, tool } = subjects[i] ?? {};
          return {
            time: instantText(hold.createdAt).slice(0, TIME_LENGTH[unit]),
            tenant: tenant ?? null,
            user: user ?? null,
            tool: tool ?? null,
            vendor: hold.vendor,
            ...NO_SPEND,
            held: 0,
            unknown: 0,
            [state]: hold.heldMicros,
          };
        });
      }
      // They are the newest first: those that follow began earlier still.
      const last = entries.at(-1);
      cursor = last !== undefined && dayOfHold(last) < from ? undefined : next;
      await nextTurn();
    } while (cursor !== undefined);
  }
}

const TIME_LENGTH: Readonly<Record<SpendUnit, number>> = {
  day: 'YYYY-MM-DD'.length,
  hour: 'YYYY-MM-DDTHH'.length,
};

async function* daySlices(
  queries: Queries,
  { from, to, among }: SpendRange,
): AsyncGenerator<readonly SpendEntry[]> {
  // Those of one tenant stand together within a day.
  const spans =
    among?.tenant === undefined
      ? [{ from: `${from}/`, to: `${to}0` }]
      : daysFrom(from, to).map((day) => {
          const prefix = daySpendPrefix(day, among);
          return { from: prefix, to: `${prefix}g` };
        });
  for (const span of spans) {
    for await (const notes of noteSlices(queries, 'spend', span)) {
      yield notes.map(({ name, value }): SpendEntry => {
        return { time: name.slice(0, TIME_LENGTH.day), ...value, held: 0, unknown: 0 };
      });
    }
  }
}

async function* hourSlices(
  queries: Queries,
  { from, to }: SpendRange,
): AsyncGenerator<readonly SpendEntry[]> {
  const nobody = { tenant: null, user: null, tool: null };
  for await (const notes of noteSlices(queries, 'spend_hour', { from: `${from}T`, to: `${to}U` })) {
    yield notes.map(({ name, value }): SpendEntry => {
      return { time: name.slice(0, TIME_LENGTH.hour), ...nobody, ...value, held: 0, unknown: 0 };
    });
  }
}

async function* noteSlices<Kind extends NoteKind>(
  queries: Queries,
  kind: Kind,
  span: { from: string; to: string },
): AsyncGenerator<readonly NoteOf<Kind>[]> {
  let { from } = span;
  for (;;) {
    const notes = await queries.notes(kind, { from, to: span.to, limit: SLICE_ROWS });
    yield notes;
    await nextTurn();
    const last = notes.at(-1);
    if (last === undefined || notes.length < SLICE_ROWS) return;
    // No name has a blank in it: this one comes after the last, and before all that follow.
    from = `${last.name} `;
  }
}

/** The days from one to another, both included. */
function daysFrom(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) {
    days.push(instantText(at).slice(0, TIME_LENGTH.day));
  }
  return days;
}
