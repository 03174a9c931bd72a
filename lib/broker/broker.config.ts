import { readFileSync } from 'node:fs';
import { BrokerOptionsError, brokerRuleFaults } from './broker.options';
import type { BrokerLimitOptions, OptionIssue } from './broker.options';
import { isRecord } from '../contract/is-record';
import { VENDOR_RULES, unknownKeys } from './vendor.options';
import type { VendorRules } from './vendor.options';

const MAX_CONFIG_BYTES = 1_048_576;

/**
 * What a config file says. It holds no secret: those are in the environment.
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
 *     }
 *   },
 *   "limits": { "callsPerKey": 64 }
 * }
 * ```
 */
export interface BrokerConfig {
  /** What the operator adds to each vendor, by its name. */
  vendors?: Readonly<Record<string, VendorRules>>;
  limits?: BrokerLimitOptions;
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
    throw new BrokerOptionsError([
      { path: '', message: `is no JSON: ${(error as Error).message.replace(/\s+/g, ' ')}` },
    ]);
  }
  const faults = configFaults(config);
  const twice = nameGivenTwice(text);
  if (twice !== undefined) {
    faults.push({ path: twice.slice(0, 64), message: 'is given twice in one object' });
  }
  if (faults.length > 0) throw new BrokerOptionsError(faults);
  return config as BrokerConfig;
}

function configFaults(config: unknown): OptionIssue[] {
  const faults: OptionIssue[] = [];
  const fault = (path: string, message: string): void => {
    faults.push({ path, message });
  };
  if (!isRecord(config)) return [{ path: '', message: 'must hold one JSON object' }];
  unknownKeys(config, ['vendors', 'limits'], '', fault);
  const { vendors } = config;
  if (vendors !== undefined && !isRecord(vendors)) {
    fault('vendors', 'must be an object of vendors by name');
  }
  for (const [name, rules] of Object.entries(isRecord(vendors) ? vendors : {})) {
    if (isRecord(rules)) unknownKeys(rules, VENDOR_RULES, `vendors.${name}`, fault);
  }
  brokerRuleFaults(config, fault);
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
