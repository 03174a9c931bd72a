import { endpoint, listEndpoint } from '../endpoint';
import type { Endpoint } from '../endpoint';
import { mergeMetadata } from '../metadata';
import { count, mapOf, object, percentage, timestamp } from '../nested-params';
import { amount, currency, flag, metadata, oneOf, required, text, texts } from '../param-rules';
import { newId } from '../new-id';
import { StripeError } from '../stripe-error';
import type { Coupon, PromotionCode } from './catalogue-objects';

const amountsOff = mapOf(object({ amount_off: required(amount) }));

export const couponEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/coupons',
    'coupon',
    {
      amount_off: amount,
      applies_to: object({ products: texts }),
      currency,
      currency_options: amountsOff,
      duration: oneOf('forever', 'once', 'repeating'),
      duration_in_months: count,
      id: text,
      max_redemptions: count,
      metadata,
      name: text,
      percent_off: percentage,
      redeem_by: timestamp,
    },
    ({ account }, params) => {
      if ((params.amount_off === undefined) === (params.percent_off === undefined)) {
        throw StripeError.invalid('You must pass exactly one of `percent_off` and `amount_off`.', {
          param: 'percent_off',
        });
      }
      if (params.amount_off !== undefined && params.currency === undefined) {
        throw StripeError.invalid('You must pass `currency` when passing `amount_off`.', {
          param: 'currency',
        });
      }
      if (params.percent_off !== undefined && Number(params.percent_off) === 0) {
        throw StripeError.invalid('`percent_off` must be greater than 0.', {
          param: 'percent_off',
        });
      }
      const duration = params.duration ?? 'once';
      if ((duration === 'repeating') !== (params.duration_in_months !== undefined)) {
        throw StripeError.invalid(
          'You must pass `duration_in_months` when `duration` is `repeating`, and only then.',
          { param: 'duration_in_months' },
        );
      }
      const id = params.id ?? newId('').slice(0, 8);
      if (account.catalogue.coupons.find(id) !== undefined) {
        throw StripeError.invalid('Coupon already exists.', { code: 'resource_already_exists' });
      }
      return account.catalogue.coupons.add({
        id,
        object: 'coupon',
        amount_off: params.amount_off ?? null,
        applies_to:
          params.applies_to?.products === undefined
            ? undefined
            : { products: params.applies_to.products },
        created: account.now(),
        currency: params.amount_off === undefined ? null : params.currency!,
        currency_options:
          params.amount_off === undefined
            ? undefined
            : {
                ...params.currency_options,
                [params.currency!]: { amount_off: params.amount_off },
              },
        duration,
        duration_in_months: params.duration_in_months ?? null,
        livemode: false,
        max_redemptions: params.max_redemptions ?? null,
        metadata: mergeMetadata({}, params.metadata),
        name: params.name ?? null,
        percent_off: params.percent_off === undefined ? null : Number(params.percent_off),
        redeem_by: params.redeem_by ?? null,
        times_redeemed: 0,
        valid: true,
      });
    },
  ),

  endpoint('GET', '/v1/coupons/:id', 'coupon', {}, ({ account, id }) =>
    account.catalogue.coupons.get(id, 'coupon'),
  ),

  endpoint(
    'POST',
    '/v1/coupons/:id',
    'coupon',
    { currency_options: amountsOff, metadata, name: text },
    ({ account, id }, params) => {
      const coupon = account.catalogue.coupons.get(id, 'coupon');
      if (params.currency_options !== undefined && coupon.currency_options !== undefined) {
        Object.assign(coupon.currency_options, params.currency_options);
      }
      coupon.metadata = mergeMetadata(coupon.metadata, params.metadata);
      if (params.name !== undefined) coupon.name = params.name;
      return coupon;
    },
  ),

  endpoint('DELETE', '/v1/coupons/:id', 'coupon', {}, ({ account, id }) => {
    // Who has it keeps it: deleting a coupon only stops new redemptions.
    account.catalogue.coupons.get(id, 'coupon').valid = false;
    return { id, object: 'coupon', deleted: true };
  }),

  listEndpoint<Coupon>(
    '/v1/coupons',
    'coupon',
    (account) => account.catalogue.coupons,
    [],
    (coupon) => coupon.valid,
  ),
];

export const promotionCodeEndpoints: Endpoint[] = [
  endpoint(
    'POST',
    '/v1/promotion_codes',
    'promotion_code',
    {
      active: flag,
      code: text,
      customer: text,
      customer_account: text,
      expires_at: timestamp,
      max_redemptions: count,
      metadata,
      promotion: required(object({ coupon: required(text), type: required(oneOf('coupon')) })),
      restrictions: object({
        currency_options: mapOf(object({ minimum_amount: amount })),
        first_time_transaction: flag,
        minimum_amount: amount,
        minimum_amount_currency: currency,
      }),
    },
    ({ account }, params) => {
      const coupon = account.catalogue.coupons.get(
        params.promotion.coupon,
        'promotion[coupon]',
        400,
      );
      return account.catalogue.promotionCodes.add({
        id: newId('promo_'),
        object: 'promotion_code',
        active: params.active ?? true,
        code: params.code ?? newId('').slice(0, 8).toUpperCase(),
        created: account.now(),
        customer: params.customer === undefined ? null : account.customer(params.customer).id,
        expires_at: params.expires_at ?? null,
        livemode: false,
        max_redemptions: params.max_redemptions ?? null,
        metadata: mergeMetadata({}, params.metadata),
        promotion: { coupon: coupon.id, type: 'coupon' },
        restrictions: {
          first_time_transaction: params.restrictions?.first_time_transaction ?? false,
          minimum_amount: params.restrictions?.minimum_amount ?? null,
          minimum_amount_currency: params.restrictions?.minimum_amount_currency ?? null,
        },
        times_redeemed: 0,
      });
    },
  ),

  endpoint('GET', '/v1/promotion_codes/:id', 'promotion_code', {}, ({ account, id }) =>
    account.catalogue.promotionCodes.get(id, 'id'),
  ),

  endpoint(
    'POST',
    '/v1/promotion_codes/:id',
    'promotion_code',
    { active: flag, metadata },
    ({ account, id }, params) => {
      const code = account.catalogue.promotionCodes.get(id, 'id');
      if (params.active !== undefined) code.active = params.active;
      code.metadata = mergeMetadata(code.metadata, params.metadata);
      return code;
    },
  ),

  listEndpoint<PromotionCode>(
    '/v1/promotion_codes',
    'promotion_code',
    (account) => account.catalogue.promotionCodes,
    ['active', 'code', 'customer'],
  ),
];
