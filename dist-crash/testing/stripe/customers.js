"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.customerEndpoints = void 0;
const endpoint_1 = require("./endpoint");
const metadata_1 = require("./metadata");
const param_rules_1 = require("./param-rules");
const stripe_account_1 = require("./stripe-account");
const stripe_error_1 = require("./stripe-error");
const customerRules = {
    address: param_rules_1.hash,
    balance: param_rules_1.signedAmount,
    description: param_rules_1.unsettableText,
    email: param_rules_1.unsettableText,
    invoice_prefix: param_rules_1.text,
    metadata: param_rules_1.metadata,
    name: param_rules_1.unsettableText,
    phone: param_rules_1.unsettableText,
    preferred_locales: param_rules_1.texts,
    shipping: param_rules_1.hash,
    source: param_rules_1.text,
    tax_exempt: (0, param_rules_1.oneOf)('exempt', 'none', 'reverse'),
    ...(0, param_rules_1.allUnmodelled)('business_name', 'cash_balance', 'individual_name', 'invoice_settings', 'next_invoice_sequence', 'tax', 'validate'),
};
function apply(run, customer, params) {
    if (params.source !== undefined) {
        const source = run.account.source(params.source, customer.id);
        run.account.defaultSources.set(customer.id, source);
        customer.default_source = source.shown.id;
    }
    if (params.address !== undefined)
        customer.address = params.address;
    if (params.balance !== undefined)
        customer.balance = params.balance;
    if (params.description !== undefined)
        customer.description = params.description;
    if (params.email !== undefined)
        customer.email = params.email;
    if (params.invoice_prefix !== undefined)
        customer.invoice_prefix = params.invoice_prefix;
    customer.metadata = (0, metadata_1.mergeMetadata)(customer.metadata, params.metadata);
    if (params.name !== undefined)
        customer.name = params.name;
    if (params.phone !== undefined)
        customer.phone = params.phone;
    if (params.preferred_locales !== undefined)
        customer.preferred_locales = params.preferred_locales;
    if (params.shipping !== undefined)
        customer.shipping = params.shipping;
    if (params.tax_exempt !== undefined)
        customer.tax_exempt = params.tax_exempt;
}
function liveCustomer({ account, id }) {
    if (account.deletedCustomers.has(id))
        throw stripe_error_1.StripeError.missing('customer', id, 'id', 404);
    return account.customers.get(id, 'id');
}
exports.customerEndpoints = [
    (0, endpoint_1.endpoint)('POST', '/v1/customers', 'customer', {
        ...customerRules,
        payment_method: param_rules_1.text,
        ...(0, param_rules_1.allUnmodelled)('tax_id_data', 'test_clock'),
    }, (run, params) => {
        const id = (0, stripe_account_1.newId)('cus_');
        const customer = {
            id,
            object: 'customer',
            address: null,
            balance: 0,
            created: (0, stripe_account_1.unixNow)(),
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
    }),
    (0, endpoint_1.endpoint)('GET', '/v1/customers/:id', 'customer', {}, ({ account, id }) => account.deletedCustomers.has(id)
        ? { id, object: 'customer', deleted: true }
        : account.customers.get(id, 'id')),
    (0, endpoint_1.endpoint)('POST', '/v1/customers/:id', 'customer', { ...customerRules, default_source: param_rules_1.text }, (run, params) => {
        const customer = liveCustomer(run);
        if (params.default_source !== undefined &&
            params.default_source !== customer.default_source) {
            throw stripe_error_1.StripeError.missing('source', params.default_source, 'default_source', 400);
        }
        apply(run, customer, params);
        return customer;
    }),
    (0, endpoint_1.endpoint)('DELETE', '/v1/customers/:id', 'customer', {}, (run) => {
        const { id } = liveCustomer(run);
        run.account.deletedCustomers.set(id, true);
        return { id, object: 'customer', deleted: true };
    }),
    (0, endpoint_1.listEndpoint)('/v1/customers', 'customer', (account) => account.customers, ['email'], (customer, account) => !account.deletedCustomers.has(customer.id)),
];
