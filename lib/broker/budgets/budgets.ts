import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger';
import type { Actor } from '../operators/actor';
import { readReason } from '../operators/reason';
import { invalidFields, notFound } from '../refusal';
import type { BrokerRefusal } from '../refusal';
import { BUDGET_MODES } from '../../contract/budget-periods';
import type { BudgetMode, BudgetPeriod } from '../../contract/budget-periods';
import type { Budget } from './budget';
import { ruleName } from './budget';
import { parseBudgetPath, parseBudgetRequest, parseEffectiveBudgets } from './budget-request';
import type { BudgetPath, EffectiveBudgetsQuery } from './budget-request';
import { appBudgetView, budgetSubjectView, budgetView, subjectCapView } from './budget-view';
import type {
  BudgetSubjectView,
  BudgetView,
  CountedBudgetView,
  SubjectCapView,
} from './budget-view';

/** A budget that was removed. */
export interface RemovedBudgetView extends BudgetSubjectView {
  period: BudgetPeriod;
  mode: BudgetMode;
  status: 'removed';
}

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
    return this.#counted(await this.#found(path));
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

  async remove(path: BudgetPath, body: unknown, by: Actor): Promise<RemovedBudgetView> {
    const reason = readReason(body, by);
    const budget = await this.#found(path);
    if (!(await this.ledger.deleteBudget(budget, { by, reason }))) throw noBudget();
    const { period, mode } = budget;
    return { ...budgetSubjectView(budget), period, mode, status: 'removed' };
  }

  /** The budget at an address: without a mode the one that refuses, or else the one that records. */
  async #found(path: BudgetPath): Promise<Budget> {
    const parsed = parseBudgetPath(path);
    if ('faults' in parsed) throw invalidFields(parsed.faults);
    const { subject, period, mode } = parsed.address;
    const names = (mode === undefined ? BUDGET_MODES : [mode]).map((each) =>
      ruleName({ ...subject, period, mode: each }),
    );
    const all = await this.ledger.budgets();
    const [found] = names.flatMap((name) => all.filter((budget) => ruleName(budget) === name));
    if (found === undefined) throw noBudget();
    return found;
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
  return notFound('No operator has set a budget for this subject and period.');
}
