import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint, Execution } from './endpoint';
import { makeCustomer } from './make-customer';
import { mergeMetadata } from './metadata';
import { object } from './nested-params';
import {
  allUnmodelled,
  hash,
  metadata,
  oneOf,
  signedAmount,
  text,
  texts,
  unsettableText,
} from './param-rules';
import type { Params } from './param-rules';
import { StripeError } from './stripe-error';
import type { Customer } from './stripe-objects';

const customerRules = {
  address: hash,
  balance: signedAmount,
  description: unsettableText,
  email: unsettableText,
  invoice_prefix: text,
  invoice_settings: object({
    default_payment_method: unsettableText,
    ...allUnmodelled('custom_fields', 'footer', 'rendering_options'),
  }),
  metadata,
  name: unsettableText,
  phone: unsettableText,
  preferred_locales: texts,
  shipping: hash,
  source: text,
  tax_exempt: oneOf('exempt', 'none', 'reverse'),
  ...allUnmodelled(
    'business_name',
    'cash_balance',
    'individual_name',
    'next_invoice_sequence',
    'tax',
    'validate',
  ),
};

function apply(run: Execution, customer: Customer, params: Params<typeof customerRules>): void {
  if (params.source !== undefined) {
    const source = run.account.source(params.source, customer.id);
    run.account.defaultSources.set(customer.id, source);
    customer.default_source = source.shown.id;
  }
  if (params.address !== undefined) customer.address = params.address;
  if (params.balance !== undefined) customer.balance = params.balance;
  if (params.description !== undefined) customer.description = params.description;
  if (params.email !== undefined) customer.email = params.email;
  const method = params.invoice_settings?.default_payment_method;
  if (method !== undefined) {
    customer.invoice_settings['default_payment_method'] =
      method === null ? null : run.account.paymentMethod(method, customer.id).shown.id;
  }
  if (params.invoice_prefix !== undefined) customer.invoice_prefix = params.invoice_prefix;
  customer.metadata = mergeMetadata(customer.metadata, params.metadata);
  if (params.name !== undefined) customer.name = params.name;
  if (params.phone !== undefined) customer.phone = params.phone;
  if (params.preferred_locales !== undefined) customer.preferred_locales = params.preferred_locales;
  if (params.shipping !== undefined) customer.shipping = params.shipping;
  if (params.tax_exempt !== undefined) customer.tax_exempt = params.tax_exempt;
}

function liveCustomer({ account, id }: Execution): Customer {
  if (account.deletedCustomers.has(id)) throw StripeError.missing('customer', id, 'id', 404);
  return account.customers.get(id, 'id');
}

export const customerEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/customers',
    'customer',
    {
      ...customerRules,
      payment_method: text,
      ...allUnmodelled('tax_id_data', 'test_clock'),
    },
    (run, params) => {
      const customer = makeCustomer(run.account);
      if (params.payment_method !== undefined) {
        run.account.paymentMethod(params.payment_method, customer.id);
      }
      apply(run, customer, params);
      return run.account.customers.add(customer);
    },
  ),

  endpoint('GET', '/v1/customers/:id', 'customer', {}, ({ account, id }) =>
    account.deletedCustomers.has(id)
      ? { id, object: 'customer', deleted: true }
      : account.customers.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/customers/:id',
    'customer',
    { ...customerRules, default_source: text },
    (run, params) => {
      const customer = liveCustomer(run);
      if (
        params.default_source !== undefined &&
        params.default_source !== customer.default_source
      ) {
        throw StripeError.missing('source', params.default_source, 'default_source', 400);
      }
      apply(run, customer, params);
      return customer;
    },
  ),

  endpoint('DELETE', '/v1/customers/:id', 'customer', {}, (run) => {
    const { id } = liveCustomer(run);
    run.account.deletedCustomers.set(id, true);
    return { id, object: 'customer', deleted: true };
  }),

  listEndpoint<Customer>(
    '/v1/customers',
    'customer',
    (account) => account.customers,
    ['email'],
    (customer, account) => !account.deletedCustomers.has(customer.id),
  ),
];
