import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { listOf } from '../billing/make-invoice';
import { mergeMetadata } from '../metadata';
import { automaticTax, count, listOf as listRule, object, unsettable } from '../nested-params';
import {
  allUnmodelled,
  feeAmount,
  flag,
  hash,
  listLimit,
  metadata,
  required,
  text,
  texts,
  unsettableText,
} from '../param-rules';
import { newId } from '../new-id';
import { StripeError } from '../stripe-error';
import type { PaymentLink } from './checkout-objects';
import { checkoutLine, currencyOf, orderLine, priceOrder } from './order-lines';
import { assertMode, orderOf, sellRules, shippingOptionsOf } from './sell-rules';

const restrictions = object({
  completed_sessions: required(object({ limit: required(count) })),
});

const MOST_LINES = 20;

export const paymentLinkEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/payment_links',
    'payment_link',
    {
      ...sellRules,
      after_completion: hash,
      application_fee_amount: feeAmount,
      inactive_message: text,
      line_items: required(listRule(checkoutLine)),
      payment_method_types: texts,
      restrictions,
      transfer_data: hash,
      ...allUnmodelled('application_fee_percent'),
    },
    ({ account }, params) => {
      if (params.line_items.length === 0 || params.line_items.length > MOST_LINES) {
        throw StripeError.invalid(`A payment link has 1 to ${MOST_LINES} line items.`, {
          param: 'line_items',
        });
      }
      const lines = params.line_items.map((line, index) =>
        orderLine(account, line, `line_items[${index}]`),
      );
      const recurs = lines.some(({ price }) => price.recurring !== null);
      assertMode(lines, recurs ? 'subscription' : 'payment');
      const currency = currencyOf(lines, params.currency);
      const order = orderOf(account, params, lines, currency);
      const id = newId('plink_');
      const link: PaymentLink = {
        id,
        object: 'payment_link',
        active: true,
        after_completion: params.after_completion ?? {
          hosted_confirmation: { custom_message: null },
          type: 'hosted_confirmation',
        },
        allow_promotion_codes: params.allow_promotion_codes ?? false,
        application: null,
        automatic_tax: { enabled: params.automatic_tax?.enabled ?? false, liability: null },
        created: account.now(),
        currency,
        inactive_message: params.inactive_message ?? null,
        line_items: listOf(
          priceOrder(account, lines, { currency, discounts: [] }).items,
          `/v1/payment_links/${id}/line_items`,
        ),
        livemode: false,
        metadata: mergeMetadata({}, params.metadata),
        on_behalf_of: params.on_behalf_of ?? null,
        restrictions:
          params.restrictions === undefined
            ? null
            : {
                completed_sessions: {
                  count: 0,
                  limit: params.restrictions.completed_sessions.limit,
                },
              },
        shipping_options: shippingOptionsOf(account, order.shippingRates, currency),
        submit_type: params.submit_type ?? 'auto',
        url: `https://buy.stripe.com/test_${id.slice(6)}`,
      };
      account.checkout.orders.set(id, {
        ...order,
        payment: { ...order.payment, transfer_data: params.transfer_data ?? null },
      });
      return account.checkout.paymentLinks.add(link);
    },
  ),

  endpoint('GET', '/v1/payment_links/:id', 'payment_link', {}, ({ account, id }) =>
    account.checkout.paymentLinks.get(id, 'payment_link'),
  ),

  endpoint(
    'GET',
    '/v1/payment_links/:id/line_items',
    'list of item',
    { limit: listLimit, ...allUnmodelled('ending_before', 'starting_after') },
    ({ account, id }) => account.checkout.paymentLinks.get(id, 'payment_link').line_items,
  ),

  endpoint(
    'POST',
    '/v1/payment_links/:id',
    'payment_link',
    {
      active: flag,
      allow_promotion_codes: flag,
      automatic_tax: automaticTax,
      inactive_message: unsettableText,
      line_items: listRule(
        object({ id: required(text), quantity: count, ...allUnmodelled('adjustable_quantity') }),
      ),
      metadata,
      restrictions: unsettable(restrictions),
    },
    ({ account, id }, params) => {
      const link = account.checkout.paymentLinks.get(id, 'payment_link');
      const order = account.checkout.orders.get(id)!;
      const changes = new Map(params.line_items?.map((line) => [line.id, line.quantity]));
      for (const [line] of changes) {
        if (!order.lines.some((each) => each.id === line)) {
          throw StripeError.missing('line item', line, 'line_items', 400);
        }
      }
      order.lines = order.lines.map((line) => ({
        ...line,
        quantity: changes.get(line.id) ?? line.quantity,
      }));
      link.line_items = listOf(
        priceOrder(account, order.lines, { currency: link.currency, discounts: [] }).items,
        link.line_items.url,
      );
      if (params.active !== undefined) link.active = params.active;
      if (params.allow_promotion_codes !== undefined) {
        link.allow_promotion_codes = params.allow_promotion_codes;
      }
      if (params.automatic_tax?.enabled !== undefined) {
        link.automatic_tax = { ...link.automatic_tax, enabled: params.automatic_tax.enabled };
      }
      if (params.inactive_message !== undefined) link.inactive_message = params.inactive_message;
      link.metadata = mergeMetadata(link.metadata, params.metadata);
      if (params.restrictions === null) link.restrictions = null;
      else if (params.restrictions !== undefined) {
        const { limit } = params.restrictions.completed_sessions;
        const done = link.restrictions?.completed_sessions.count ?? 0;
        link.restrictions = { completed_sessions: { count: done, limit } };
      }
      return link;
    },
  ),

  listEndpoint<PaymentLink>(
    '/v1/payment_links',
    'payment_link',
    (account) => account.checkout.paymentLinks,
    ['active'],
  ),
];
