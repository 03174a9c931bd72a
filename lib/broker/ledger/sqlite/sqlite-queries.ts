import type { Brake } from '../../brakes/brake';
import type { AppBudgets, BudgetSubject } from '../../budgets/budget';
import type { KeyWithBalance } from '../../keys/key';
import type { Book } from '../book';
import type { NoteKind, NoteOf, NoteRange } from '../notes';
import type { HoldFilter, Hold, Page, PageRequest } from '../records';
import type { KeyListRequest, LivePosition, LiveSlice, Queries } from '../store';
import { NOTES } from '../tables/note-rows';
import type { FoundRow } from '../tables/table-form';
import { Conditions } from './conditions';
import { HoldSearch } from './hold-search';
import { KeySearch, scopeOf } from './key-search';
import type { KeyTable } from './key-table';
import type { SqliteConnection } from './sqlite-driver';
import { SubjectKeys } from './subject-keys';

/** What the queries are asked of. */
export interface QueriedTables {
  book: Book;
  keys: KeyTable;
}

/** The queries of a SQLite store. To be reached through a checkpoint alone: its tables may be behind. */
export class SqliteQueries implements Queries {
  readonly #search: KeySearch;
  readonly #subjectKeys: SubjectKeys;
  readonly #holdSearch: HoldSearch;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly tables: QueriedTables,
  ) {
    this.#search = new KeySearch(connection);
    this.#subjectKeys = new SubjectKeys(connection);
    this.#holdSearch = new HoldSearch(connection);
  }

  keys({ show, ...request }: KeyListRequest): Promise<Page<KeyWithBalance>> {
    return this.#search.page({
      ...request,
      unrevoked: this.tables.keys.counts(request.now).unrevoked,
      show: (id) => show(this.tables.book, id),
    });
  }

  async liveKeys(
    among: Brake | undefined,
    from: LivePosition | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<LivePosition>> {
    const where = among === undefined ? new Conditions() : scopeOf(among);
    return this.#search.live(where, from, now, limit);
  }

  async liveKeysOf(
    scope: 'tenant' | 'user' | 'run' | 'tool',
    id: string,
    from: number | undefined,
    now: number,
    limit: number,
  ): Promise<LiveSlice<number>> {
    return this.#subjectKeys.liveOf(scope, id, from, now, limit);
  }

  async newestBudgets(subject: BudgetSubject): Promise<AppBudgets | undefined> {
    return this.#subjectKeys.newestBudgets(subject);
  }

  async hasNewerBudget(
    subject: BudgetSubject,
    position: number,
    liveAfter: number,
  ): Promise<boolean> {
    return this.#subjectKeys.hasNewerBudget(subject, position, liveAfter);
  }

  async keysWithBudgets(position: number | undefined, liveAfter: number) {
    return this.#subjectKeys.withBudgets(position, liveAfter);
  }

  async subjectsOf(
    scope: 'user' | 'run',
    id: string,
    limit: number,
  ): Promise<readonly BudgetSubject[]> {
    return this.#subjectKeys.subjectsOf(scope, id, limit);
  }

  async notes<Kind extends NoteKind>(
    kind: Kind,
    { from, to, limit, newestFirst = false }: NoteRange,
  ): Promise<readonly NoteOf<Kind>[]> {
    const where = new Conditions();
    where.equals('kind', kind);
    if (from !== undefined) where.add('name >= ?', from);
    if (to !== undefined) where.add('name < ?', to);
    const found = this.connection
      .prepare(
        `SELECT * FROM notes ${where.sql} ORDER BY name ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`,
      )
      .all(...where.values, limit) as FoundRow[];
    return found.map((row) => NOTES.rowOf(row) as NoteOf<Kind>);
  }

  holds(filter: HoldFilter, page: PageRequest, stranded: readonly string[]): Promise<Page<Hold>> {
    return this.#holdSearch.page(filter, page, stranded);
  }
}
