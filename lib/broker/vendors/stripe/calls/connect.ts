import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

const PERSON = `
  additional_tos_acceptances{account{date ip user_agent}} address{${ADDRESS}}
  address_kana{${ADDRESS} town} address_kanji{${ADDRESS} town} dob{day month year}
  documents{company_authorization{files[]} passport{files[]} visa{files[]}} email expand[]
  first_name first_name_kana first_name_kanji full_name_aliases[] gender id_number
  id_number_secondary last_name last_name_kana last_name_kanji maiden_name metadata{*}
  nationality person_token phone political_exposure registered_address{${ADDRESS}}
  relationship{authorizer director executive legal_guardian owner percent_ownership
  representative title} ssn_last_4 us_cfpb_data{ethnicity_details{ethnicity[] ethnicity_other}
  race_details{race[] race_other} self_identified_gender}
  verification{additional_document{back front} document{back front}}`;

/** Connected accounts, and what other programs may do in the account. */
export const CONNECT: CallRows = {
  'POST accounts': refused('accounts/create', 'it opens an account that money can be sent to'),
  'POST accounts/*': refused(
    'accounts/update',
    'it may change where an account’s payouts go, and what the account may do',
  ),
  'DELETE accounts/*': refused('accounts/delete', 'it closes an account for good'),
  'POST accounts/*/reject': refused(
    'account/reject',
    'it stops an account from taking payments and payouts',
  ),
  'POST accounts/*/unreject': refused(
    'accounts/unreject',
    'it lets an account that was rejected take payments and payouts again',
  ),
  'POST accounts/*/capabilities/*': refused(
    'capabilities/update',
    'it decides which payments and transfers an account may take',
  ),
  'POST accounts/*/external_accounts': refused(
    'external_account_bank_accounts/create',
    'it decides which bank account or card an account’s payouts go to',
  ),
  'POST accounts/*/external_accounts/*': refused(
    'external_account_bank_accounts/update',
    'it may decide which bank account or card an account’s payouts go to',
  ),
  'DELETE accounts/*/external_accounts/*': refused(
    'external_account_bank_accounts/delete',
    'it may decide which bank account or card an account’s payouts go to',
  ),
  'POST accounts/*/login_links': refused(
    'accounts/login_link/create',
    'it hands out a link with which anyone acts in the account past the broker',
  ),
  'POST accounts/*/persons': free('persons/create', PERSON),
  'POST accounts/*/persons/*': free('persons/update', PERSON),
  'DELETE accounts/*/persons/*': free('persons/delete'),
  'POST account_links': refused(
    'account_links/create',
    'it hands out a link with which anyone changes the account’s bank details past the broker',
  ),
  'POST account_sessions': refused(
    'account_sessions/create',
    'it hands out a secret with which a web page moves the account’s money past the broker',
  ),
  'POST balance_settings': refused(
    'balance-settings/update',
    'it decides when and where the balance is paid out',
  ),
  'POST application_fees/*/refunds': refusedUnpriced(
    'fee_refunds/create',
    'it gives a fee back to a connected account, all that is left of it where no amount is named',
  ),
  'POST application_fees/*/refunds/*': free('fee_refunds/update', 'expand[] metadata{*}'),
  'POST apps/installs': refused(
    'apps/install/create',
    'it lets another program act in the account past the broker',
  ),
  'POST apps/installs/*': refused(
    'apps/install/update',
    'it grants another program more rights in the account',
  ),
  'POST apps/installs/*/uninstall': free('apps/install/uninstall', 'expand[]'),
  'POST apps/secrets': free(
    'apps/secret_store/set',
    'expand[] expires_at name payload scope{type user}',
  ),
  'POST apps/secrets/delete': free('apps/secret_store/delete', 'expand[] name scope{type user}'),
};
