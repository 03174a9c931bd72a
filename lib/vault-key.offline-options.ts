import { OFFLINE_SECRET_KEY } from './broker-client/offline-stripe';
import { isRecord } from './contract/is-record';
import type { StartUpIssue } from './vault-key/vault-key-start-up.exception';

/** Whether a Stripe in this process takes the place of the accounts; then it is one of them. */
export function offlineOf(plain: Record<string, unknown>): boolean {
  const { embedded } = plain;
  if (!isRecord(embedded) || embedded['offline'] !== true) return false;
  if (embedded['vendors'] !== undefined) return false;
  const { offline: _, ...rest } = embedded;
  plain['embedded'] = {
    store: 'sqlite::memory:',
    ...rest,
    vendors: { stripe: { secretKey: OFFLINE_SECRET_KEY } },
  };
  return true;
}

/** What is wrong with it. */
export function offlineRules({ NODE_ENV }: NodeJS.ProcessEnv): StartUpIssue[] {
  if (NODE_ENV !== 'production') return [];
  const message =
    'is for trying things out, and NODE_ENV is "production": no call would reach Stripe';
  return [
    {
      where: 'embedded.offline',
      message,
      example: 'embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } }',
    },
  ];
}
