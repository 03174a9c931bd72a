import { stripe } from './stripe/stripe';
import type { Vendor } from './vendor';

/** The vendors this version knows, by name. */
export const vendors: ReadonlyMap<string, Vendor> = new Map([[stripe.name, stripe]]);
