import type { BudgetScope } from '../../contract/scopes';
import { ruleSubjectName, ruleSubjectNames } from './budget';
import type { Budget, BudgetSubject } from './budget';

/** The operators' budgets, by whom they are for. */
export class BudgetIndex {
  readonly #bySubject = new Map<string, Budget[]>();
  readonly #scopes = new Set<BudgetScope>();

  constructor(budgets: Iterable<Budget>) {
    for (const budget of budgets) {
      this.#scopes.add(budget.scope);
      const name = ruleSubjectName(budget);
      const found = this.#bySubject.get(name);
      if (found === undefined) this.#bySubject.set(name, [budget]);
      else found.push(budget);
    }
  }

  /** Those over a subject: of each period and mode the nearest. */
  over(subject: BudgetSubject): readonly Budget[] {
    if (!this.#scopes.has(subject.scope)) return NONE;
    let nearest: Budget[] | undefined;
    for (const name of ruleSubjectNames(subject)) {
      const found = this.#bySubject.get(name);
      if (found === undefined) continue;
      if (nearest === undefined) nearest = [...found];
      else nearest.push(...found.filter((each) => !(nearest ?? []).some(isAs(each))));
    }
    return nearest ?? NONE;
  }
}

const NONE: readonly Budget[] = [];

function isAs({ period, mode }: Budget): (other: Budget) => boolean {
  return (other) => other.period === period && other.mode === mode;
}
