import type { AuditChain } from '../../audit/audit-chain';
import { dayOf } from '../../budgets/budget';
import { DAY_MS } from '../../budgets/period';
import { LAST_LINE } from './balance-lines';
import type { LoadedRows } from './loaded-rows';
import type { PgLink } from './pg-link';

/** More lines than settlements add to a day that is over. */
const MAX_LINES = 8;
/** How many days are merged at once: some milliseconds of the server's work. */
const MAX_DAYS = 64;

/**
 * Merges the lines of days in which nothing is told apart by the hour any more: all before yesterday. Who
 * decides by a month then reads some 30 lines, and not those of each hour and instance.
 */
export class PastDays {
  #isMerging = false;

  constructor(
    private readonly link: Pick<PgLink, 'query'>,
    private readonly chain: AuditChain,
  ) {}

  /** What was just read of days that are over. Nobody waits for what is done about it. */
  noteRead({ pastLines, hourBegan }: LoadedRows): void {
    if (this.#isMerging || pastLines.size === 0) return;
    const yesterday = dayOf(hourBegan - DAY_MS);
    const names = [...pastLines]
      .filter(([name, lines]) => lines > MAX_LINES && name.slice(-yesterday.length) < yesterday)
      .map(([name]) => name);
    if (names.length > 0) void this.#merge(names.slice(0, MAX_DAYS));
  }

  async #merge(names: readonly string[]): Promise<void> {
    this.#isMerging = true;
    try {
      await this.link.query(
        `SELECT vault_key.merge_lines_1($1, ARRAY(SELECT pg_catalog.jsonb_array_elements_text(
           $2::pg_catalog.text::pg_catalog.jsonb)), $3::pg_catalog.int4)`,
        [this.chain.proof, JSON.stringify(names), LAST_LINE],
      );
    } catch {
      // They are read as they are until a later decision finds them so.
    } finally {
      this.#isMerging = false;
    }
  }
}
