import type { Endpoint } from './endpoint';
export declare const paymentIntentEndpoints: Endpoint[];
