/** One movement of money, as the account has it on its books. */
export interface Movement {
  /** The payment's id, or what else moved the money. */
  id: string;
  cents: number;
  /** What the payment's metadata says: the key that paid. */
  vaultKeyId: string | undefined;
}

/** The Stripe account behind the broker, and its book. */
export abstract class StripeAccount {
  abstract readonly secretKey: string;
  abstract readonly baseUrl: string | undefined;
  /** For people. */
  abstract readonly description: string;

  /** The money that moved for an agent's run. Asked of Stripe itself, past the broker. */
  abstract movements(runId: string): Promise<Movement[]>;
}
