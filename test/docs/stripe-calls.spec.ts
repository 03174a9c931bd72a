import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PriceableCall } from '../../lib/broker/pricing/price';
import { STRIPE_CALLS } from '../../lib/broker/vendors/stripe/calls';
import { stripe } from '../../lib/broker/vendors/stripe/stripe';
import { stripeCallsPage } from '../support/stripe-calls-page';

const DOCS = resolve(__dirname, '../../docs');
const PAGE = resolve(DOCS, 'stripe-calls.md');

/** `UPDATE_DOCS=1` writes the page. */
it('docs/stripe-calls.md lists every call as the table has it', () => {
  const page = stripeCallsPage();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
  const listed = [...page.matchAll(/^- \[`(\w+) \/v1\/([^`]+)`\]/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  expect(listed.toSorted()).toEqual(Object.keys(STRIPE_CALLS).toSorted());
});

it('docs/broker.md shows a refusal as it is', () => {
  const call = { method: 'POST', segments: ['account_links'], parameters: [], decimals: new Set() };
  const [shown = ''] =
    /(?<=^ *> )POST \/v1.*$/m.exec(readFileSync(resolve(DOCS, 'broker.md'), 'utf8')) ?? [];
  expect(() => stripe.price(call as PriceableCall)).toThrow(new Error(shown));
});
