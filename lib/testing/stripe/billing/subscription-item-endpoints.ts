import { endpoint } from '../endpoint';
import type { Endpoint, Execution } from '../endpoint';
import { timestamp } from '../nested-params';
import { flag, listLimit, required, text, allUnmodelled } from '../param-rules';
import { StripeError } from '../stripe-error';
import type { Subscription, SubscriptionItem } from './billing-objects';
import { updateSubscription } from './update-subscription';
import { behaviour, prorationBehaviour, subscriptionItemRules } from './subscription-rules';

function found({ account, id }: Execution): { subscription: Subscription; item: SubscriptionItem } {
  for (const subscription of account.billing.subscriptions.all()) {
    const item = subscription.items.data.find((each) => each.id === id);
    if (item !== undefined) return { subscription, item };
  }
  throw StripeError.missing('subscription_item', id, 'item', 404);
}

const how = {
  payment_behavior: behaviour,
  proration_behavior: prorationBehaviour,
  proration_date: timestamp,
};

export const subscriptionItemEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/subscription_items',
    'subscription_item',
    { ...subscriptionItemRules, ...how, plan: text, subscription: required(text) },
    (run, params) => {
      const {
        subscription: id,
        payment_behavior,
        proration_behavior,
        proration_date,
        ...item
      } = params;
      const subscription = run.account.billing.subscriptions.get(id, 'subscription', 400);
      const known = new Set(subscription.items.data.map((each) => each.id));
      updateSubscription(run, subscription, {
        items: [{ ...item, clear_usage: undefined, deleted: undefined, id: undefined }],
        payment_behavior,
        proration_behavior,
        proration_date,
      } as Parameters<typeof updateSubscription>[2]);
      return subscription.items.data.find((each) => !known.has(each.id))!;
    },
  ),

  endpoint('GET', '/v1/subscription_items/:id', 'subscription_item', {}, (run) => found(run).item),

  endpoint(
    'POST',
    '/v1/subscription_items/:id',
    'subscription_item',
    { ...subscriptionItemRules, ...how, off_session: flag, plan: text },
    (run, params) => {
      const {
        payment_behavior,
        proration_behavior,
        proration_date,
        off_session: _,
        ...item
      } = params;
      const { subscription } = found(run);
      updateSubscription(run, subscription, {
        items: [{ ...item, clear_usage: undefined, deleted: undefined, id: run.id }],
        payment_behavior,
        proration_behavior,
        proration_date,
      } as Parameters<typeof updateSubscription>[2]);
      return found(run).item;
    },
  ),

  endpoint(
    'DELETE',
    '/v1/subscription_items/:id',
    'subscription_item',
    { ...how, clear_usage: flag },
    (run, params) => {
      const { subscription } = found(run);
      updateSubscription(run, subscription, {
        items: [{ deleted: true, id: run.id }],
        payment_behavior: params.payment_behavior,
        proration_behavior: params.proration_behavior,
        proration_date: params.proration_date,
      } as Parameters<typeof updateSubscription>[2]);
      return { id: run.id, object: 'subscription_item', deleted: true };
    },
  ),

  endpoint(
    'GET',
    '/v1/subscription_items',
    'list of subscription_item',
    {
      limit: listLimit,
      subscription: required(text),
      ...allUnmodelled('ending_before', 'starting_after'),
    },
    ({ account }, params) =>
      account.billing.subscriptions.get(params.subscription, 'subscription', 400).items,
  ),
];
