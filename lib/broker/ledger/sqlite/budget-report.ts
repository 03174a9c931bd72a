import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ANY_ID,
  appCap,
  dayBalanceName,
  dayOf,
  endOfDay,
  ruleName,
  startOfDay,
  subjectsOf,
  tighter,
} from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { LONGEST_LIFE_MS } from '../../keys/expires-in';
import type { KeyRecord } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { CapState } from '../rules/caps';
import type { AppBudget, Page, SubjectCap } from '../ledger';
import type { BudgetTable } from './budget-table';
import type { HoldTable } from './hold-table';
import { Conditions } from './conditions';
import type { KeySearch, LiveKey, LivePosition } from './key-search';
import type { BudgetedKey, SubjectKeys } from './subject-keys';

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

/** What the report needs of the ledger. */
export interface BudgetReportTables {
  search: KeySearch;
  subjectKeys: SubjectKeys;
  budgets: BudgetTable;
  holds: HoldTable;
}

/** What budgets mean for the keys of the store. To be asked once all rows are written. */
export class BudgetReport {
  constructor(private readonly tables: BudgetReportTables) {}

  /** As `Ledger.capUnder`. */
  capUnder(budget: Budget, now: number): CapState | undefined {
    const subject = this.#onlySubjectOf(budget);
    if (subject === undefined) return undefined;
    return this.#met(subject, tighter(budget.capMicros, this.#appCap(subject)) ?? 0, now);
  }

  /** As `Ledger.capsOfSubjects`. */
  capsOf(subjects: readonly BudgetSubject[], now: number): SubjectCap[] {
    return subjects.flatMap((subject) => {
      const operator = this.tables.budgets.capOver(subject);
      const app = this.#appCap(subject);
      const caps: SubjectCap[] = [];
      if (operator !== undefined) {
        caps.push({ subject, source: 'operator', ...this.#met(subject, operator, now) });
      }
      if (app !== undefined) caps.push({ subject, source: 'app', ...this.#met(subject, app, now) });
      return caps;
    });
  }

  /** As `Ledger.liveKeysUnder`; `promised` are those that no table has yet. */
  async liveKeysUnder(
    rule: BudgetRule,
    promised: readonly KeyRecord[],
    now: number,
  ): Promise<number | undefined> {
    const name = ruleName(rule);
    const isCapped = ({ subject, vendor }: LiveKey): boolean =>
      subjectsOf(subject, vendor).some(
        (each) => each.scope === rule.scope && this.tables.budgets.nameOver(each) === name,
      );
    let count = promised.filter(isCapped).length;
    let looked = 0;
    for (const slice of this.#liveSlices(rule, now)) {
      count += slice.filter(isCapped).length;
      looked += SLICE_KEYS;
      if (looked > MAX_COUNTED) return undefined;
      await nextTurn();
    }
    return count;
  }

  /** As `Ledger.appBudgets`. */
  async ofApp(cursor: string | undefined, now: number): Promise<Page<AppBudget>> {
    const { subjectKeys } = this.tables;
    const start = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const midnight = startOfDay(now);
    const seen = new Set<string>();
    const entries: AppBudget[] = [];
    let looked = 0;
    let steps = 0;
    for (let position = start; ;) {
      const { keys, next, ...slice } = subjectKeys.withBudgets(
        position,
        midnight,
        midnight - LONGEST_LIFE_MS,
      );
      for (const key of keys) {
        for (const subject of budgetedSubjects(key)) {
          const name = dayBalanceName(subject, '');
          if (seen.has(name)) continue;
          seen.add(name);
          // The pages before have told what their keys carry.
          if (cursor !== undefined && subjectKeys.hasNewer(subject, start, midnight)) continue;
          entries.push(this.#appBudget(subject, appCap(key.budgets, subject) ?? 0, now));
        }
        if (entries.length >= PAGE_BUDGETS) return { entries, next: String(key.rowid) };
      }
      if (next === undefined) return { entries };
      looked += keys.length;
      steps += slice.steps;
      if (looked >= MAX_BUDGETED || steps >= MAX_STEPS) return { entries, next: String(next) };
      position = next;
      await nextTurn();
    }
  }

  #appBudget(subject: BudgetSubject, capMicros: MicroUsd, now: number): AppBudget {
    const met = tighter(this.tables.budgets.capOver(subject), capMicros) ?? capMicros;
    return { subject, capMicros, met: this.#met(subject, met, now) };
  }

  #met(subject: BudgetSubject, capMicros: MicroUsd, now: number): CapState {
    return {
      scope: subject.scope,
      capMicros,
      balance: this.tables.holds.balance(dayBalanceName(subject, dayOf(now))),
      resetsAt: endOfDay(now),
    };
  }

  #appCap(subject: BudgetSubject): MicroUsd | undefined {
    return appCap(this.tables.subjectKeys.newestBudgets(subject) ?? {}, subject);
  }

  /** Whom a rule caps where that is one subject, or none that has had a key yet. */
  #onlySubjectOf(rule: BudgetRule): BudgetSubject | undefined {
    const { scope, tenant, user, id } = rule;
    if (id === ANY_ID) return undefined;
    const named = { scope, tenant: tenant ?? '', user: user ?? '', id };
    if (scope !== 'user' && scope !== 'run') return named;
    if (tenant !== undefined && (scope === 'user' || user !== undefined)) return named;
    const name = ruleName(rule);
    let only: BudgetSubject | undefined;
    let looked = 0;
    for (const subject of this.tables.subjectKeys.subjectsOf(scope, id)) {
      looked += 1;
      if (looked > MAX_SUBJECTS) return undefined;
      if (this.tables.budgets.nameOver(subject) !== name) continue;
      if (only !== undefined) return undefined;
      only = subject;
    }
    return only ?? named;
  }

  /** The live keys among which are all that a rule caps. */
  *#liveSlices({ scope, id }: BudgetRule, now: number): Generator<readonly LiveKey[]> {
    const { search, subjectKeys } = this.tables;
    if (scope === 'vendor' || id === ANY_ID) {
      let from: LivePosition | undefined = { expiresAt: now, rowid: Number.MAX_SAFE_INTEGER };
      while (from !== undefined) {
        const slice = search.live(new Conditions(), from, now, SLICE_KEYS);
        yield slice.keys;
        from = slice.next;
      }
      return;
    }
    let position: number | undefined = Number.MAX_SAFE_INTEGER;
    while (position !== undefined) {
      const at = { position, issuedAfter: now - LONGEST_LIFE_MS, now };
      const slice = subjectKeys.liveOf(scope, id, at, SLICE_KEYS);
      yield slice.keys;
      position = slice.next;
    }
  }
}

function budgetedSubjects({ subject, vendor, budgets }: BudgetedKey): BudgetSubject[] {
  return subjectsOf(subject, vendor).filter((each) => appCap(budgets, each) !== undefined);
}
