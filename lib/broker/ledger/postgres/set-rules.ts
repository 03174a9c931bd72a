import type { Brake } from '../../brakes/brake';
import { ruleName } from '../../budgets/budget';
import type { Budget, BudgetRule, BudgetSubject } from '../../budgets/budget';
import { BudgetIndex } from '../../budgets/budget-index';
import type { Raise } from '../../budgets/raise';
import { BUDGETS } from '../tables/budget-rows';
import type { Rules } from './loaded-rows';

/** All of these, by their names. */
interface ChangedRules {
  budgets: Map<string, Budget>;
  raises: Map<string, Raise>;
  brakes: Map<string, Brake>;
}

/** The budgets, raises and brakes that operators have set, as a batch sees and changes them. */
export class SetRules {
  #changed: ChangedRules | undefined;

  /** @param onChange Called before anything is changed: every other batch decides by these rules. */
  constructor(
    private readonly loaded: Rules,
    private readonly onChange: () => void,
  ) {}

  /** By their names; absent where none has changed. */
  get changedBudgets(): ReadonlyMap<string, Budget> | undefined {
    return this.#changed?.budgets;
  }

  get changedRaises(): ReadonlyMap<string, Raise> | undefined {
    return this.#changed?.raises;
  }

  get changedBrakes(): ReadonlyMap<string, Brake> | undefined {
    return this.#changed?.brakes;
  }

  get isEmpty(): boolean {
    return this.#budgets.size === 0;
  }

  over(subject: BudgetSubject): readonly Budget[] {
    const changed = this.#changed?.budgets;
    const index = changed === undefined ? this.loaded.index : new BudgetIndex(changed.values());
    return index.over(subject);
  }

  budget(rule: BudgetRule): Budget | undefined {
    return this.#budgets.get(ruleName(rule));
  }

  budgets(): readonly Budget[] {
    return [...this.#budgets.values()].sort(BUDGETS.compare);
  }

  raises(): readonly Raise[] {
    return this.#changed === undefined ? this.loaded.raises : [...this.#changed.raises.values()];
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

  putRaise(raise: Raise): void {
    this.#change().raises.set(raise.raiseId, raise);
  }

  deleteRaise(raiseId: string): void {
    this.#change().raises.delete(raiseId);
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

  #change(): ChangedRules {
    this.onChange();
    return (this.#changed ??= {
      budgets: new Map(this.loaded.budgets),
      raises: new Map(this.loaded.raises.map((raise) => [raise.raiseId, raise])),
      brakes: new Map(this.loaded.brakes.map((brake) => [brake.id, brake])),
    });
  }
}
