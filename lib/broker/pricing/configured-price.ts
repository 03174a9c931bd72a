import {
  amountUnknown,
  checkNested,
  invalidAmount,
  largestNestedAmount,
  priceOf,
  readAmount,
  readCurrency,
} from './amount';
import type { ConfiguredPrice } from './configured-prices';
import type { Rates } from './currency';
import type { Price, PriceableCall } from './price';

/**
 * What a call costs, as the operator says.
 *
 * @throws BrokerRefusal where its body does not say it.
 */
export function configuredPrice(price: ConfiguredPrice, call: PriceableCall, rates: Rates): Price {
  switch (price.kind) {
    case 'free':
      return { kind: 'free' };
    case 'flat':
      return { kind: 'fee', micros: price.micros };
    case 'field': {
      const amount = readAmount(call, price.field);
      const given = readCurrency(call);
      if (given !== undefined && price.currency !== undefined && given !== price.currency) {
        throw invalidAmount('currency', `The call is priced in ${price.currency} alone.`);
      }
      const currency = price.currency ?? given;
      if (amount === undefined || currency === undefined) {
        throw amountUnknown(
          `The call needs ${price.field} and a currency, so that it can be priced.`,
        );
      }
      checkNested(largestNestedAmount(call, price.field), amount);
      return { kind: 'fee', micros: priceOf(amount, currency, rates), amount, currency };
    }
  }
}
