import { redeem } from '../catalogue/discounts';
import { priceOf } from '../catalogue/make-price';
import { taxRatesOf } from '../catalogue/tax-rates';
import { mergeMetadata } from '../metadata';
import type { StripeAccount } from '../stripe-account';
import { StripeError } from '../stripe-error';
import { priceAmount } from '../totals/price-amount';
import type { InvoiceLine } from './billing-objects';
import { instant, makeLine, ratesOrDefault } from './invoice-lines';
import type { addInvoiceItems } from './subscription-rules';

/** What `add_invoice_items` puts on the next invoice of a subscription. */
export function extraLines(
  account: StripeAccount,
  given: ReturnType<(typeof addInvoiceItems)['read']> | undefined,
  currency: string,
): InvoiceLine[] {
  return (given ?? []).map((item, index) => {
    const at = `add_invoice_items[${index}]`;
    const price = priceOf(account, item, at);
    if (price.recurring !== null) {
      throw StripeError.invalid(
        'The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.',
        { param: `${at}[price]` },
      );
    }
    return makeLine({
      amount: priceAmount(price, currency, item.quantity ?? 1, `${at}[price]`),
      description: account.catalogue.products.find(price.product)?.name ?? null,
      discountable: item.discountable ?? true,
      discounts: redeem(account, item.discounts, {}, currency),
      metadata: mergeMetadata({}, item.metadata),
      period: instant(account.now()),
      price,
      quantity: String(item.quantity ?? 1),
      taxRates: ratesOrDefault(taxRatesOf(account, item.tax_rates, `${at}[tax_rates]`)),
    });
  });
}
