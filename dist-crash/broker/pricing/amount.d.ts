import type { MicroUsd } from '../money/usd';
import { BrokerRefusal } from '../refusal';
import type { Rates } from './currency';
import type { PriceableCall } from './price';
/**
 * The amount in a top-level field, in minor units; `undefined` where the field is absent.
 *
 * @throws BrokerRefusal `invalid_amount` where the field is there in any other form than plain
 * digits, once.
 */
export declare function readAmount(call: PriceableCall, field: string): number | undefined;
/**
 * The currency in the top-level `currency`, in lower case; `undefined` where it is absent.
 *
 * @throws BrokerRefusal `invalid_amount` where it is no currency.
 */
export declare function readCurrency(call: PriceableCall): string | undefined;
/** The one value of a top-level field that decides the price. */
export declare function readOnce(call: PriceableCall, field: string): string | undefined;
/**
 * The largest of the amounts nested in a body, minor units; `undefined` where there is none. They
 * move no money beyond the priced one, so long as none is larger.
 */
export declare function largestNestedAmount(call: PriceableCall, pricedField: string): number | undefined;
/** @throws BrokerRefusal where a nested amount is larger than the one it belongs to. */
export declare function checkNested(largestNested: number | undefined, amount: number): void;
/**
 * Minor units in micro-dollars.
 *
 * @throws BrokerRefusal `currency_not_priced` where no rate is configured.
 */
export declare function priceOf(amount: number, currency: string, rates: Rates): MicroUsd;
export declare function invalidAmount(param: string | null, message: string): BrokerRefusal;
export declare function amountUnknown(message: string): BrokerRefusal;
