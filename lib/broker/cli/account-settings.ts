import type { VendorOptions } from '../accounts/account';
import { baseUrlFault } from '../accounts/base-url';
import { isSecret } from '../accounts/secrets';
import type { BrokerConfig } from '../broker.config';
import { BadSetting } from './bad-setting';
import { secretIn } from './secret-settings';

/** The account that is there where neither config nor environment names one. */
const DEFAULT_ACCOUNT = 'stripe';

/**
 * The accounts of the config file, each with what the environment says of it: of `stripe-acme`
 * `STRIPE_ACME_SECRET_KEY`, `STRIPE_ACME_SECRET_KEY_NEXT` and `STRIPE_ACME_BASE_URL`. `stripe` is there where
 * the environment has its secret, too.
 *
 * @throws BadSetting where a secret is missing, not valid or in both places.
 */
export function accountsOf(
  { vendors = {} }: BrokerConfig,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, VendorOptions>> {
  const names = new Set(Object.keys(vendors));
  if (names.size === 0 || secretIn(env, variableOf(DEFAULT_ACCOUNT, 'SECRET_KEY')) !== '') {
    names.add(DEFAULT_ACCOUNT);
  }
  return Object.fromEntries(
    [...names].map((name) => [name, accountOf(name, vendors[name] ?? {}, env)]),
  );
}

function accountOf(name: string, account: VendorOptions, env: NodeJS.ProcessEnv): VendorOptions {
  const secretKey = secretOf(name, 'secretKey', 'SECRET_KEY', account, env);
  const nextSecretKey = secretOf(name, 'nextSecretKey', 'SECRET_KEY_NEXT', account, env);
  if (secretKey === undefined && !hasSecret(account, 'secretKey')) {
    const elsewhere =
      name === DEFAULT_ACCOUNT ? '' : `, or vendors.${name}.secretKeyFile in the config file`;
    throw new BadSetting(
      `${variableOf(name, 'SECRET_KEY')} must be set to the account's secret, such as a restricted key "rk_live_…"${elsewhere}`,
    );
  }
  const variable = variableOf(name, 'BASE_URL');
  const baseUrl = env[variable];
  if (baseUrl !== undefined) {
    if (account.baseUrl !== undefined) throw inBothPlaces(variable, name, 'baseUrl');
    const fault = baseUrlFault(baseUrl);
    if (fault !== undefined) throw new BadSetting(`${variable} ${fault}`);
  }
  return {
    ...account,
    ...(secretKey === undefined ? {} : { secretKey }),
    ...(nextSecretKey === undefined ? {} : { nextSecretKey }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
}

function secretOf(
  name: string,
  option: 'secretKey' | 'nextSecretKey',
  suffix: string,
  account: VendorOptions,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const variable = variableOf(name, suffix);
  const secret = secretIn(env, variable);
  if (secret === '') return undefined;
  if (hasSecret(account, option)) throw inBothPlaces(variable, name, option);
  if (!isSecret(secret))
    throw new BadSetting(
      `${variable} holds a space or another character that a secret cannot have: it must be printable ASCII characters without spaces or line breaks, up to 4,096`,
    );
  return secret;
}

function hasSecret(account: VendorOptions, option: 'secretKey' | 'nextSecretKey'): boolean {
  return account[option] !== undefined || account[`${option}File`] !== undefined;
}

function variableOf(name: string, suffix: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_${suffix}`;
}

function inBothPlaces(variable: string, name: string, option: string): BadSetting {
  return new BadSetting(
    `${variable} is set, and the config file has vendors.${name}.${option} too: keep one of them`,
  );
}
