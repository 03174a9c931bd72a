import type { Parameter } from './parameters';
/**
 * Refuses a call that asks for card or account numbers: whoever has them pays without the broker.
 *
 * @throws BrokerRefusal `parameter_not_allowed`.
 */
export declare function checkExpansion(query: string | undefined, parameters?: readonly Parameter[]): void;
