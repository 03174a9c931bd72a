/** Why an issuer said no. */
export interface Decline {
    readonly code: string;
    readonly declineCode: string;
    readonly message: string;
}
/** One of Stripe's test cards, as `pm_card_…` and `tok_…` name them. */
export interface TestCard {
    readonly brand: string;
    readonly last4: string;
    readonly funding: 'credit' | 'debit' | 'prepaid';
    readonly decline?: Decline;
    /** Wants the cardholder: `requires_action` on session, a decline off session. */
    readonly authentication?: true;
}
/** The decline Stripe would show for a decline code; one it does not list here is a plain `card_declined`. */
export declare function declineOf(declineCode: string): Decline;
/** The card behind `pm_card_visa`, `tok_visa`, `pm_card_visa_chargeDeclined`, … */
export declare function testCard(prefix: 'pm_card_' | 'tok_', reference: string): TestCard | undefined;
