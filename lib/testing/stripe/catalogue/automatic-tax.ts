import { newId } from '../new-id';
import type { StripeAccount } from '../stripe-account';
import type { Price, TaxRate } from './catalogue-objects';

const rates = new WeakMap<StripeAccount, Map<string, TaxRate>>();

/** The rate that automatic tax comes to for a price, as the test has set it; none where it has not. */
export function automaticRate(account: StripeAccount, price: Price | null): TaxRate[] {
  const percentage = account.billing.automaticTax;
  if (percentage === undefined) return [];
  const inclusive = price?.tax_behavior === 'inclusive';
  const known = rates.get(account) ?? new Map<string, TaxRate>();
  rates.set(account, known);
  const key = `${percentage} ${inclusive}`;
  const rate =
    known.get(key) ??
    account.catalogue.taxRates.add({
      id: newId('txr_'),
      object: 'tax_rate',
      active: false,
      country: null,
      created: account.now(),
      description: null,
      display_name: 'Automatic tax',
      effective_percentage: null,
      flat_amount: null,
      inclusive,
      jurisdiction: null,
      jurisdiction_level: null,
      livemode: false,
      metadata: {},
      percentage: Number(percentage),
      rate_type: 'percentage',
      state: null,
      tax_type: null,
    });
  known.set(key, rate);
  return [rate];
}
