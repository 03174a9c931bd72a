import { readFileSync } from 'node:fs';
import { BrokerOptionsError, configFaults } from './broker.options';
import type { BrokerLimitOptions, OptionIssue } from './broker.options';
import { isRecord } from '../contract/is-record';
import type { VendorOptions } from './accounts/account';
import type { OperatorOptions } from './operators/operator.options';
import { unknownKeys } from './option-faults';
import type { WebhookOptions } from './webhooks/webhook.options';

const MAX_CONFIG_BYTES = 1_048_576;

/**
 * What a config file says. Secrets are better in files of their own, or in the environment.
 *
 * @example
 * ```json
 * {
 *   "vendors": {
 *     "stripe": {
 *       "rates": { "eur": 1.09 },
 *       "prices": [{ "call": "POST /v1/checkout/sessions", "usd": 20 }],
 *       "free": ["DELETE /v1/customers/*"],
 *       "accounts": ["acct_1A2B"]
 *     },
 *     "stripe-acme": { "kind": "stripe", "secretKeyFile": "/run/secrets/stripe-acme" }
 *   },
 *   "limits": { "callsPerKey": 64 },
 *   "operators": [{ "name": "ann", "role": "admin", "tokenHashes": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"] }]
 * }
 * ```
 */
export interface BrokerConfig {
  /** The accounts by their names; a secret that is missing here is in the environment. */
  vendors?: Readonly<Record<string, VendorOptions>>;
  limits?: BrokerLimitOptions;
  /** Who may ask the management API for changes, beside the application. */
  operators?: readonly OperatorOptions[];
  /** Which parts of a budget's cap are told, in percent. */
  thresholds?: readonly number[];
  /** Where events are sent to, by names. */
  webhooks?: Readonly<Record<string, WebhookOptions>>;
}

/**
 * Reads a config file.
 *
 * @throws BrokerOptionsError with every fault, each with its path in the file.
 * @throws Error where the file cannot be read.
 */
export function readConfigFile(file: string): BrokerConfig {
  const bytes = readFileSync(file);
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new BrokerOptionsError([
      { path: '', message: `is larger than ${MAX_CONFIG_BYTES} bytes` },
    ]);
  }
  return parseConfig(bytes.toString('utf8'));
}

/** @throws BrokerOptionsError with every fault of the text as a config file. */
export function parseConfig(text: string): BrokerConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    // Node's own words quote the text, with what secrets are in it.
    const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec((error as Error).message);
    throw new BrokerOptionsError([
      { path: '', message: `is not JSON${place === null ? '' : `: it breaks off ${place[0]}`}` },
    ]);
  }
  const faults = faultsOf(config);
  const twice = nameGivenTwice(text);
  if (twice !== undefined) {
    faults.push({ path: twice.slice(0, 64), message: 'is given twice in one object' });
  }
  if (faults.length > 0) throw new BrokerOptionsError(faults);
  return config as BrokerConfig;
}

function faultsOf(config: unknown): OptionIssue[] {
  if (!isRecord(config)) return [{ path: '', message: 'must hold one JSON object' }];
  const faults: OptionIssue[] = [];
  const fault = (path: string, message: string): void => {
    faults.push({ path, message });
  };
  const known = ['vendors', 'limits', 'operators', 'thresholds', 'webhooks'];
  unknownKeys(config, known, '', fault);
  configFaults(config, fault);
  return faults;
}

/** A name that is given twice in one object: `JSON.parse` would silently take the last. */
function nameGivenTwice(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token] of json.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(?:\s*:)?/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const name = JSON.parse(token.slice(0, -1)) as string;
      if (open.at(-1)?.has(name) === true) return name;
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}
