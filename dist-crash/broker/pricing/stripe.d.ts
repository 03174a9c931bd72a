import type { Vendor } from './vendor';
/** Stripe's API v1, https://docs.stripe.com/api. */
export declare const stripe: Vendor;
