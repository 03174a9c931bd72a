import type { Transport } from './transport';
/**
 * GraphQL resolvers: queries, mutations and subscriptions, and field resolvers where the application
 * has interceptors run for them. Each resolver of a request has a key of its own, which goes with
 * its resolver and not with the response: what is read after a resolver has settled is plain data,
 * and its neighbours may take long. A subscription's goes with its iterator.
 */
export declare const graphql: Transport;
