/** A sum for a message: `$500`, `$12.50`, `-$3`; no trailing zeros beyond cents. */
export declare function usdText(usd: number): string;
