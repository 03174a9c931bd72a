import type { KeyBudgets } from '../broker-client/broker-client';
import type { ChooseAccount } from './account-choice';
import type { InstanceLease } from './instance-lease';

/** What every key of the application is issued under. */
export interface KeyTerms {
  budgets?: KeyBudgets;
  lease?: InstanceLease;
  /** Which account it is for, where the work does not say; `stripe` where that is absent. */
  account?: ChooseAccount;
}

/** Where {@link KeyTerms} are injected. */
export const KEY_TERMS = Symbol.for('nestjs-vault-key:key-terms');
