import { BrokerOptionsError } from '../broker.options';
import type { BrokerOptions } from '../broker.options';
import type { Vendor } from '../vendors/vendor';
import { vendors } from '../vendors/vendors';
import { vendorSettings } from '../vendor.options';
import type { VendorSettings } from '../vendor.options';
import { VendorConnection } from './vendor-connection';
import { proxyFor } from './vendor-proxy';
import type { VendorProxy } from './vendor-proxy';

/** One vendor's account behind the proxy. */
export interface ConfiguredVendor {
  vendor: Vendor;
  secret: string;
  connection: VendorConnection;
  /** What the operator adds; nothing by default. */
  settings?: VendorSettings;
}

/**
 * The vendors of the options, each with its connection.
 *
 * @param limits How long a vendor may take, in milliseconds, and how many calls a key may have.
 * @returns The vendors by their names, and the proxies that calls to them go through.
 * @throws BrokerOptionsError where the environment names a proxy that cannot be used.
 */
export function configuredVendors(
  options: BrokerOptions,
  { timeoutMs, callsPerKey }: { timeoutMs: number; callsPerKey: number },
): {
  configured: ReadonlyMap<string, ConfiguredVendor>;
  proxies: ReadonlyMap<string, VendorProxy>;
} {
  const proxies = vendorProxies(options);
  const configured = new Map<string, ConfiguredVendor>();
  for (const [name, account] of Object.entries(options.vendors)) {
    const vendor = vendors.get(name);
    if (vendor === undefined) continue;
    const url = new URL(account.baseUrl ?? vendor.defaultBaseUrl);
    const rules = vendorSettings(account, vendor);
    const isTestMode = vendor.isTestSecret(account.secretKey);
    const settings = {
      ...rules,
      prices: { ...rules.prices, isTestMode, settingsPath: `vendors.${name}` },
    };
    const proxy = proxies.get(name);
    const connection = new VendorConnection(url.origin, {
      timeoutMs,
      connections: settings.connections,
      maxPerKey: callsPerKey,
      ...(proxy === undefined ? {} : { proxy: proxy.url }),
    });
    configured.set(name, { vendor, secret: account.secretKey, connection, settings });
  }
  return { configured, proxies };
}

function vendorProxies({ vendors: accounts }: BrokerOptions): ReadonlyMap<string, VendorProxy> {
  const proxies = new Map<string, VendorProxy>();
  for (const [name, { baseUrl }] of Object.entries(accounts)) {
    const url = baseUrl ?? vendors.get(name)?.defaultBaseUrl;
    const proxy = url === undefined ? undefined : proxyFor(new URL(url), process.env);
    if (proxy === undefined) continue;
    if ('fault' in proxy) {
      throw new BrokerOptionsError([{ path: proxy.variable, message: proxy.fault }]);
    }
    proxies.set(name, proxy);
  }
  return proxies;
}

/** Where the paths of each vendor's API begin, by the vendor's name. */
export type PathPrefixes = ReadonlyMap<string, string>;

export function pathPrefixes(configured: ReadonlyMap<string, ConfiguredVendor>): PathPrefixes {
  return new Map([...configured].map(([name, { vendor }]) => [name, vendor.pathPrefix]));
}
