import type { FormValue } from './form-params';
import { flag, missingParam, oneOf } from './param-rules';
import type { ParamRule } from './param-rules';
import { StripeError } from './stripe-error';
import type { AutomaticPaymentMethods, PaymentIntent } from './stripe-objects';

const redirects = oneOf('always', 'never');

/** `automatic_payment_methods[enabled]` and `[allow_redirects]`: what the Dashboard enables, or not. */
export const automaticPaymentMethods: ParamRule<AutomaticPaymentMethods, false> = {
  required: false,
  read: (value, name) => {
    if (typeof value === 'string' || Array.isArray(value)) {
      throw StripeError.invalid('Invalid object', { param: name });
    }
    const { enabled, allow_redirects, ...others } = value;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw unknownParam(`${name}[${unknown}]`);
    const given = read(flag, enabled, `${name}[enabled]`);
    if (given === undefined) throw missingParam(`${name}[enabled]`);
    if (!given) return { enabled: false };
    return {
      allow_redirects: read(redirects, allow_redirects, `${name}[allow_redirects]`) ?? 'always',
      enabled: true,
    };
  },
};

/** `return_url`: a URL, or the scheme of a mobile application. */
export const returnUrl: ParamRule<string, false> = {
  required: false,
  read: (value, name) => {
    if (typeof value === 'string' && URL.canParse(value)) return value;
    throw StripeError.invalid('Not a valid URL', { code: 'url_invalid', param: name });
  },
};

/** Since then a PaymentIntent takes what the Dashboard enables, unless told otherwise. */
const AUTOMATIC_SINCE = '2023-08-16';
/** Since then the types of payment methods are not named one by one. */
const NO_TYPES_SINCE = '2026-09-30';

const BY_DEFAULT: AutomaticPaymentMethods = { allow_redirects: 'always', enabled: true };
const OF_A_CONFIRMATION = ['error_on_requires_action', 'off_session', 'return_url'] as const;

interface Types {
  allowed_payment_method_types?: readonly string[] | undefined;
  payment_method_types?: readonly string[] | undefined;
}

interface Creation extends Types {
  automatic_payment_methods?: AutomaticPaymentMethods | undefined;
  confirm?: boolean | undefined;
  confirmation_method?: string | undefined;
  error_on_requires_action?: boolean | undefined;
  off_session?: string | undefined;
  return_url?: string | undefined;
}

/**
 * What a new PaymentIntent takes; `null` where its types are named.
 *
 * @param apiVersion `2026-10-28.endive`
 * @throws {StripeError} where parameters exclude each other
 */
export function automaticMethodsOf(
  params: Creation,
  apiVersion: string,
): AutomaticPaymentMethods | null {
  const { automatic_payment_methods: automatic } = params;
  if (automatic?.enabled === true) {
    assertAlone('automatic_payment_methods', params, [
      'payment_method_types',
      'allowed_payment_method_types',
      'confirmation_method',
    ]);
  }
  const types = typesOf(params, apiVersion);
  if (params.confirm !== true) {
    const early = OF_A_CONFIRMATION.find((name) => params[name] !== undefined);
    if (early !== undefined) {
      throw StripeError.invalid(
        `The parameter \`${early}\` cannot be passed when creating a PaymentIntent unless \`confirm\` is set to true.`,
        { param: early },
      );
    }
  }
  if (types !== undefined) return null;
  return automatic ?? (apiVersion >= AUTOMATIC_SINCE ? BY_DEFAULT : null);
}

/**
 * The types of payment methods that parameters name, if they do.
 *
 * @throws {StripeError} where the API's version takes none, or they are named twice
 */
export function typesOf(params: Types, apiVersion: string): readonly string[] | undefined {
  if (params.payment_method_types !== undefined && apiVersion >= NO_TYPES_SINCE) {
    throw StripeError.invalid(
      'The parameter `payment_method_types` is no longer supported in this API version: use `automatic_payment_methods`, ' +
        '`allowed_payment_method_types` or `excluded_payment_method_types`.',
      { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' },
    );
  }
  if (params.allowed_payment_method_types !== undefined) {
    assertAlone('allowed_payment_method_types', params, ['payment_method_types']);
  }
  return params.payment_method_types ?? params.allowed_payment_method_types;
}

function assertAlone<Name extends string>(
  name: string,
  params: { [other in Name]?: unknown },
  others: readonly Name[],
): void {
  const other = others.find((each) => params[each] !== undefined);
  if (other === undefined) return;
  throw StripeError.invalid(`You may only specify one of these parameters: ${name}, ${other}.`, {
    param: name,
  });
}

/**
 * @param intent what the error shows of the PaymentIntent
 * @throws {StripeError} where a confirmation might redirect the customer and no return URL is given
 */
export function assertReturnUrl(
  automatic: AutomaticPaymentMethods | null,
  params: { return_url?: string | undefined; use_stripe_sdk?: boolean | undefined },
  intent?: PaymentIntent,
): void {
  const mayRedirect = automatic?.enabled === true && automatic.allow_redirects === 'always';
  if (!mayRedirect || params.return_url !== undefined || params.use_stripe_sdk === true) return;
  throw StripeError.invalid(
    'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. ' +
      'Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. ' +
      "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and " +
      '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
    intent === undefined ? {} : { payment_intent: intent },
  );
}

function read<T>(rule: ParamRule<T>, value: FormValue | undefined, name: string): T | undefined {
  return value === undefined ? undefined : rule.read(value, name);
}

function unknownParam(name: string): StripeError {
  return StripeError.invalid(`Received unknown parameter: ${name}`, {
    code: 'parameter_unknown',
    param: name,
  });
}
