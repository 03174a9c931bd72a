import { BadSetting } from '../../lib/broker/cli/bad-setting';
import { readSettings } from '../../lib/broker/cli/settings';
import { MANAGEMENT_TOKEN } from './broker-process';
import type { BrokerProcessOptions } from './broker-process';

/**
 * The line with which the command refuses settings that it cannot read: it ends with that, and with exit code 2.
 *
 * @throws Error where it takes them.
 */
export function refusedSettings({
  args = [],
  env = {},
  store = 'sqlite::memory:',
}: Pick<BrokerProcessOptions, 'args' | 'env' | 'store'>): string {
  const given = {
    KEYBRAKE_TOKEN: MANAGEMENT_TOKEN,
    STRIPE_SECRET_KEY: 'sk_test_none',
    VAULT_KEY_STORE: store,
  };
  try {
    readSettings([...args], { ...given, ...env });
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
  throw new Error('they were taken');
}
