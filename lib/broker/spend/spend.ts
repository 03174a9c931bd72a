import { setImmediate as nextTurn } from 'node:timers/promises';
import { dayOf } from '../budgets/budget';
import type { Ledger } from '../ledger/ledger';
import { NO_SPEND, addSums } from '../ledger/rules/spend-sums';
import type { SpendEntry, SpendRange } from '../ledger/spend';
import { invalidFields } from '../refusal';
import { csvHead, csvRow } from './spend-csv';
import { PIECE_ROWS, SpendGroups } from './spend-groups';
import { MAX_ORDERED_ROWS, bySpent, isKeyBySpent } from './spend-order';
import type { SpendRow } from './spend-order';
import { MAX_SPEND_ROWS, parseSpendQuery } from './spend-request';
import type { SpendPageQuery, SpendQuery, SpendReport } from './spend-request';
import {
  cursorOf,
  keyOfCursor,
  partsOfKey,
  spendKey,
  spendRowView,
  spendTotalsView,
} from './spend-view';
import type { SpendPage, SpendTotals } from './spend-view';

/** More rows in memory at once would have the collector of garbage hold the event loop. */
const CSV_ROWS = 20_000;
const DAY_MS = 86_400_000;
const nothing = (): SpendTotals => ({ ...NO_SPEND, held: 0, unknown: 0 });

/**
 * What was spent, by day or hour, tenant, user, tool and vendor. The rows add up to the audit log, and
 * `settled` less `given back` to the balances: both are of the day of the hold.
 */
export class Spend {
  /**
   * @param csvRows How many rows CSV has in memory at once.
   * @internal
   */
  constructor(
    private readonly ledger: Ledger,
    private readonly csvRows = CSV_ROWS,
  ) {}

  /**
   * A page of spend, by what it is grouped by, and the totals of all.
   *
   * @param query What `GET /v1/spend` takes.
   * @throws BrokerRefusal 422 with every bad parameter, or 503.
   */
  async list(query: SpendPageQuery = {}): Promise<SpendPage> {
    const report = this.#read(query);
    const { by, from, to, order } = report;
    const after = afterOf(query.cursor, report);
    const { limit = MAX_SPEND_ROWS } = query;
    const groups =
      order === undefined
        ? new SpendGroups<SpendRow>(limit, after)
        : new SpendGroups<SpendRow>(MAX_ORDERED_ROWS);
    const totals = nothing();
    // In this order: a call that ends meanwhile is not missing from both.
    for (const read of [this.#openHolds(report), this.#rows(report)]) {
      for await (const slice of read) {
        for (const entry of slice) {
          addTo(totals, entry);
          add(groups, entry, report);
        }
      }
    }
    const page = order === undefined ? groups : await bySpent(groups, limit, after);
    const rows = [...page.slices(PIECE_ROWS)].flatMap((slice) =>
      slice.map(({ row }) => spendRowView(row.key, row.sums, by)),
    );
    const { isCut, lastKey } = page;
    return {
      from,
      to,
      rows,
      totals: spendTotalsView(totals),
      ...(isCut && lastKey !== undefined ? { cursor: cursorOf(lastKey) } : {}),
    };
  }

  /**
   * All rows of spend as CSV (RFC 4180), read in pieces. A text that a spreadsheet would take for a formula
   * begins with an apostrophe.
   *
   * @param query What `GET /v1/spend` takes, without a page.
   * @throws BrokerRefusal 422 with every bad parameter, or 503.
   */
  async *csv(query: SpendQuery = {}): AsyncGenerator<string> {
    const report = this.#read(query);
    const { by } = report;
    let text = csvHead(by);
    for await (const groups of this.#allOf(report)) {
      for (const slice of groups.slices(PIECE_ROWS)) {
        for (const { row } of slice) text += csvRow(spendRowView(row.key, row.sums, by), by);
        yield text;
        text = '';
        await nextTurn();
      }
    }
    if (text !== '') yield text;
  }

  /** All rows, in pieces: those of one order are all in one. */
  async *#allOf(report: SpendReport): AsyncGenerator<SpendGroups<SpendRow>> {
    if (report.order !== undefined) {
      const all = new SpendGroups<SpendRow>(MAX_ORDERED_ROWS);
      await this.#gather(report, all, undefined);
      yield await bySpent(all);
      return;
    }
    let after: string | undefined;
    do {
      const groups = new SpendGroups<SpendRow>(this.csvRows, after);
      await this.#gather(report, groups, after);
      yield groups;
      after = groups.isCut ? groups.lastKey : undefined;
    } while (after !== undefined);
  }

  #read(query: SpendPageQuery): SpendReport {
    const parsed = parseSpendQuery(query, this.ledger.now());
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    return parsed.report;
  }

  /** Groups what follows a key. Where times come first, it walks no further than there is room for. */
  async #gather(
    report: SpendReport,
    groups: SpendGroups<SpendRow>,
    after: string | undefined,
  ): Promise<void> {
    const isTimed = report.by[0] === 'day' || report.by[0] === 'hour';
    const timeOf = (key: string): string => partsOfKey(key)[0] ?? '';
    const from =
      isTimed && after !== undefined ? timeOf(after).slice(0, report.from.length) : report.from;
    const rest = { ...report, from };
    for await (const slice of this.#openHolds(rest)) {
      for (const entry of slice) add(groups, entry, report);
    }
    for await (const slice of this.#rows(rest)) {
      for (const entry of slice) add(groups, entry, report);
      const { bound } = groups;
      const last = slice.at(-1);
      if (isTimed && groups.isCut && bound !== undefined && (last?.time ?? '') > timeOf(bound)) {
        return;
      }
    }
  }

  #openHolds(report: SpendReport): AsyncGenerator<readonly SpendEntry[]> {
    return wanted(this.ledger.spend.openHolds(this.#rangeOf(report)), report);
  }

  #rows(report: SpendReport): AsyncGenerator<readonly SpendEntry[]> {
    return wanted(this.ledger.spend.rows(this.#rangeOf(report)), report);
  }

  #rangeOf({ by, from, to, filter: { tenant, user } }: SpendReport): SpendRange {
    // Nothing is spent on a day to come.
    const tomorrow = dayOf(this.ledger.now() + DAY_MS);
    return {
      unit: by.includes('hour') ? 'hour' : 'day',
      from,
      to: to < tomorrow ? to : tomorrow,
      ...(tenant === undefined
        ? {}
        : { among: { tenant, ...(user === undefined ? {} : { user }) } }),
    };
  }
}

/** Those that a report is for. */
async function* wanted(
  slices: AsyncIterable<readonly SpendEntry[]>,
  { filter }: SpendReport,
): AsyncGenerator<readonly SpendEntry[]> {
  const values = Object.entries(filter) as [keyof typeof filter, string | null][];
  for await (const slice of slices) {
    yield slice.filter((entry) => values.every(([name, value]) => entry[name] === value));
  }
}

function add(groups: SpendGroups<SpendRow>, entry: SpendEntry, { by }: SpendReport): void {
  const key = spendKey(entry, by);
  const row = groups.row(key, () => ({ key, sums: nothing() }));
  if (row !== undefined) addTo(row.sums, entry);
}

function addTo(sums: SpendTotals, entry: SpendEntry): void {
  addSums(sums, entry);
  sums.held += entry.held;
  sums.unknown += entry.unknown;
}

function afterOf(cursor: string | undefined, { by, order }: SpendReport): string | undefined {
  if (cursor === undefined) return undefined;
  const key = keyOfCursor(cursor, order === undefined ? by.length : by.length + 1);
  if (key !== undefined && (order === undefined || isKeyBySpent(key))) return key;
  const message = 'must be the cursor of an earlier page of the same groups and order';
  throw invalidFields([{ field: 'cursor', message }]);
}
