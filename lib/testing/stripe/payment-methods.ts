import { endpoint } from './endpoint';
import type { Endpoint } from './endpoint';
import { mergeMetadata } from './metadata';
import { object } from './nested-params';
import { allUnmodelled, hash, listLimit, metadata, oneOf, required, text } from './param-rules';
import type { StripeAccount } from './stripe-account';
import { StripeError } from './stripe-error';
import type { PaymentMethod } from './stripe-objects';

function stored(account: StripeAccount, id: string): PaymentMethod {
  const found = account.findPaymentMethod(id);
  if (found === undefined) throw StripeError.missing('PaymentMethod', id, 'payment_method', 404);
  return found.shown;
}

function pageOf(account: StripeAccount, customer: string, limit = 10, url: string) {
  const all = account.methodsOf(customer).map(({ shown }) => shown);
  return { object: 'list', data: all.slice(0, limit), has_more: all.length > limit, url };
}

export const paymentMethodEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/payment_methods',
    'payment_method',
    {
      billing_details: hash,
      card: object({ token: required(text) }),
      metadata,
      type: required(oneOf('card')),
      ...allUnmodelled('allow_redisplay'),
    },
    ({ account }, params) => {
      if (params.card === undefined) {
        throw StripeError.invalid('Missing required param: card.', {
          code: 'parameter_missing',
          param: 'card',
        });
      }
      const { shown } = account.methodOfToken(params.card.token);
      shown.metadata = mergeMetadata({}, params.metadata);
      return shown;
    },
  ),

  endpoint('GET', '/v1/payment_methods/:id', 'payment_method', {}, ({ account, id }) =>
    stored(account, id),
  ),

  endpoint(
    'POST',
    '/v1/payment_methods/:id',
    'payment_method',
    { metadata, ...allUnmodelled('allow_redisplay', 'billing_details', 'card') },
    ({ account, id }, params) => {
      const method = stored(account, id);
      method.metadata = mergeMetadata(method.metadata, params.metadata);
      return method;
    },
  ),

  endpoint(
    'POST',
    '/v1/payment_methods/:id/attach',
    'payment_method',
    { customer: required(text) },
    ({ account, id }, params) => {
      const customer = account.customer(params.customer);
      const method = account.paymentMethod(id, customer.id).shown;
      if (method.customer !== null && method.customer !== customer.id) {
        throw StripeError.invalid(
          'The payment method you provided has already been attached to a customer.',
          { param: 'customer' },
        );
      }
      method.customer = customer.id;
      return method;
    },
  ),

  endpoint('POST', '/v1/payment_methods/:id/detach', 'payment_method', {}, ({ account, id }) => {
    const method = stored(account, id);
    if (method.customer === null) {
      throw StripeError.invalid(
        'The payment method you provided is not attached to a customer so detachment is impossible.',
        { param: 'payment_method' },
      );
    }
    method.customer = null;
    return method;
  }),

  endpoint(
    'GET',
    '/v1/customers/:id/payment_methods',
    'list of payment_method',
    { limit: listLimit, ...allUnmodelled('allow_redisplay', 'type') },
    ({ account, id }, params) => {
      account.customers.get(id, 'customer');
      return pageOf(account, id, params.limit, `/v1/customers/${id}/payment_methods`);
    },
  ),

  endpoint(
    'GET',
    '/v1/payment_methods',
    'list of payment_method',
    { customer: text, limit: listLimit, ...allUnmodelled('allow_redisplay', 'type') },
    ({ account }, params) =>
      pageOf(account, params.customer ?? '', params.limit, '/v1/payment_methods'),
  ),
];
