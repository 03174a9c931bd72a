import type { ChooseAccount } from './account-choice';
import type { KeyBudgetTerms } from './budget-choice';
import type { InstanceLease } from './instance-lease';

/** What every key of the application is issued under. */
export interface KeyTerms {
  budgets?: KeyBudgetTerms;
  /** `shadow`: these refuse nothing, and what they would refuse is recorded. */
  budgetsMode?: 'shadow';
  lease?: InstanceLease;
  /** Which account it is for, where the work does not say; `stripe` where that is absent. */
  account?: ChooseAccount;
}

/** Where {@link KeyTerms} are injected. */
export const KEY_TERMS = Symbol.for('nestjs-vault-key:key-terms');
