/** A hold, as a store has it. */
export interface HoldRow {
  call_id: string;
  key_id: string;
  state: string;
  held: number;
  settled: number;
  charged_to: string;
  idempotency_key_hash: string | null;
}

export function isOpen({ state }: HoldRow): boolean {
  return state === 'held' || state === 'unknown';
}

/** Each balance is the sum of its holds. */
export function checkSums(
  holds: readonly HoldRow[],
  balances: readonly { name: string; spent: number; held: number }[],
): void {
  const sums = new Map<string, { spent: number; held: number }>();
  for (const hold of holds) {
    for (const name of JSON.parse(hold.charged_to) as string[]) {
      const sum = sums.get(name) ?? { spent: 0, held: 0 };
      if (isOpen(hold)) sum.held += hold.held;
      else sum.spent += hold.settled;
      sums.set(name, sum);
    }
  }
  for (const { name, spent, held } of balances) {
    const sum = sums.get(name) ?? { spent: 0, held: 0 };
    if (sum.spent !== spent || sum.held !== held) {
      throw new Error(
        `${name} says ${spent} spent and ${held} held; its holds say ${sum.spent} and ${sum.held}`,
      );
    }
    sums.delete(name);
  }
  for (const [name, { spent, held }] of sums) {
    if (spent + held > 0) throw new Error(`${name} has holds of ${spent + held}, and no balance`);
  }
}
