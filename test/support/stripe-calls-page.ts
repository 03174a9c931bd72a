import { STRIPE_CALLS, STRIPE_VERSION } from '../../lib/broker/vendors/stripe/calls';
import { BALANCE } from '../../lib/broker/vendors/stripe/calls/balance';
import { BILLING } from '../../lib/broker/vendors/stripe/calls/billing';
import { REFERENCE } from '../../lib/broker/vendors/stripe/calls/call-row';
import type { CallRow, CallRows } from '../../lib/broker/vendors/stripe/calls/call-row';
import { CATALOGUE } from '../../lib/broker/vendors/stripe/calls/catalogue';
import { CONNECT } from '../../lib/broker/vendors/stripe/calls/connect';
import { CUSTOMERS } from '../../lib/broker/vendors/stripe/calls/customers';
import { DOCUMENTS } from '../../lib/broker/vendors/stripe/calls/documents';
import { ISSUING } from '../../lib/broker/vendors/stripe/calls/issuing';
import { PAYMENT_METHODS } from '../../lib/broker/vendors/stripe/calls/payment-methods';
import { PAYMENTS } from '../../lib/broker/vendors/stripe/calls/payments';
import { PLATFORM } from '../../lib/broker/vendors/stripe/calls/platform';
import { RISK } from '../../lib/broker/vendors/stripe/calls/risk';
import { TAX } from '../../lib/broker/vendors/stripe/calls/tax';
import { TERMINAL } from '../../lib/broker/vendors/stripe/calls/terminal';
import { TEST_HELPERS } from '../../lib/broker/vendors/stripe/calls/test-helpers';
import { TREASURY } from '../../lib/broker/vendors/stripe/calls/treasury';

const SECTIONS: readonly [title: string, rows: CallRows][] = [
  ['Payments, refunds and set-ups', PAYMENTS],
  ['Payment methods', PAYMENT_METHODS],
  ['Customers', CUSTOMERS],
  ['Transfers, payouts and top-ups', BALANCE],
  ['Products, prices and discounts', CATALOGUE],
  ['Checkout, payment links, invoices, subscriptions and quotes', DOCUMENTS],
  ['Billing', BILLING],
  ['Tax', TAX],
  ['Connected accounts and apps', CONNECT],
  ['Disputes, fraud and identity', RISK],
  ['Issuing', ISSUING],
  ['Treasury', TREASURY],
  ['Terminal', TERMINAL],
  ['Files, events, reports and the rest', PLATFORM],
  ['Test helpers', TEST_HELPERS],
];

/** The page of docs/ that lists every call of Stripe's, as the table has it. */
export function stripeCallsPage(): string {
  const rules = Object.values(STRIPE_CALLS).map(({ rule }) => rule);
  const count = (...wanted: readonly string[]) => rules.filter((r) => wanted.includes(r)).length;
  const [free, refused, helpers] = [count('free'), count('refused'), count('test-helper')];
  const priced = rules.length - free - refused - helpers;
  const sections = SECTIONS.map(([title, rows]) => {
    const lines = Object.entries(rows).map(([call, row]) => lineOf(call, row));
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return `# Stripe's calls

What the broker does with each call of Stripe's API v1 that is no \`GET\`, as of version \`${STRIPE_VERSION}\`: ${rules.length} calls, of which ${priced} are priced, ${free} are free, ${refused} are refused and ${helpers} are test helpers. \`*\` stands for an id. Each links to its page in Stripe's reference.

- **priced**: it holds what it may cost, and is forwarded with the parameters that move no money beyond that.
- **free**: it holds nothing, and is forwarded with the parameters that neither move money, nor start what does, nor change what an existing bill comes to. Any other is refused, 403 \`parameter_not_allowed\`.
- **refused**: 403 \`amount_unknown\`. The word after it is the setting that allows the call: [\`prices\` or \`free\`](broker.md#config-file).
- **test helper**: free where the broker's Stripe secret is a test one (\`sk_test_…\`, \`rk_test_…\`), with whatever parameters; refused with any other.

A call that is not listed is refused. So is a \`GET\` that expands a card's or an account's number; every other \`GET\` is free.

${sections.join('\n')}`;
}

function lineOf(call: string, row: CallRow): string {
  const link = `[\`${call.replace(' ', ' /v1/')}\`](${REFERENCE}${row.page})`;
  return `- ${link}: ${answerOf(row)}`;
}

function answerOf(row: CallRow): string {
  switch (row.rule) {
    case 'new':
      return `priced, \`${row.field}\``;
    case 'exposure':
    case 'change':
      return 'priced, what it adds to the payment';
    case 'cancel':
      return 'priced, gives back what the payment or the bill holds';
    case 'refund':
      return 'priced, `amount`, or what is left of the payment';
    case 'objects':
      return 'priced, [what stands in objects at Stripe](documents.md)';
    case 'free':
      return 'free';
    case 'test-helper':
      return 'test helper';
    case 'refused':
      return `refused${row.allow === undefined ? '' : ` (\`${row.allow}\`)`}: ${row.reason}`;
  }
}
