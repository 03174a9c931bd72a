import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

/** Disputes, reviews, and checks of payments and persons. */
export const RISK: CallRows = {
  'POST disputes/*': refusedUnpriced(
    'disputes/update',
    'it submits the evidence unless it says otherwise, for which Stripe charges a fee',
  ),
  'POST disputes/*/close': refused('disputes/close', 'it gives up the disputed money for good'),
  'POST reviews/*/approve': free('radar/reviews/approve', 'expand[]'),
  'POST radar/payment_evaluations': refusedUnpriced(
    'radar/payment-evaluation/create',
    'Stripe charges a fee for each evaluation',
  ),
  'POST radar/value_list_items': free('radar/value_list_items/create', 'expand[] value value_list'),
  'DELETE radar/value_list_items/*': free('radar/value_list_items/delete'),
  'POST radar/value_lists': free(
    'radar/value_lists/create',
    'alias expand[] item_type metadata{*} name',
  ),
  'POST radar/value_lists/*': free('radar/value_lists/update', 'alias expand[] metadata{*} name'),
  'DELETE radar/value_lists/*': free('radar/value_lists/delete'),
  'POST three_d_secure/authentications': refusedUnpriced(
    'three_d_secure/authentications/create',
    'Stripe may charge a fee for each authentication outside a payment',
  ),
  'POST three_d_secure/authentications/*/submit': refusedUnpriced(
    'three_d_secure/authentications/submit',
    'Stripe may charge a fee for each authentication outside a payment',
  ),
  'POST three_d_secure/authentications/*/cancel': free(
    'three_d_secure/authentications/cancel',
    'expand[] metadata{*}',
  ),
  'POST identity/verification_sessions': refusedUnpriced(
    'identity/verification_sessions/create',
    'Stripe charges a fee for each person that is verified',
  ),
  'POST identity/verification_sessions/*': free(
    'identity/verification_sessions/update',
    'expand[] metadata{*} provided_details{email phone}',
  ),
  'POST identity/verification_sessions/*/cancel': free(
    'identity/verification_sessions/cancel',
    'expand[]',
  ),
  'POST identity/verification_sessions/*/redact': free(
    'identity/verification_sessions/redact',
    'expand[]',
  ),
  'POST financial_connections/accounts/*/disconnect': free(
    'financial_connections/accounts/disconnect',
    'expand[]',
  ),
  'POST financial_connections/accounts/*/refresh': refusedUnpriced(
    'financial_connections/accounts/refresh',
    'Stripe charges a fee for each refresh of a bank account’s data',
  ),
  'POST financial_connections/accounts/*/subscribe': refusedUnpriced(
    'financial_connections/accounts/subscribe',
    'Stripe charges a fee for each refresh of a bank account’s data, day after day',
  ),
  'POST financial_connections/accounts/*/unsubscribe': free(
    'financial_connections/accounts/unsubscribe',
    'expand[] features[]',
  ),
  'POST financial_connections/sessions': refused(
    'financial_connections/sessions/create',
    'it hands out a secret with which a bank account is linked past the broker',
  ),
};
