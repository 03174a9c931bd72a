import type { AuditEntryView, AuditPage } from '../api/views';
import { sumUsd } from '../format/money';

const PAGE_ROWS = 1_000;
const MAX_PAGES = 5;

/** What the audit log has of one UTC day, by the hour. */
export interface DayFigures {
  /** By the hour of the day, in USD. */
  hours: readonly number[];
  spentUsd: number;
  calls: number;
  refusals: number;
  /** Since when the log was read: more rows than the page reads are before it. Absent where all were. */
  readFrom?: string;
}

const noHours = (): number[] => Array.from({ length: 24 }, () => 0);

type ReadPage = (query: {
  from: string;
  limit: number;
  cursor: string | undefined;
}) => Promise<AuditPage>;

/**
 * Reads the rows of one UTC day, and at each further time those alone that have come since. By their numbers, since a
 * call has the time of its admission and is written when it has ended.
 */
export class DayLog {
  #newest = 0;
  #micros = noHours();
  #calls = 0;
  #refusals = 0;
  #readFrom: string | undefined;

  constructor(readonly day: string) {}

  async read(readPage: ReadPage): Promise<DayFigures> {
    const fresh: AuditEntryView[] = [];
    let cursor: string | undefined;
    let isWhole = false;
    for (let page = 0; page < MAX_PAGES && !isWhole; page += 1) {
      const answer = await readPage({ from: this.day, limit: PAGE_ROWS, cursor });
      for (const entry of answer.entries) {
        if (entry.seq <= this.#newest) isWhole = true;
        else fresh.push(entry);
      }
      cursor = answer.cursor;
      if (cursor === undefined) isWhole = true;
    }
    if (!isWhole) this.#beginAt(fresh.at(-1));
    for (const entry of fresh) this.#add(entry);
    return {
      hours: this.#micros.map((micros) => micros / 1e6),
      spentUsd: sumUsd(this.#micros.map((micros) => micros / 1e6)),
      calls: this.#calls,
      refusals: this.#refusals,
      ...(this.#readFrom === undefined ? {} : { readFrom: this.#readFrom }),
    };
  }

  #beginAt(oldest: AuditEntryView | undefined): void {
    this.#micros = noHours();
    this.#calls = 0;
    this.#refusals = 0;
    this.#readFrom = oldest?.at;
  }

  #add(entry: AuditEntryView): void {
    this.#newest = Math.max(this.#newest, entry.seq);
    if (entry.event === 'call') this.#calls += 1;
    if (entry.event === 'refusal') this.#refusals += entry.count;
    if (entry.day !== this.day || entry.settled_usd === null) return;
    const hour = new Date(entry.at).getUTCHours();
    this.#micros[hour] = (this.#micros[hour] ?? 0) + Math.round(entry.settled_usd * 1e6);
  }
}
