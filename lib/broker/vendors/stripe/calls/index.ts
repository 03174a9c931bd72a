import { BALANCE } from './balance';
import type { CallRows } from './call-row';
import { CATALOGUE } from './catalogue';
import { CUSTOMERS } from './customers';
import { DOCUMENTS } from './documents';
import { PAYMENT_METHODS } from './payment-methods';
import { PAYMENTS } from './payments';
import { REPORTS } from './reports';
import { TAX } from './tax';
import { TREASURY } from './treasury';

/** The version of Stripe's API that the rows and their parameters are written for. */
export const STRIPE_VERSION = '2026-10-28.endive';

/** What the broker does with each call of Stripe's v1 but GET. One that has no row is refused. */
export const STRIPE_CALLS: CallRows = {
  ...PAYMENTS,
  ...PAYMENT_METHODS,
  ...CUSTOMERS,
  ...BALANCE,
  ...CATALOGUE,
  ...DOCUMENTS,
  ...TAX,
  ...TREASURY,
  ...REPORTS,
};
