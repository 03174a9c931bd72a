import { isRecord } from '../../contract/is-record';
import type { OpenUnion } from '../../contract/open-union';
import { vendorNameFault } from '../../contract/vendor-name';
import type { Vendor } from '../vendors/vendor';
import { vendors as kinds } from '../vendors/vendors';
import { settingPath, unknownKeys } from '../option-faults';
import type { FaultSink } from '../option-faults';
import { VENDOR_RULES, vendorRuleFaults, vendorSettings } from '../vendor.options';
import type { VendorRules, VendorSettings } from '../vendor.options';
import { baseUrlFault } from './base-url';
import { SECRET_OPTIONS, readSecrets } from './secrets';
import type { SecretOptions, Secrets } from './secrets';

/**
 * One account at a vendor, as the broker is to use it: an entry of `vendors`, under the name by which
 * keys, budgets, brakes and the audit log know it. Any number of accounts may be of one kind.
 *
 * @example
 * { stripe: { secretKey: 'rk_live_…' }, 'stripe-acme': { kind: 'stripe', secretKeyFile: '/run/secrets/acme' } }
 */
export interface VendorOptions extends VendorRules, SecretOptions {
  /**
   * What the account is at: `stripe`.
   *
   * @default the entry's own name, where that is a kind
   */
  kind?: OpenUnion<'stripe'> | undefined;
  /** @default the vendor's own API, `https://api.stripe.com` */
  baseUrl?: string | undefined;
}

/** What {@link VendorOptions} come to. */
export interface Account {
  vendor: Vendor;
  secrets: Secrets;
  baseUrl: URL;
  settings: VendorSettings;
}

const SETTINGS = ['kind', ...SECRET_OPTIONS, 'baseUrl', ...VENDOR_RULES];

/** Finds everything wrong with the accounts, but for their secrets, which may be elsewhere. */
export function accountFaults(accounts: unknown, fault: FaultSink): void {
  for (const [name, account] of entriesOf(accounts, fault)) kindOf(name, account, fault);
}

/**
 * The accounts by their names, with what their secrets' files hold. Finds everything wrong with them.
 *
 * @returns Those without a fault.
 */
export function readAccounts(accounts: unknown, fault: FaultSink): ReadonlyMap<string, Account> {
  const read = new Map<string, Account>();
  const entries = entriesOf(accounts, fault);
  if (isRecord(accounts) && entries.length === 0) {
    fault('vendors', 'must have at least one account, such as "stripe"');
  }
  for (const [name, account] of entries) {
    let isFaulty = false;
    const sink: FaultSink = (path, message) => {
      isFaulty = true;
      fault(path, message);
    };
    const vendor = kindOf(name, account, sink);
    if (!isRecord(account)) continue;
    const secrets = readSecrets(account, `vendors.${name}`, sink);
    if (vendor === undefined || secrets === undefined || isFaulty) continue;
    const options = account as VendorOptions;
    read.set(name, {
      vendor,
      secrets,
      baseUrl: new URL(options.baseUrl ?? vendor.defaultBaseUrl),
      settings: vendorSettings(options, vendor),
    });
  }
  return read;
}

function entriesOf(accounts: unknown, fault: FaultSink): [string, unknown][] {
  if (isRecord(accounts)) return Object.entries(accounts);
  fault('vendors', 'must be an object of accounts by name');
  return [];
}

/** What an account is at, once its name and all settings but the secrets are looked at. */
function kindOf(name: string, account: unknown, fault: FaultSink): Vendor | undefined {
  const path = settingPath('vendors', name);
  const nameIs = vendorNameFault(name);
  if (nameIs !== undefined) fault(path, nameIs);
  if (!isRecord(account)) {
    fault(path, 'must be an object');
    return undefined;
  }
  unknownKeys(account, SETTINGS, path, fault);
  const { kind, baseUrl } = account;
  if (baseUrl !== undefined) {
    const message = baseUrlFault(baseUrl);
    if (message !== undefined) fault(`${path}.baseUrl`, message);
  }
  const known = [...kinds.keys()].join(', ');
  const own = kinds.get(name);
  const vendor = kind === undefined ? own : kinds.get(kind as string);
  if (vendor === undefined) {
    const what =
      kind === undefined
        ? 'is missing, and the name of the account does not say it'
        : 'is not known';
    fault(`${path}.kind`, `${what} (known: ${known})`);
  } else if (own !== undefined && own !== vendor) {
    fault(`${path}.kind`, `must be ${name}, or be left out, as the account is called so`);
  }
  vendorRuleFaults(account as VendorRules, vendor, path, fault);
  return vendor;
}
