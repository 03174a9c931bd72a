import { addedTo } from '../../keys/key';
import type { Balance } from '../../keys/key';
import { hourIn } from '../hourly-balance';
import { keyIdOf } from '../rules/caps';
import { LOCKED_LINE, firstLineOf, lineOf, lineToLock } from './balance-lines';
import type { Deletions } from './deletions';
import type { LoadedRows } from './loaded-rows';
import type { SentRow } from './sent-rows';
import { nameOfLine } from './wanted-rows';
import type { WantedRows } from './wanted-rows';

/** What a batch's balances are made of. */
export interface BookBalancesParts {
  loaded: LoadedRows | undefined;
  deletions: Deletions;
  now: number;
  /** The lines that only this instance adds to. */
  stripe: number;
  isNewKey: (id: string) => boolean;
  /** Has what was not loaded loaded. */
  miss: (want: (wanted: WantedRows) => void) => void;
}

const NOTHING: Balance = { spent: 0, held: 0, undone: 0 };

/** The balances of one batch, and what it charges to each of their hours. */
export class BookBalances {
  readonly #charges = new Map<string, Map<number | undefined, Balance>>();

  constructor(private readonly parts: BookBalancesParts) {}

  get(name: string): Balance {
    this.want(name);
    return this.#with(name, 0, this.parts.loaded?.balances.get(name));
  }

  /** What is in a balance from an hour on, which is not locked by that. */
  past(name: string, fromHour = 0): Balance {
    const { loaded, miss } = this.parts;
    const line = firstLineOf(fromHour);
    const id = nameOfLine(name, line);
    if (loaded?.asked.past.has(id) !== true) miss((wanted) => wanted.past(name, line));
    return this.#with(name, fromHour, loaded?.past.get(id));
  }

  /** Has a balance locked. */
  want(name: string): void {
    if (this.#isOfNewKey(name)) return;
    const { now, miss } = this.parts;
    const line = lineToLock(name, now);
    if (!this.#isLocked(name, line)) miss((wanted) => wanted.balance(name, line));
  }

  charge(names: readonly string[], change: Partial<Balance>, beganAt: number | undefined): void {
    for (const name of names) {
      const hour = hourIn(name, beganAt);
      const hours = this.#charges.get(name) ?? new Map<number | undefined, Balance>();
      this.#charges.set(name, hours.set(hour, addedTo(hours.get(hour) ?? NOTHING, change)));
    }
  }

  delete(name: string): void {
    this.parts.deletions.addBalance(name);
    this.#charges.delete(name);
  }

  /** What is sent of what the batch has charged. */
  get sent(): SentRow[] {
    const { stripe } = this.parts;
    const rows: SentRow[] = [];
    for (const [name, hours] of this.#charges) {
      const isNew = this.#isOfNewKey(name);
      for (const [hour, { spent, held, undone }] of hours) {
        if (spent === 0 && held === 0 && undone === 0 && !isNew) continue;
        const locked = lineOf(hour, LOCKED_LINE);
        const line = isNew || this.#isLocked(name, locked) ? locked : lineOf(hour, stripe);
        rows.push([name, line, spent, held, undone]);
      }
    }
    return rows;
  }

  /** What was loaded, with what the batch itself has charged from an hour on. */
  #with(name: string, fromHour: number, loaded: Balance | undefined): Balance {
    const isGone = this.parts.deletions.has('balances', name);
    let sum = (isGone ? undefined : loaded) ?? NOTHING;
    for (const [hour = 0, change] of this.#charges.get(name) ?? []) {
      if (hour >= fromHour) sum = addedTo(sum, change);
    }
    return sum;
  }

  #isLocked(name: string, line: number): boolean {
    return this.parts.loaded?.asked.names.has(nameOfLine(name, line)) === true;
  }

  #isOfNewKey(name: string): boolean {
    return this.parts.isNewKey(keyIdOf(name) ?? '');
  }
}
