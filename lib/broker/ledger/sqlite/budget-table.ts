import { budgetName, ruleNames } from '../../budgets/budget';
import type { Budget, BudgetScope, BudgetSubject } from '../../budgets/budget';
import type { MicroUsd } from '../../money/usd';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface BudgetRow {
  scope: BudgetScope;
  tenant: string;
  user_id: string;
  target: string;
  cap_micros: number;
}

/** The operator's rules. They are looked at by every admission, so their names are kept at hand. */
export class BudgetTable {
  readonly #all: SqliteStatement;
  readonly #put: SqliteStatement;
  readonly #delete: SqliteStatement;
  #caps: Map<string, MicroUsd> | undefined;

  constructor(connection: SqliteConnection) {
    this.#all = connection.prepare('SELECT * FROM budgets ORDER BY scope, tenant, user_id, target');
    this.#put = connection.prepare(
      `INSERT OR REPLACE INTO budgets (name, scope, tenant, user_id, target, cap_micros)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = connection.prepare('DELETE FROM budgets WHERE name = ?');
  }

  all(): Budget[] {
    return (this.#all.all() as BudgetRow[]).map((row) => ({
      scope: row.scope,
      tenant: row.tenant,
      user: row.user_id,
      id: row.target,
      capMicros: row.cap_micros,
    }));
  }

  /** Whether no rule stands over anybody. */
  get isEmpty(): boolean {
    return this.#atHand().size === 0;
  }

  get(subject: BudgetSubject): MicroUsd | undefined {
    return this.#atHand().get(budgetName(subject));
  }

  /** The cap over a subject: its own, or the nearest default. */
  capOver(subject: BudgetSubject): MicroUsd | undefined {
    const caps = this.#atHand();
    if (caps.size === 0) return undefined;
    const name = ruleNames(subject).find((each) => caps.has(each));
    return name === undefined ? undefined : caps.get(name);
  }

  put(budget: Budget): void {
    const { scope, tenant, user, id, capMicros } = budget;
    this.#put.run(budgetName(budget), scope, tenant, user, id, capMicros);
    this.forget();
  }

  delete(subject: BudgetSubject): void {
    this.#delete.run(budgetName(subject));
    this.forget();
  }

  /** What is at hand may have been rolled back. */
  forget(): void {
    this.#caps = undefined;
  }

  #atHand(): Map<string, MicroUsd> {
    return (this.#caps ??= new Map(
      this.all().map((budget) => [budgetName(budget), budget.capMicros]),
    ));
  }
}
