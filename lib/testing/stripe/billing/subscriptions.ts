import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { count, listOf, object, timestamp, timestampOr } from '../nested-params';
import { allUnmodelled, currency, flag, hash, oneOf, required, text } from '../param-rules';
import { taxRatesOf } from '../catalogue/tax-rates';
import { StripeError } from '../stripe-error';
import { currencyOf } from '../checkout/order-lines';
import type { Subscription } from './billing-objects';
import { endSubscription } from './change-subscription';
import { extraLines } from './extra-lines';
import { collectNow } from './renew-subscription';
import { resumeSubscription } from './resume-subscription';
import { startSubscription } from './start-subscription';
import { draftOf, usageLine } from './subscription-invoices';
import { isMetered, periodOf } from './subscription-items';
import { itemOrders, updateSubscription } from './update-subscription';
import { changedItem, newItem, prorationBehaviour, subscriptionRules } from './subscription-rules';

const A_DAY = 86_400;
const ENDED = ['canceled', 'incomplete_expired'];

export const subscriptionEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/subscriptions',
    'subscription',
    {
      ...subscriptionRules,
      backdate_start_date: timestamp,
      billing_cycle_anchor: timestamp,
      billing_mode: object({
        type: required(oneOf('classic', 'flexible')),
        ...allUnmodelled('flexible'),
      }),
      cancel_at: timestampOr('min_period_end', 'max_period_end', 'max_billed_until'),
      currency,
      customer: required(text),
      items: required(listOf(newItem)),
      on_behalf_of: text,
      trial_period_days: count,
      ...allUnmodelled('billing_cycle_anchor_config', 'customer_account'),
    },
    (run, params) => {
      const { account } = run;
      const customer = account.customer(params.customer);
      if (params.items.length === 0) {
        throw StripeError.invalid('Missing required param: items.', {
          code: 'parameter_missing',
          param: 'items',
        });
      }
      if (params.trial_end !== undefined && params.trial_period_days !== undefined) {
        throw StripeError.invalid(
          'You may only specify one of these parameters: trial_end, trial_period_days.',
          { param: 'trial_end' },
        );
      }
      const now = account.now();
      const items = itemOrders(account, params.items, customer.id);
      const code = currencyOf(items, params.currency, 'items');
      const trialEnd =
        params.trial_period_days === undefined
          ? params.trial_end === 'now'
            ? undefined
            : params.trial_end
          : now + params.trial_period_days * A_DAY;
      return startSubscription(run, {
        automaticTax: params.automatic_tax?.enabled,
        backdateStartDate: params.backdate_start_date,
        behaviour: params.payment_behavior,
        billingCycleAnchor: params.billing_cycle_anchor,
        billingMode: params.billing_mode?.type,
        cancelAt: typeof params.cancel_at === 'number' ? params.cancel_at : undefined,
        cancelAtPeriodEnd: params.cancel_at_period_end,
        collectionMethod: params.collection_method,
        currency: code,
        customer: customer.id,
        daysUntilDue: params.days_until_due,
        defaultPaymentMethod:
          params.default_payment_method === undefined
            ? null
            : account.paymentMethod(params.default_payment_method, customer.id).shown.id,
        defaultTaxRates: taxRatesOf(account, params.default_tax_rates, 'default_tax_rates'),
        description: params.description,
        discounts: params.discounts,
        extraLines: extraLines(account, params.add_invoice_items, code),
        items,
        metadata: mergeMetadata({}, params.metadata),
        onBehalfOf: params.on_behalf_of,
        prorate: params.proration_behavior !== 'none',
        transferData: params.transfer_data,
        trialEnd,
        trialSettings: params.trial_settings,
      });
    },
  ),

  endpoint('GET', '/v1/subscriptions/:id', 'subscription', {}, ({ account, id }) =>
    account.billing.subscriptions.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/subscriptions/:id',
    'subscription',
    {
      ...subscriptionRules,
      // A word up to 2026-09-30, an object since.
      billing_cycle_anchor: {
        required: false,
        read: (value, name) =>
          typeof value === 'string'
            ? oneOf('now', 'unchanged').read(value, name)
            : object({ type: required(oneOf('now', 'unchanged')) }).read(value, name).type,
      },
      cancel_at: timestampOr('', 'min_period_end', 'max_period_end', 'max_billed_until'),
      cancellation_details: hash,
      items: listOf(changedItem),
      on_behalf_of: text,
      pause_collection: hash,
      proration_date: timestamp,
    },
    (run, params) => {
      const subscription = run.account.billing.subscriptions.get(run.id, 'id');
      if (ENDED.includes(subscription.status)) {
        throw StripeError.invalid(
          'A canceled subscription can only update its cancellation_details and metadata.',
        );
      }
      return updateSubscription(run, subscription, params);
    },
  ),

  endpoint(
    'DELETE',
    '/v1/subscriptions/:id',
    'subscription',
    { cancellation_details: hash, invoice_now: flag, prorate: flag },
    (run, params) => {
      const subscription = run.account.billing.subscriptions.get(run.id, 'id');
      if (ENDED.includes(subscription.status)) {
        throw StripeError.missing('subscription', run.id, 'id', 404);
      }
      const invoiceNow = params.invoice_now === true;
      endSubscription(run, subscription, { invoiceNow, prorate: params.prorate === true });
      if (invoiceNow) {
        const used = subscription.items.data
          .filter(isMetered)
          .map((item) => usageLine(run.account, subscription, item, periodOf(item)));
        const invoice = draftOf(run, subscription, 'manual', used);
        collectNow(run, invoice);
      }
      return subscription;
    },
  ),

  endpoint(
    'POST',
    '/v1/subscriptions/:id/resume',
    'subscription',
    {
      billing_cycle_anchor: {
        required: false,
        read: (value, name) =>
          typeof value === 'string'
            ? oneOf('now', 'unchanged').read(value, name)
            : object({ type: required(oneOf('now', 'unchanged')) }).read(value, name).type,
      },
      payment_behavior: oneOf('resume_on_payment_attempt', 'resume_on_payment_success'),
      proration_behavior: prorationBehaviour,
      proration_date: timestamp,
    },
    (run, params) => {
      const subscription = run.account.billing.subscriptions.get(run.id, 'id');
      if (subscription.status !== 'paused') {
        throw StripeError.invalid(
          `Only a subscription whose status is \`paused\` can be resumed; ${run.id} is \`${subscription.status}\`.`,
        );
      }
      return resumeSubscription(run, subscription, params);
    },
  ),

  endpoint(
    'POST',
    '/v1/subscriptions/:id/pause',
    'subscription',
    { ...allUnmodelled('bill_for', 'invoicing_behavior', 'type') },
    ({ account, id }) => {
      const subscription = account.billing.subscriptions.get(id, 'id');
      subscription.status = 'paused';
      return subscription;
    },
  ),

  listEndpoint<Subscription>(
    '/v1/subscriptions',
    'subscription',
    (account) => account.billing.subscriptions,
    [
      'collection_method',
      'customer',
      {
        name: 'price',
        rule: text,
        matches: ({ items }, wanted) => items.data.some(({ price }) => price.id === wanted),
      },
      {
        // Without a status those that have ended are left out: https://docs.stripe.com/api/subscriptions/list
        name: 'status',
        rule: text,
        matches: ({ status }, wanted) =>
          wanted === 'all' || (wanted === 'ended' ? ENDED.includes(status) : status === wanted),
      },
    ],
  ),
];
