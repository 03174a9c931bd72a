import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger';
import type { Actor } from '../operators/actor';
import { readReason } from '../operators/reason';
import { invalidFields, notFound } from '../refusal';
import type { BrokerRefusal } from '../refusal';
import type { Budget, BudgetRule } from './budget';
import { ruleName } from './budget';
import { parseBudgetRequest, parseBudgetRule, parseEffectiveBudgets } from './budget-request';
import type { BudgetPath, EffectiveBudgetsQuery } from './budget-request';
import { appBudgetView, budgetSubjectView, budgetView, subjectCapView } from './budget-view';
import type {
  BudgetSubjectView,
  BudgetView,
  CountedBudgetView,
  SubjectCapView,
} from './budget-view';

/** A page of budgets; `cursor` asks for the next one. */
export interface BudgetPage {
  budgets: readonly BudgetView[];
  cursor?: string;
}

/**
 * The operators' budgets, and the application's beside them. `Broker` documents what each method
 * takes and throws.
 */
export class Budgets {
  constructor(
    private readonly ledger: Ledger,
    private readonly vendors: ReadonlySet<string>,
  ) {}

  async put(scope: string, id: string, body: unknown, by: Actor): Promise<CountedBudgetView> {
    const parsed = parseBudgetRequest({ scope, id }, body, this.vendors, by);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { budget, reason } = parsed;
    await this.ledger.putBudget(budget, { by, reason });
    try {
      return await this.#counted(budget);
    } catch {
      // It is set, whatever the store says of the reads that follow.
      return { ...budgetView(budget, undefined), live_keys: null };
    }
  }

  async one(path: BudgetPath): Promise<CountedBudgetView> {
    const name = ruleName(this.#rule(path));
    const found = (await this.ledger.budgets()).find((budget) => ruleName(budget) === name);
    if (found === undefined) throw noBudget();
    return this.#counted(found);
  }

  async all(cursor?: string): Promise<BudgetPage> {
    const set = cursor === undefined ? await this.ledger.budgets() : [];
    const operators: BudgetView[] = [];
    for (const budget of set) {
      operators.push(await this.#view(budget));
      await nextTurn();
    }
    const app = await this.ledger.appBudgets(cursor);
    return {
      budgets: [...operators, ...app.entries.map(appBudgetView)],
      ...(app.next === undefined ? {} : { cursor: app.next }),
    };
  }

  async over(query: EffectiveBudgetsQuery): Promise<{ caps: readonly SubjectCapView[] }> {
    const parsed = parseEffectiveBudgets(query, this.vendors);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const caps = await this.ledger.capsOfSubjects(parsed.subjects);
    return { caps: caps.map(subjectCapView) };
  }

  async remove(
    path: BudgetPath,
    body: unknown,
    by: Actor,
  ): Promise<BudgetSubjectView & { status: 'removed' }> {
    const rule = this.#rule(path);
    const reason = readReason(body, by);
    if (!(await this.ledger.deleteBudget(rule, { by, reason }))) throw noBudget();
    return { ...budgetSubjectView(rule), status: 'removed' };
  }

  #rule(path: BudgetPath): BudgetRule {
    const parsed = parseBudgetRule(path);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    return parsed.rule;
  }

  async #view(budget: Budget): Promise<BudgetView> {
    return budgetView(budget, await this.ledger.capUnder(budget));
  }

  async #counted(budget: Budget): Promise<CountedBudgetView> {
    const liveKeys = await this.ledger.liveKeysUnder(budget);
    return { ...(await this.#view(budget)), live_keys: liveKeys ?? null };
  }
}

function noBudget(): BrokerRefusal {
  return notFound('No operator has set a budget for this subject.');
}
