import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ANY_ID,
  appCaps,
  dayBalanceName,
  ruleName,
  startOfDay,
  subjectsOf,
} from '../budgets/budget';
import type { AppLayer, Budget, BudgetRule, BudgetSubject } from '../budgets/budget';
import type { KeyRecord } from '../keys/key';
import type { CapState, AppBudget, Page, SubjectCap } from './records';
import type { Book } from './book';
import { budgetCap, metCaps, setCaps } from './rules/budget-caps';
import type { SetCap } from './rules/budget-caps';
import { raisesOver } from './rules/raised';
import type { BudgetedKey, LiveKey, LivePosition, Queries, Store } from './store';

/** How many keys are looked at before other work has its turn: about a millisecond. */
const SLICE_KEYS = 500;
/** How many keys one request looks at to count those that a budget caps. */
const MAX_COUNTED = 100_000;
/** What one page of the application's budgets may cost: keys that carry some, and keys stepped over. */
const MAX_BUDGETED = 10_000;
const MAX_STEPS = 100_000;
const PAGE_BUDGETS = 500;
/** How many subjects are looked at to find the one that a budget caps. */
const MAX_SUBJECTS = 100;

/** What budgets mean for the keys of the store. */
export class BudgetReport {
  constructor(private readonly store: Store) {}

  /** As `Ledger.capUnder`. */
  async capUnder(budget: Budget): Promise<CapState | undefined> {
    const queries = await this.store.checkpoint();
    const subject = await this.#onlySubjectOf(queries, budget);
    if (subject === undefined) return undefined;
    const app = await appLayerOver(queries, subject);
    return this.store.read((book) => metBy(book, subject, { ...budget, source: 'operator' }, app));
  }

  /** As `Ledger.capsOfSubjects`. */
  async capsOf(subjects: readonly BudgetSubject[]): Promise<SubjectCap[]> {
    const queries = await this.store.checkpoint();
    const found: { subject: BudgetSubject; app: AppLayer }[] = [];
    for (const subject of subjects) {
      found.push({ subject, app: await appLayerOver(queries, subject) });
    }
    return this.store.read((book) =>
      found.flatMap(({ subject, app }): SubjectCap[] => {
        const caps = setCaps(book, subject, app);
        const raises = raisesOver(book, subject);
        return [
          ...caps.map((cap) => budgetCap(book, subject, cap)),
          ...(raises.length === 0
            ? []
            : metCaps(book, subject, caps).map((met) => {
                return { ...met, source: 'raise' as const, raises };
              })),
        ];
      }),
    );
  }

  /** As `Ledger.liveKeysUnder`; `unwritten` are the keys that no query finds. */
  async liveKeysUnder(
    rule: BudgetRule,
    unwritten: readonly KeyRecord[],
  ): Promise<number | undefined> {
    const queries = await this.store.checkpoint();
    const countCapped = (keys: readonly LiveKey[]): Promise<number> =>
      this.store.read((book) => keys.filter((key) => isCapped(book, rule, key)).length);
    let count = await countCapped(unwritten);
    let looked = 0;
    for await (const slice of liveSlices(queries, rule, this.store.now())) {
      count += await countCapped(slice);
      looked += SLICE_KEYS;
      if (looked > MAX_COUNTED) return undefined;
      await nextTurn();
    }
    return count;
  }

  /** As `Ledger.appBudgets`. */
  async ofApp(cursor: string | undefined): Promise<Page<AppBudget>> {
    const queries = await this.store.checkpoint();
    const start = cursor === undefined ? undefined : Number(cursor);
    const midnight = startOfDay(this.store.now());
    const seen = new Set<string>();
    const found: { subject: BudgetSubject; app: AppLayer }[] = [];
    const page = async (next?: number): Promise<Page<AppBudget>> => ({
      entries: await this.store.read((book) =>
        found.flatMap(({ subject, app }) => appBudgets(book, subject, app)),
      ),
      ...(next === undefined ? {} : { next: String(next) }),
    });
    let looked = 0;
    let steps = 0;
    for (let position = start; ;) {
      const { keys, next, ...slice } = await queries.keysWithBudgets(position, midnight);
      for (const key of keys) {
        for (const subject of budgetedSubjects(key)) {
          const name = dayBalanceName(subject, '');
          if (seen.has(name)) continue;
          seen.add(name);
          // The pages before have told what their keys carry.
          if (start !== undefined && (await queries.hasNewerBudget(subject, start, midnight))) {
            continue;
          }
          found.push({ subject, app: key });
        }
        if (found.length >= PAGE_BUDGETS) return page(key.position);
      }
      if (next === undefined) return page();
      looked += keys.length;
      steps += slice.steps;
      if (looked >= MAX_BUDGETED || steps >= MAX_STEPS) return page(next);
      position = next;
      await nextTurn();
    }
  }

  /** Whom a rule caps where that is one subject, or none that has had a key yet. */
  async #onlySubjectOf(queries: Queries, rule: BudgetRule): Promise<BudgetSubject | undefined> {
    const { scope, tenant, user, id } = rule;
    if (id === ANY_ID) return undefined;
    const named = { scope, tenant: tenant ?? '', user: user ?? '', id };
    if (scope !== 'user' && scope !== 'run') return named;
    if (tenant !== undefined && (scope === 'user' || user !== undefined)) return named;
    const subjects = await queries.subjectsOf(scope, id, MAX_SUBJECTS + 1);
    if (subjects.length > MAX_SUBJECTS) return undefined;
    const name = ruleName(rule);
    const capped = await this.store.read((book) => {
      const isCapped = (subject: BudgetSubject): boolean =>
        book.budgetsOver(subject).some((budget) => ruleName(budget) === name);
      const found = subjects.filter(isCapped);
      return found.length === 0 && isCapped(named) ? [named] : found;
    });
    return capped.length === 1 ? capped[0] : undefined;
  }
}

function appBudgets(book: Book, subject: BudgetSubject, app: AppLayer): AppBudget[] {
  return setCaps(book, subject, app)
    .filter(({ source }) => source === 'app')
    .map((cap) => ({ ...cap, subject, met: metBy(book, subject, cap, app) }));
}

/** The cap that a call meets where one was set over its subject. */
function metBy(book: Book, subject: BudgetSubject, cap: SetCap, app: AppLayer): CapState {
  const own = budgetCap(book, subject, cap);
  const met = metCaps(book, subject, [cap, ...setCaps(book, subject, app)]);
  return met.find((each) => each.period === own.period && each.isShadow === own.isShadow) ?? own;
}

async function appLayerOver(queries: Queries, subject: BudgetSubject): Promise<AppLayer> {
  return (await queries.newestBudgets(subject)) ?? { budgets: {} };
}

function isCapped(book: Book, rule: BudgetRule, { subject, vendor }: LiveKey): boolean {
  const name = ruleName(rule);
  return subjectsOf(subject, vendor).some(
    (each) =>
      each.scope === rule.scope &&
      book.budgetsOver(each).some((budget) => ruleName(budget) === name),
  );
}

/** The live keys among which are all that a rule caps. */
async function* liveSlices(
  queries: Queries,
  { scope, id }: Pick<BudgetRule, 'scope' | 'id'>,
  now: number,
): AsyncGenerator<readonly LiveKey[]> {
  if (scope === 'vendor' || id === ANY_ID) {
    let from: LivePosition | undefined;
    do {
      const slice = await queries.liveKeys(undefined, from, now, SLICE_KEYS);
      yield slice.keys;
      from = slice.next;
    } while (from !== undefined);
    return;
  }
  let from: number | undefined;
  do {
    const slice = await queries.liveKeysOf(scope, id, from, now, SLICE_KEYS);
    yield slice.keys;
    from = slice.next;
  } while (from !== undefined);
}

function budgetedSubjects({ subject, vendor, budgets }: BudgetedKey): BudgetSubject[] {
  return subjectsOf(subject, vendor).filter((each) => appCaps(budgets, each) !== undefined);
}
