import type { Endpoint, Execution } from './endpoint';
import { StripeError } from './stripe-error';
import type { Charge, Metadata, PaymentIntent, StoredPaymentMethod } from './stripe-objects';
import type { Decline } from './test-cards';
interface ChargeOrder {
    amount: number;
    currency: string;
    method: StoredPaymentMethod;
    capture: boolean;
    customer: string | null;
    metadata: Metadata;
    intent?: PaymentIntent;
    decline?: Decline | undefined;
    description?: string | null;
    applicationFee?: number | null;
    onBehalfOf?: string | null;
    receiptEmail?: string | null;
    shipping?: Record<string, unknown> | null;
    statementDescriptor?: string | null;
    statementDescriptorSuffix?: string | null;
    transferData?: Record<string, unknown> | null;
    transferGroup?: string | null;
}
/** Asks the issuer: a charge comes of it either way, and money moves only where there is no decline. */
export declare function placeCharge(run: Execution, order: ChargeOrder): Charge;
/** Takes part or all of what a charge has authorized. */
export declare function captureCharge(run: Execution, charge: Charge, captured: number, ofIntent?: PaymentIntent): void;
/** The 402 of a decline, without what only a PaymentIntent's has. */
export declare function cardError(charge: Charge, decline: Decline, fields?: Record<string, unknown>): StripeError;
/** What a failed charge says about why. */
export declare function declineOfCharge(charge: Charge): Decline | undefined;
export declare const chargeEndpoints: Endpoint[];
export {};
