import { free, refused, refusedUnpriced } from './call-row';
import type { CallRows } from './call-row';
import { ADDRESS } from './shared-parameters';

/** Readers of cards in shops. */
export const TERMINAL: CallRows = {
  'POST terminal/configurations': free(
    'terminal/configuration/create',
    `
    bbpos_wisepad3{splashscreen} bbpos_wisepos_e{splashscreen} expand[] name
    reboot_window{end_hour start_hour} stripe_s700{splashscreen} stripe_s710{splashscreen}
    stripe_t600{splashscreen} verifone_m425{splashscreen} verifone_p400{splashscreen}
    verifone_p630{splashscreen} verifone_ux700{splashscreen} verifone_v660p{splashscreen}`,
  ),
  'POST terminal/configurations/*': free(
    'terminal/configuration/update',
    `
    bbpos_wisepad3{splashscreen} bbpos_wisepos_e{splashscreen} expand[] name
    reboot_window{end_hour start_hour} stripe_s700{splashscreen} stripe_s710{splashscreen}
    stripe_t600{splashscreen} verifone_m425{splashscreen} verifone_p400{splashscreen}
    verifone_p630{splashscreen} verifone_ux700{splashscreen} verifone_v660p{splashscreen}`,
  ),
  'DELETE terminal/configurations/*': free('terminal/configuration/delete'),
  'POST terminal/connection_tokens': refused(
    'terminal/connection_tokens/create',
    'it hands out a secret with which a program takes payments past the broker',
  ),
  'POST terminal/locations': free(
    'terminal/locations/create',
    `
    address{${ADDRESS}} address_kana{${ADDRESS} town} address_kanji{${ADDRESS} town}
    display_name display_name_kana display_name_kanji expand[] metadata{*} phone`,
  ),
  'POST terminal/locations/*': free(
    'terminal/locations/update',
    `
    address{${ADDRESS}} address_kana{${ADDRESS} town} address_kanji{${ADDRESS} town}
    display_name display_name_kana display_name_kanji expand[] metadata{*} phone`,
  ),
  'DELETE terminal/locations/*': free('terminal/locations/delete'),
  'POST terminal/onboarding_links': free(
    'terminal/onboarding-link/create',
    `
    expand[] link_options{apple_terms_and_conditions{allow_relinking merchant_display_name}}
    link_type on_behalf_of`,
  ),
  'POST terminal/readers': free(
    'terminal/readers/create',
    'expand[] label location metadata{*} registration_code',
  ),
  'POST terminal/readers/*': free('terminal/readers/update', 'expand[] label metadata{*}'),
  'DELETE terminal/readers/*': free('terminal/readers/delete'),
  'POST terminal/readers/*/cancel_action': free('terminal/readers/cancel_action', 'expand[]'),
  'POST terminal/readers/*/collect_inputs': free(
    'terminal/readers/collect_inputs',
    `
    expand[] inputs[]{custom_text{description skip_button submit_button title} required
    selection{choices[]{id style text}} toggles[]{default_value description title} type}
    metadata{*}`,
  ),
  'POST terminal/readers/*/collect_payment_method': refusedUnpriced(
    'terminal/readers/collect_payment_method',
    'it takes a card for a payment, to which the customer may add a tip',
  ),
  'POST terminal/readers/*/confirm_payment_intent': refusedUnpriced(
    'terminal/readers/confirm_payment_intent',
    'it lets a reader charge a card, and only the payment says how much',
  ),
  'POST terminal/readers/*/process_payment_intent': refusedUnpriced(
    'terminal/readers/process_payment_intent',
    'it lets a reader charge a card for a payment, to which the customer may add a tip',
  ),
  'POST terminal/readers/*/process_setup_intent': free(
    'terminal/readers/process_setup_intent',
    `
    allow_redisplay expand[] process_config{enable_customer_cancellation} setup_intent`,
  ),
  'POST terminal/readers/*/refund_payment': refusedUnpriced(
    'terminal/readers/refund_payment',
    'it gives money back by a reader, all of the payment where no amount is named',
  ),
  'POST terminal/readers/*/set_reader_display': free(
    'terminal/readers/set_reader_display',
    `
    cart{currency line_items[]{amount description quantity} tax total} expand[] type`,
  ),
};
