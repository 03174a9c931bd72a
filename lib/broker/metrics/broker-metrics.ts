import { toUsd } from '../../contract/usd';
import { ANY_ID } from '../budgets/budget';
import type { BudgetMode, BudgetPeriod } from '../../contract/budget-periods';
import type { Ledger } from '../ledger/ledger';
import { remainingOf } from '../ledger/rules/caps';
import type { LedgerFigures } from '../ledger/records';
import { CallCounts } from './call-counts';

/** How many operators' budgets are measured: each is a series of its own. */
export const MAX_BUDGETS = 100;

/** What is left of a budget that an operator has set over one subject. */
export interface BudgetRemainder {
  scope: string;
  id: string;
  tenant: string;
  /** Of an agent run. */
  user: string;
  period: BudgetPeriod;
  mode: BudgetMode;
  remainingUsd: number;
}

/** All that a broker measures, at one moment. */
export interface Reading {
  calls: CallCounts['calls'];
  unknownCallers: CallCounts['unknownCallers'];
  /** In USD, since the process began. */
  money: { vendor: string; spent: number; givenBack: number; undone: number }[];
  refused: { vendor: string; verdict: string; usd: number }[];
  /** Absent while the store gives no answer. */
  figures?: LedgerFigures;
  budgets: BudgetRemainder[];
}

/** What a broker measures. */
export class BrokerMetrics {
  readonly calls = new CallCounts();
  #reading: Promise<Reading> | undefined;

  constructor(private readonly ledger: Ledger) {}

  /** Reads everything. Who asks meanwhile gets the same. Never rejects: what cannot be read is left out. */
  read(): Promise<Reading> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<Reading> {
    const { money } = this.ledger;
    const figures = await this.ledger.figures().catch(() => undefined);
    const budgets = figures === undefined ? [] : await this.#remainders().catch(() => []);
    return {
      calls: this.calls.calls,
      unknownCallers: this.calls.unknownCallers,
      money: [...money.byVendor].map(([vendor, { spent, givenBack, undone }]) => ({
        vendor,
        spent: toUsd(spent),
        givenBack: toUsd(givenBack),
        undone: toUsd(undone),
      })),
      refused: money.refused.map(({ micros, ...of }) => ({ ...of, usd: toUsd(micros) })),
      ...(figures === undefined ? {} : { figures }),
      budgets,
    };
  }

  /** Only what operators have set, and not for all at once: there are no more series than somebody has written down. */
  async #remainders(): Promise<BudgetRemainder[]> {
    const set = (await this.ledger.budgets()).filter(({ id }) => id !== ANY_ID);
    const remainders: BudgetRemainder[] = [];
    for (const budget of set.slice(0, MAX_BUDGETS)) {
      const cap = await this.ledger.capUnder(budget);
      if (cap === undefined) continue;
      const { scope, id, tenant = '', user = '', period, mode } = budget;
      const remainingUsd = toUsd(remainingOf(cap));
      remainders.push({ scope, id, tenant, user, period, mode, remainingUsd });
    }
    return remainders;
  }
}
