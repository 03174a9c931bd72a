import type { Brake } from '../../brakes/brake';
import { ruleName, ruleNames } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { BUDGETS } from '../tables/budget-rows';
import type { Rules } from './loaded-rows';

/** The budgets and brakes that operators have set, as a batch sees and changes them. */
export class SetRules {
  #changed: { budgets: Map<string, Budget>; brakes: Map<string, Brake> } | undefined;

  /** @param onChange Called before anything is changed: every other batch decides by these rules. */
  constructor(
    private readonly loaded: Rules,
    private readonly onChange: () => void,
  ) {}

  /** By their names; absent where none has changed. */
  get changedBudgets(): ReadonlyMap<string, Budget> | undefined {
    return this.#changed?.budgets;
  }

  get changedBrakes(): ReadonlyMap<string, Brake> | undefined {
    return this.#changed?.brakes;
  }

  get isEmpty(): boolean {
    return this.#budgets.size === 0;
  }

  nameOver(subject: BudgetSubject): string | undefined {
    if (this.isEmpty) return undefined;
    return ruleNames(subject).find((name) => this.#budgets.has(name));
  }

  budget(name: string | undefined): Budget | undefined {
    return name === undefined ? undefined : this.#budgets.get(name);
  }

  budgets(): readonly Budget[] {
    return [...this.#budgets.values()].sort(BUDGETS.compare);
  }

  brakes(): readonly Brake[] {
    return this.#changed === undefined ? this.loaded.brakes : [...this.#changed.brakes.values()];
  }

  putBudget(budget: Budget): void {
    this.#change().budgets.set(ruleName(budget), budget);
  }

  deleteBudget(rule: BudgetRule): void {
    this.#change().budgets.delete(ruleName(rule));
  }

  putBrake(brake: Brake): void {
    this.#change().brakes.set(brake.id, brake);
  }

  deleteBrake(id: string): Brake | undefined {
    const { brakes } = this.#change();
    const brake = brakes.get(id);
    brakes.delete(id);
    return brake;
  }

  noteHit(id: string, hit: number): void {
    const { brakes } = this.#change();
    const brake = brakes.get(id);
    if (brake !== undefined) brakes.set(id, { ...brake, hit });
  }

  get #budgets(): ReadonlyMap<string, Budget> {
    return this.#changed?.budgets ?? this.loaded.budgets;
  }

  #change(): { budgets: Map<string, Budget>; brakes: Map<string, Brake> } {
    this.onChange();
    return (this.#changed ??= {
      budgets: new Map(this.loaded.budgets),
      brakes: new Map(this.loaded.brakes.map((brake) => [brake.id, brake])),
    });
  }
}
