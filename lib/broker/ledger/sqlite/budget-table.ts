import { ruleName, ruleNames } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import type { BudgetScope } from '../../../contract/scopes';
import type { MicroUsd } from '../../../contract/usd';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface BudgetRow {
  scope: BudgetScope;
  tenant: string | null;
  user_id: string | null;
  target: string;
  cap_micros: number;
}

/** The operator's rules. Every admission looks at them, so their names are kept in memory. */
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
      tenant: row.tenant ?? undefined,
      user: row.user_id ?? undefined,
      id: row.target,
      capMicros: row.cap_micros,
    }));
  }

  /** Whether there is no rule. */
  get isEmpty(): boolean {
    return this.#inMemory().size === 0;
  }

  get(rule: BudgetRule): MicroUsd | undefined {
    return this.#inMemory().get(ruleName(rule));
  }

  /** The cap over a subject: its own, or the nearest default. */
  capOver(subject: BudgetSubject): MicroUsd | undefined {
    const name = this.nameOver(subject);
    return name === undefined ? undefined : this.#inMemory().get(name);
  }

  /** The name of the rule that caps a subject. */
  nameOver(subject: BudgetSubject): string | undefined {
    const caps = this.#inMemory();
    return caps.size === 0 ? undefined : ruleNames(subject).find((each) => caps.has(each));
  }

  put(budget: Budget): void {
    const { scope, tenant, user, id, capMicros } = budget;
    const name = ruleName(budget);
    this.#put.run(name, scope, tenant ?? null, user ?? null, id, capMicros);
    this.#caps?.set(name, capMicros);
  }

  delete(rule: BudgetRule): void {
    const name = ruleName(rule);
    this.#delete.run(name);
    this.#caps?.delete(name);
  }

  /** What is in memory may have been rolled back. */
  forget(): void {
    this.#caps = undefined;
  }

  #inMemory(): Map<string, MicroUsd> {
    return (this.#caps ??= new Map(
      this.all().map((budget) => [ruleName(budget), budget.capMicros]),
    ));
  }
}
