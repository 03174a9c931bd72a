import { BALANCE } from './balance';
import { BILLING } from './billing';
import type { CallRows } from './call-row';
import { CATALOGUE } from './catalogue';
import { CONNECT } from './connect';
import { CUSTOMERS } from './customers';
import { DOCUMENTS } from './documents';
import { ISSUING } from './issuing';
import { PAYMENT_METHODS } from './payment-methods';
import { PAYMENTS } from './payments';
import { PLATFORM } from './platform';
import { RISK } from './risk';
import { TAX } from './tax';
import { TERMINAL } from './terminal';
import { TEST_HELPERS } from './test-helpers';
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
  ...TAX,
  ...DOCUMENTS,
  ...BILLING,
  ...CONNECT,
  ...RISK,
  ...ISSUING,
  ...TREASURY,
  ...TERMINAL,
  ...PLATFORM,
  ...TEST_HELPERS,
};
