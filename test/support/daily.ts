/** What makes a rule of an operator's a cap of the day that refuses. */
export const DAILY = { period: 'day', mode: 'enforce' } as const;
