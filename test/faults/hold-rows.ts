/** A hold, as a store has it. */
export interface HoldRow {
  call_id: string;
  key_id: string;
  state: string;
  held: number;
  settled: number;
  undone: number;
  charged_to: string;
  idempotency_key_hash: string | null;
}

/** A balance, as a store has it. */
export interface BalanceRow {
  name: string;
  spent: number;
  held: number;
  undone: number;
}

export function isOpen({ state }: HoldRow): boolean {
  return state === 'held' || state === 'unknown';
}

/** Each balance is the sum of its holds. */
export function checkSums(holds: readonly HoldRow[], balances: readonly BalanceRow[]): void {
  const sums = new Map<string, Omit<BalanceRow, 'name'>>();
  for (const hold of holds) {
    for (const name of JSON.parse(hold.charged_to) as string[]) {
      const sum = sums.get(name) ?? { spent: 0, held: 0, undone: 0 };
      if (isOpen(hold)) sum.held += hold.held;
      else sum.spent += hold.settled;
      sum.undone += hold.undone;
      sums.set(name, sum);
    }
  }
  for (const { name, spent, held, undone } of balances) {
    const sum = sums.get(name) ?? { spent: 0, held: 0, undone: 0 };
    if (sum.spent !== spent || sum.held !== held || sum.undone !== undone) {
      throw new Error(
        `${name} says ${spent} spent, ${held} held and ${undone} undone; its holds say ${sum.spent}, ${sum.held} and ${sum.undone}`,
      );
    }
    sums.delete(name);
  }
  for (const [name, { spent, held, undone }] of sums) {
    const all = spent + held + undone;
    if (all > 0) throw new Error(`${name} has holds of ${all}, and no balance`);
  }
}
