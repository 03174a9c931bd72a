import { isCurrency } from '../../pricing/currency';
import { BrokerRefusal } from '../../refusal';
import type { Vendor } from '../vendor';
import { STRIPE_CALLS, STRIPE_VERSION } from './calls/index';
import { checkExpansion } from './expansion';
import { findObject, pathOfObject } from './found-object';
import { outcomeOf } from './outcome';
import { paymentSecrets } from './payment-secrets';
import { priceByObjects, priceOfCall } from './price';
import { readPermission } from './read-permission';
import { destinationsOf, reachOf } from './reach';
import { pathOfId, shownObject } from './shown-object';

/** Versions up to this one are not accepted. */
const OLDEST_VERSION = '2022-11-15';

/** Stripe's API v1, https://docs.stripe.com/api. */
export const stripe: Vendor = {
  name: 'stripe',
  defaultBaseUrl: 'https://api.stripe.com',
  pathPrefix: '/v1/',
  pricedCalls: Object.entries(STRIPE_CALLS)
    // What stands in objects of Stripe's an operator may price otherwise.
    .filter(([, { rule }]) => rule !== 'refused' && rule !== 'objects')
    .map(([call]) => call),
  secrets: paymentSecrets,
  objects: { pathOf: pathOfObject, find: findObject, pathOfId, shown: shownObject },
  isCurrency,

  isTestSecret(secret) {
    return /^(?:sk|rk)_test_/.test(secret);
  },

  authorization(secret) {
    return `Bearer ${secret}`;
  },

  apiVersion(given) {
    if (given.length === 0) return STRIPE_VERSION;
    const [version = ''] = given;
    const [, date = '', name] = /^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?$/.exec(version) ?? [];
    const isRelease = date > OLDEST_VERSION && name !== 'preview' && name !== 'beta';
    if (given.length === 1 && isRelease) return version;
    throw new BrokerRefusal(
      'version_not_supported',
      `Stripe-Version must be given once, as a release later than ${OLDEST_VERSION}, such as ${STRIPE_VERSION}: in older ones other parameters move money. Without the header the broker sends ${STRIPE_VERSION}.`,
    );
  },

  canonical(parameters) {
    return parameters.map((parameter) => {
      const { path, value } = parameter;
      if (path.length > 1 || path[0] !== 'currency' || !/^[A-Za-z]{3}$/.test(value)) {
        return parameter;
      }
      return { path, value: value.toLowerCase() };
    });
  },

  checkExpansion,

  price: priceOfCall,

  priceByObjects,

  destinationsOf,

  reachOf,

  readPermission,

  outcome: outcomeOf,
};
