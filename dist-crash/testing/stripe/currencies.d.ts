export declare function isCurrency(code: string): boolean;
/** An amount in the currency's minor unit as a person reads it, for messages. */
export declare function formatAmount(amount: number, currency: string): string;
