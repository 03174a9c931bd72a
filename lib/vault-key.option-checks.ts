import { ValidateBy, ValidateIf } from 'class-validator';
import type { ValidationArguments } from 'class-validator';
import {
  RETENTION_RULE,
  acceptedDoubtsFault,
  auditKeyFault,
  parseRetention,
  parseStore,
  parseTimeout,
} from './broker/broker.options';
import { hasPromClient } from './broker/metrics/prometheus';
import { isLoopback } from './broker/accounts/base-url';
import { isSecret } from './broker/accounts/secrets';
import type { PooledStore } from './broker/ledger/postgres/pg-pool';
import { MODE_RULE, isMode } from './contract/budget-periods';
import { isRecord } from './contract/is-record';

const MAX_LEASE_TTL_SECONDS = 86_400;
const MAX_BROKERS = 16;

/** What is wrong with a value, as the rest of a sentence that begins with its path. */
type Check = (value: unknown, options: Readonly<Record<string, unknown>>) => string | undefined;

/** A class-validator rule that is a {@link Check}, with what right looks like. */
export function Checked(check: Check, example: string): PropertyDecorator {
  const fault = (value: unknown, args?: ValidationArguments): string | undefined =>
    check(value, (args?.object ?? {}) as Record<string, unknown>);
  return ValidateBy(
    {
      name: check.name,
      validator: {
        validate: (value: unknown, args) => fault(value, args) === undefined,
        defaultMessage: (args) => fault(args?.value, args) ?? 'is invalid',
      },
    },
    { context: { example } },
  );
}

export const optional = ValidateIf((_options, value) => value !== undefined);

export function section(value: unknown): string | undefined {
  if (isRecord(value)) return undefined;
  return value === undefined ? 'is missing' : 'must be an object';
}

export function neverWithVendors(value: unknown): string | undefined {
  if (value === false) return undefined;
  return value === true
    ? 'excludes vendors: keep the one that the application is to use'
    : 'must be true or false';
}

export function budgetsMode(value: unknown): string | undefined {
  return isMode(value) ? undefined : MODE_RULE;
}

export function leaseSection(value: unknown): string | undefined {
  return isRecord(value) ? undefined : 'must be true, false or { ttlSeconds }';
}

export function leaseTtl(value: unknown): string | undefined {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_LEASE_TTL_SECONDS
    ? undefined
    : `must be a whole number of seconds from 1 to ${MAX_LEASE_TTL_SECONDS}`;
}

export function metricsSection(value: unknown): string | undefined {
  if (!isRecord(value)) return section(value);
  const others = Object.keys(value).filter((name) => name !== 'registry');
  if (others.length > 0) return `must hold registry alone, and holds ${others.join(', ')}`;
  const { registry } = value;
  if (!isRecord(registry) || typeof registry['registerMetric'] !== 'function') {
    return 'must hold a registry of the package prom-client as registry';
  }
  return hasPromClient()
    ? undefined
    : 'needs the package prom-client, which is not installed: npm install prom-client';
}

export function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

export function callable(value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'must be a function';
}

export function managementToken(value: unknown): string | undefined {
  if (value === undefined || value === '') {
    return 'is missing: set KEYBRAKE_TOKEN in the environment of this process, or pass it';
  }
  return isSecret(value)
    ? undefined
    : 'must be a string of printable ASCII characters without spaces or line breaks';
}

export function auditKey(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string of at least 32 characters';
  return auditKeyFault(value);
}

export function acceptedDoubts(value: unknown): string | undefined {
  return acceptedDoubtsFault(value);
}

export function dialectName(value: unknown): string | undefined {
  return value === 'keybrake' || value === 'vault-key'
    ? undefined
    : 'must be "keybrake" or "vault-key"';
}

export function storeUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' && !isRecord(value)) return 'must be a string, or { pool }';
  const store = parseStore(value as string | PooledStore);
  return 'fault' in store ? store.fault : undefined;
}

export function retention(value: unknown): string | undefined {
  return typeof value === 'string' && parseRetention(value) !== undefined
    ? undefined
    : RETENTION_RULE;
}

export function duration(value: unknown): string | undefined {
  return typeof value === 'string' && parseTimeout(value) !== undefined
    ? undefined
    : 'must be digits and ms, s or m, from 1ms to 10m';
}

/** As {@link serverUrl}, of what has no default. A list is for {@link brokerListFaults}. */
export function brokerUrl(
  value: unknown,
  options: Readonly<Record<string, unknown>>,
): string | undefined {
  if (Array.isArray(value)) return undefined;
  return value === undefined
    ? "is missing: pass it, or set KEYBRAKE_URL in the environment of this process; Keybrake's own is https://api.keybrake.com"
    : serverUrl(value, options);
}

// What was given is never shown: a URL may hold credentials.
export function serverUrl(
  value: unknown,
  { allowPlainHttp }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (typeof value === 'string' && /,\s*https?:/i.test(value)) {
    return "must be an absolute URL; give several brokers as a list: ['https://a.example.com', 'https://b.example.com']";
  }
  if (typeof value !== 'string' || !URL.canParse(value)) return 'must be an absolute URL';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https: URL';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const allowed = hostNames(allowPlainHttp) === undefined ? (allowPlainHttp as string[]) : [];
    if (!allowed.some((host) => hostOf(host) === url.hostname)) {
      return 'must be an https: URL: plain http:, with which the token goes in the clear, is for loopback and for the hosts that allowPlainHttp names';
    }
  }
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.search !== '' || url.hash !== '') return 'must have no query and no fragment';
  return undefined;
}

/** One fault of a list of brokers: of the member at `index`, or of the whole list. */
export interface BrokerListFault {
  index?: number;
  message: string;
}

/** Every fault of a list of brokers on one store. */
export function brokerListFaults(
  urls: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): BrokerListFault[] {
  if (urls.length === 0) return [{ message: 'must name at least one broker' }];
  const faults: BrokerListFault[] = [];
  if (urls.length > MAX_BROKERS) {
    faults.push({ message: `must name at most ${MAX_BROKERS} brokers` });
  }
  const firstAt = new Map<string, number>();
  let path: { index: number; text: string } | undefined;
  for (const [index, value] of urls.entries()) {
    const message = serverUrl(value, options);
    if (message !== undefined) {
      faults.push({ index, message });
      continue;
    }
    const { origin, pathname } = new URL(value as string);
    const text = pathname.replace(/\/+$/, '');
    const same = firstAt.get(`${origin}${text}`);
    if (same !== undefined) faults.push({ index, message: `names the same broker as [${same}]` });
    else firstAt.set(`${origin}${text}`, index);
    path ??= { index, text };
    if (path.text !== text) {
      faults.push({
        index,
        message: `has another path than [${path.index}]: brokers on one store have the same`,
      });
    }
  }
  return faults;
}

export function hostNames(value: unknown): string | undefined {
  const isValid =
    Array.isArray(value) &&
    value.every((host) => typeof host === 'string' && hostOf(host) !== undefined);
  return isValid
    ? undefined
    : 'must be an array of host names or addresses, without scheme, port or wildcard';
}

/** The host as a URL spells it; `undefined` for what is no host alone. */
function hostOf(host: string): string | undefined {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  if (!/^[\w.[\]:-]+$/.test(name) || !URL.canParse(`http://${name}`)) return undefined;
  const url = new URL(`http://${name}`);
  return url.port === '' ? url.hostname : undefined;
}
