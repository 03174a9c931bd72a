export { StripeVendor, createStripeVendor } from './stripe-vendor';
export type { StripeVendorOptions } from './stripe-vendor';
export { StripeVendorAccount } from './stripe/vendor-account';
export { AccountActions } from './stripe/account-actions';
export type { CompletedCheckout, MadePayment, PaymentByHand } from './stripe/account-actions';
export type { CheckoutChoices } from './stripe/checkout/complete-checkout';
export type { StripePermission, StripePermissions } from './stripe/permissions';
export { StripeBook } from './stripe/stripe-book';
export type { MoneyMovement, MoneyMovementKind, StripeCall } from './stripe/stripe-book';
export type {
  AnswerFault,
  DeclineFault,
  DelayFault,
  FaultMoment,
  HangFault,
  HeldCalls,
  ResetFault,
  ScriptedCalls,
  StreamFault,
  StripeCallMatch,
  StripeFault,
  TruncateFault,
} from './stripe/stripe-script';
export { stripeMatchers } from './stripe-matchers';
export type {
  AsymmetricMatch,
  ExpectedMoney,
  ExpectedParam,
  ExpectedParams,
  StripeMatchers,
} from './stripe-matchers';
export { TestingBroker } from './testing-broker';
export type { CapTarget } from './testing-broker';
export type { FormParams, FormValue } from './stripe/form-params';
export { VaultKeyTestingModule, vaultKeyTestingOptions } from './vault-key-testing.module';
export type { VaultKeyTestingOptions } from './vault-key-testing.module';
