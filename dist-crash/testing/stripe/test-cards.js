"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.declineOf = declineOf;
exports.testCard = testCard;
const DECLINE_MESSAGES = {
    generic_decline: ['card_declined', 'Your card was declined.'],
    insufficient_funds: ['card_declined', 'Your card has insufficient funds.'],
    lost_card: ['card_declined', 'Your card was declined.'],
    stolen_card: ['card_declined', 'Your card was declined.'],
    fraudulent: ['card_declined', 'Your card was declined.'],
    card_velocity_exceeded: [
        'card_declined',
        'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    ],
    expired_card: ['expired_card', 'Your card has expired.'],
    incorrect_cvc: ['incorrect_cvc', "Your card's security code is incorrect."],
    processing_error: [
        'processing_error',
        'An error occurred while processing your card. Try again in a little bit.',
    ],
    authentication_required: [
        'authentication_required',
        'Your card was declined. This transaction requires authentication.',
    ],
};
/** The decline Stripe would show for a decline code; one it does not list here is a plain `card_declined`. */
function declineOf(declineCode) {
    const [code, message] = DECLINE_MESSAGES[declineCode] ?? [
        'card_declined',
        'Your card was declined.',
    ];
    return { code, declineCode, message };
}
function card(brand, last4, funding = 'credit') {
    return { brand, last4, funding };
}
function declined(declineCode, last4) {
    return { ...card('visa', last4), decline: declineOf(declineCode) };
}
const CARDS = new Map([
    ['visa', card('visa', '4242')],
    ['visa_debit', card('visa', '5556', 'debit')],
    ['mastercard', card('mastercard', '4444')],
    ['mastercard_debit', card('mastercard', '8210', 'debit')],
    ['mastercard_prepaid', card('mastercard', '5100', 'prepaid')],
    ['amex', card('amex', '0005')],
    ['discover', card('discover', '1117')],
    ['diners', card('diners', '0004')],
    ['jcb', card('jcb', '0505')],
    ['unionpay', card('unionpay', '0005')],
    ['authenticationRequired', { ...card('visa', '3184'), authentication: true }],
    ['chargeDeclined', declined('generic_decline', '0002')],
    ['chargeDeclinedInsufficientFunds', declined('insufficient_funds', '9995')],
    ['chargeDeclinedLostCard', declined('lost_card', '9987')],
    ['chargeDeclinedStolenCard', declined('stolen_card', '9979')],
    ['chargeDeclinedFraudulent', declined('fraudulent', '0019')],
    ['chargeDeclinedVelocityLimitExceeded', declined('card_velocity_exceeded', '6975')],
    ['chargeDeclinedExpiredCard', declined('expired_card', '0069')],
    ['chargeDeclinedIncorrectCvc', declined('incorrect_cvc', '0127')],
    ['chargeDeclinedProcessingError', declined('processing_error', '0119')],
]);
/** The card behind `pm_card_visa`, `tok_visa`, `pm_card_visa_chargeDeclined`, … */
function testCard(prefix, reference) {
    if (!reference.startsWith(prefix))
        return undefined;
    const name = reference.slice(prefix.length);
    return CARDS.get(name) ?? CARDS.get(name.replace(/^visa_(?=charge)/, ''));
}
