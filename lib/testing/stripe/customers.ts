import { endpoint, listEndpoint } from './endpoint';
import type { Endpoint, Execution } from './endpoint';
import { mergeMetadata } from './metadata';
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
import { newId, unixNow } from './stripe-account';
import { StripeError } from './stripe-error';
import type { Customer } from './stripe-objects';

const customerRules = {
  address: hash,
  balance: signedAmount,
  description: unsettableText,
  email: unsettableText,
  invoice_prefix: text,
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
    'invoice_settings',
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
      const id = newId('cus_');
      const customer: Customer = {
        id,
        object: 'customer',
        address: null,
        balance: 0,
        created: unixNow(),
        currency: null,
        default_source: null,
        delinquent: false,
        description: null,
        discount: null,
        email: null,
        invoice_prefix: id.slice(-8).toUpperCase(),
        invoice_settings: {
          custom_fields: null,
          default_payment_method: null,
          footer: null,
          rendering_options: null,
        },
        livemode: false,
        metadata: {},
        name: null,
        next_invoice_sequence: 1,
        phone: null,
        preferred_locales: [],
        shipping: null,
        tax_exempt: 'none',
        test_clock: null,
      };
      if (params.payment_method !== undefined) {
        run.account.paymentMethod(params.payment_method, id);
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
