import { redeem } from '../catalogue/discounts';
import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { discountsOf, listOf as listRule, object, timestamp } from '../nested-params';
import {
  allUnmodelled,
  listLimit,
  metadata,
  missingParam,
  oneOf,
  required,
  text,
  texts,
} from '../param-rules';
import { StripeError } from '../stripe-error';
import type { CheckoutSession } from './checkout-objects';
import { makeSession } from './make-session';
import { checkoutLine, currencyOf, orderLine } from './order-lines';
import { assertMode, orderOf, sellRules } from './sell-rules';

const MOST_LINES = 100;

export const checkoutSessionEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/checkout/sessions',
    'checkout.session',
    {
      ...sellRules,
      cancel_url: text,
      client_reference_id: text,
      customer: text,
      customer_email: text,
      discounts: discountsOf,
      expires_at: timestamp,
      line_items: listRule(checkoutLine),
      locale: text,
      mode: required(oneOf('payment', 'setup', 'subscription')),
      payment_method_types: texts,
      return_url: text,
      success_url: text,
      ui_mode: oneOf(
        'custom',
        'elements',
        'embedded',
        'embedded_page',
        'form',
        'hosted',
        'hosted_page',
      ),
      ...allUnmodelled(
        'adaptive_pricing',
        'after_expiration',
        'allowed_payment_method_types',
        'branding_settings',
        'customer_account',
        'customer_update',
        'excluded_payment_method_types',
        'integration_identifier',
        'origin_context',
        'payment_method_configuration',
        'payment_method_data',
        'permissions',
        'redirect_on_completion',
        'saved_payment_method_options',
        'setup_intent_data',
        'wallet_options',
      ),
    },
    ({ account }, params) => {
      const uiMode = params.ui_mode ?? 'hosted_page';
      const isHosted = uiMode === 'hosted_page' || uiMode === 'hosted';
      if (isHosted && params.success_url === undefined) throw missingParam('success_url');
      const customer = params.customer === undefined ? null : account.customer(params.customer).id;
      const given = params.line_items ?? [];
      if (params.mode === 'setup') {
        if (given.length > 0) {
          throw StripeError.invalid('You can not pass `line_items` in `setup` mode.', {
            param: 'line_items',
          });
        }
      } else if (given.length === 0) {
        throw missingParam('line_items');
      }
      if (given.length > MOST_LINES) {
        throw StripeError.invalid(`You may have at most ${MOST_LINES} line items.`, {
          param: 'line_items',
        });
      }
      if (params.discounts !== undefined && params.allow_promotion_codes === true) {
        throw StripeError.invalid(
          'You may only specify one of these parameters: allow_promotion_codes, discounts.',
          { param: 'allow_promotion_codes' },
        );
      }
      const lines = given.map((line, index) => orderLine(account, line, `line_items[${index}]`));
      if (params.mode !== 'setup') assertMode(lines, params.mode);
      const currency =
        lines.length === 0 ? (params.currency ?? null) : currencyOf(lines, params.currency);
      const order = orderOf(account, params, lines, currency ?? 'usd');
      const discounts = redeem(account, params.discounts, { customer }, currency ?? 'usd');
      return makeSession(account, {
        ...params,
        currency,
        customer,
        discounts,
        metadata: mergeMetadata({}, params.metadata),
        order,
        paymentLink: null,
        uiMode,
      });
    },
  ),

  endpoint('GET', '/v1/checkout/sessions/:id', 'checkout.session', {}, ({ account, id }) =>
    account.checkout.sessions.get(id, 'session'),
  ),

  endpoint(
    'POST',
    '/v1/checkout/sessions/:id',
    'checkout.session',
    { metadata, ...allUnmodelled('collected_information') },
    ({ account, id }, params) => {
      const session = account.checkout.sessions.get(id, 'session');
      session.metadata = mergeMetadata(session.metadata, params.metadata);
      return session;
    },
  ),

  endpoint(
    'POST',
    '/v1/checkout/sessions/:id/expire',
    'checkout.session',
    {},
    ({ account, id }) => {
      const session = account.checkout.sessions.get(id, 'session');
      if (session.status !== 'open') {
        throw StripeError.invalid(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
        );
      }
      session.status = 'expired';
      session.url = null;
      return session;
    },
  ),

  endpoint(
    'GET',
    '/v1/checkout/sessions/:id/line_items',
    'list of item',
    { limit: listLimit, ...allUnmodelled('ending_before', 'starting_after') },
    ({ account, id }) => account.checkout.sessions.get(id, 'session').line_items,
  ),

  listEndpoint<CheckoutSession>(
    '/v1/checkout/sessions',
    'checkout.session',
    (account) => account.checkout.sessions,
    [
      'customer',
      'payment_intent',
      'payment_link',
      'status',
      'subscription',
      {
        name: 'customer_details',
        rule: object({ email: required(text) }),
        matches: ({ customer_email: email }, wanted) =>
          email === (wanted as { email: string }).email,
      },
    ],
  ),
];
