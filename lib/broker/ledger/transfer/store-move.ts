import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AuditVerdict } from '../../audit/audit-chain';
import { shownStore } from '../../broker.options';
import type { HoldState } from '../../../contract/states';
import { instantText } from '../../instant';
import type { PgDriver } from '../postgres/pg-driver';
import { codeOf } from '../postgres/pg-errors';
import { startError } from '../postgres/start-errors';
import type { AcceptedDoubts } from '../store-doubt';
import { MoveSource } from './move-source';
import type { MoveSourceSettings } from './move-source';
import { MoveTarget } from './move-target';
import { MOVED_TABLES } from './moved-tables';
import type { MovedTable } from './moved-tables';
import { differenceOf } from './table-digest';
import type { TableDigest } from './table-digest';

/** How far behind the server's clock may be. */
const MAX_BEHIND_MS = 300_000;
/** How often a long table tells how far it is. */
const TOLD_EVERY_MS = 2_000;

export interface MoveSettings extends MoveSourceSettings {
  driver?: PgDriver | undefined;
}

/** What a move has come to. */
export interface MoveSummary {
  /** The file. */
  from: string;
  /** The store that it has moved to, without a password. */
  to: string;
  /** Whether it had moved before, and nothing was left to do. */
  wasThere: boolean;
  /** How many rows have moved, by what they are called. */
  rows: Readonly<Record<string, number>>;
  holds: Readonly<Record<HoldState, number>>;
  segments: { exported: number; left: number };
  /** What a verification of the audit log comes to, on both sides. */
  audit: AuditVerdict;
}

/**
 * Moves a store from a SQLite file to PostgreSQL: all of it, in one transaction, so that a command that is
 * killed leaves an empty store there, or a whole one. What has moved is checked before it can be seen.
 * The file keeps its contents and is marked as moved: no broker starts on it by mistake.
 *
 * @throws Error where nothing has moved, and why.
 */
export async function moveStore(
  file: string,
  url: string,
  settings: MoveSettings,
): Promise<MoveSummary> {
  const source = await MoveSource.open(file, settings);
  try {
    const target = await MoveTarget.open(url, source.chain, settings.log, settings.driver);
    try {
      return await new StoreMove(file, shownStore(url), source, target, settings).run();
    } catch (error) {
      throw faultOf(error, file, url);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Why nothing has moved: what the server says is of the target, what SQLite says of the file. */
function faultOf(error: unknown, file: string, url: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  if (!code.startsWith('SQLITE_')) return startError(url, error);
  const { message } = error as Error;
  return new Error(`The store ${file} cannot be read or marked (${message}).`, { cause: error });
}

class StoreMove {
  readonly #log: (line: string) => void;
  readonly #doubts: AcceptedDoubts;

  constructor(
    private readonly from: string,
    private readonly to: string,
    private readonly source: MoveSource,
    private readonly target: MoveTarget,
    { log, doubts }: MoveSettings,
  ) {
    this.#log = log;
    this.#doubts = doubts;
  }

  async run(): Promise<MoveSummary> {
    const { source, target } = this;
    if (await this.#hasArrived()) return this.#summary(await source.verdict(), true);
    this.#log('checking the audit log');
    const verdict = await source.verdict();
    if (!verdict.ok) {
      this.#log(
        `the audit log does not verify (${verdict.reason}): it moves as it is, and will not verify there either`,
      );
    }
    const digests = MOVED_TABLES.map((table) => source.digest(table));
    const move = `m_${randomBytes(10).toString('hex')}`;
    await target.begin();
    const latest = await this.#latestInstant();
    for (const [i, table] of MOVED_TABLES.entries()) {
      await this.#copy(table, digests[i]?.rows ?? 0, move);
    }
    await target.complete(move, source.head, latest);
    await this.#verify(digests, verdict);
    await this.#commit(move);
    await target.analyze().catch(() => {});
    return this.#summary(verdict, false);
  }

  /** Whether an earlier move of this store is there already; one that is not there never will be. */
  async #hasArrived(): Promise<boolean> {
    const { source, to } = this;
    const { mark } = source;
    if (mark === undefined) return false;
    if ((await this.target.arrivalOf(mark.move)) !== undefined) {
      source.setMark({ ...mark, isDone: true });
      return true;
    }
    if (mark.isDone || mark.target !== to) {
      this.#doubts.raise(
        'moved',
        `The store ${this.from} ${mark.isDone ? 'has moved' : 'may have moved'} to ${mark.target}, at ${instantText(mark.at)}, and ${to} has nothing of it: in two stores every cap would count twice.`,
      );
    }
    source.removeMark();
    return false;
  }

  /** When the store was last in use, as the server's clock has to go on from there. */
  async #latestInstant(): Promise<number> {
    const { latest } = this.source;
    const now = await this.target.now();
    if (latest - now <= MAX_BEHIND_MS) return latest;
    this.#doubts.raise(
      'clock',
      `The store ${this.from} was in use at ${instantText(latest)}, and the clock of ${this.to} says ${instantText(now)}: keys that have expired would serve again. Set that clock right.`,
    );
    return now;
  }

  async #copy(table: MovedTable, count: number, move: string): Promise<void> {
    let done = 0;
    let told = performance.now();
    for (const rows of this.source.pages(table)) {
      await this.target.insert(table, rows, move);
      done += rows.length;
      if (performance.now() - told < TOLD_EVERY_MS) continue;
      told = performance.now();
      this.#log(`${table.rows}: ${done} of ${count}`);
    }
    this.#log(`${table.rows}: ${done}`);
  }

  async #verify(digests: readonly TableDigest[], verdict: AuditVerdict): Promise<void> {
    this.#log('checking what has moved');
    for (const [i, table] of MOVED_TABLES.entries()) {
      const read = digests[i];
      const there = await this.target.digest(table);
      const difference = read === undefined ? 'it was not read' : differenceOf(read, there);
      if (difference !== undefined) throw this.#failure(`${table.rows}: ${difference}`);
    }
    const wrong = await this.target.wrongBalance();
    if (wrong !== undefined) {
      throw this.#failure(`the balance ${wrong} is not the sum of its holds`);
    }
    const verdictThere = await this.target.verdict();
    if (!isDeepStrictEqual(verdictThere, verdict)) {
      throw this.#failure('its audit log does not verify to the same head');
    }
  }

  #failure(what: string): Error {
    return new Error(
      `What has arrived in ${this.to} is not what was read (${what}): nothing has moved.`,
    );
  }

  /** First the mark: from the moment in which the move is to be seen, no broker starts on the file. */
  async #commit(move: string): Promise<void> {
    const { source, target } = this;
    const mark = { move, target: this.to, at: Date.now(), isDone: false };
    source.setMark(mark);
    let isKnown: boolean;
    try {
      isKnown = await target.commit(move);
    } catch (error) {
      source.removeMark();
      throw error;
    }
    if (!isKnown) {
      throw new Error(
        `The connection to ${this.to} was lost in the last step, and the server does not answer since: the store has moved, or nothing of it has. Run the same command again: it finds out, and ends it.`,
      );
    }
    source.setMark({ ...mark, isDone: true });
  }

  #summary(audit: AuditVerdict, wasThere: boolean): MoveSummary {
    const { source } = this;
    const rows = MOVED_TABLES.map((table): [string, number] => [
      table.rows,
      source.digest(table).rows,
    ]);
    return {
      from: this.from,
      to: this.to,
      wasThere,
      rows: Object.fromEntries(rows),
      holds: source.holdCounts(),
      segments: source.segmentCounts(),
      audit,
    };
  }
}
