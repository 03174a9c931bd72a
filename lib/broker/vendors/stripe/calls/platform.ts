import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';

/** Files, events, keys of the account, and what stands alone. */
export const PLATFORM: CallRows = {
  'POST climate/orders': refusedUnpriced(
    'climate/order/create',
    'it pays for carbon removal at once, by tons where no amount is named',
  ),
  'POST climate/orders/*': free(
    'climate/order/update',
    'beneficiary{public_name} expand[] metadata{*}',
  ),
  'POST climate/orders/*/cancel': free('climate/order/cancel', 'expand[]'),
  'POST ephemeral_keys': refused(
    'ephemeral_keys/create',
    'it hands out a key with which a program acts for a customer or a card past the broker',
  ),
  'DELETE ephemeral_keys/*': free('ephemeral_keys/delete', 'expand[]'),
  'POST file_links': free('file_links/create', 'expand[] expires_at file metadata{*}'),
  'POST file_links/*': free('file_links/update', 'expand[] expires_at metadata{*}'),
  'POST files': {
    page: 'files/create',
    rule: 'refused',
    reason: 'files go to another host of Stripe’s, which the broker does not forward to',
  },
  'POST forwarding/requests': refused(
    'forwarding/forwarding_requests/create',
    'it sends a card’s number to another company, which may charge it',
  ),
  'POST reporting/report_runs': free(
    'reporting/report_run/create',
    `
    expand[] parameters{columns[] connected_account currency interval_end interval_start
    payout reporting_category timezone} report_type`,
  ),
  'POST webhook_endpoints': refused(
    'webhook_endpoints/create',
    'it sends what happens in the account to another address, secrets that confirm payments among it',
  ),
  'POST webhook_endpoints/*': refused(
    'webhook_endpoints/update',
    'it may send what happens in the account to another address, secrets that confirm payments among it',
  ),
  'DELETE webhook_endpoints/*': free('webhook_endpoints/delete'),
};
