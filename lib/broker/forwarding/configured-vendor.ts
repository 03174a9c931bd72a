import type { Account } from '../accounts/account';
import type { Secrets } from '../accounts/secrets';
import { BrokerOptionsError } from '../broker.options';
import type { Vendor } from '../vendors/vendor';
import type { VendorSettings } from '../vendor.options';
import { VendorConnection } from './vendor-connection';
import { proxyFor } from './vendor-proxy';
import type { VendorProxy } from './vendor-proxy';

/** One account behind the proxy. A call keeps the one it began with, whatever takes its place meanwhile. */
export interface ConfiguredVendor {
  vendor: Vendor;
  secrets: Secrets;
  connection: VendorConnection;
  /** What the operator adds; nothing by default. */
  settings?: VendorSettings;
}

/** Where the paths of each account's API begin, by the account's name. */
export type PathPrefixes = ReadonlyMap<string, string>;

interface Entry {
  configured: ConfiguredVendor;
  /** What the connection depends on. */
  reachedBy: string;
  proxy: VendorProxy | undefined;
}

/** The accounts behind the proxy. They may be replaced while calls are under way. */
export class ConfiguredVendors {
  /** By the account's name, as are all maps here; those of now, whenever one is read. */
  readonly byName: ReadonlyMap<string, ConfiguredVendor>;
  readonly prefixes: PathPrefixes;
  /** What each account is at: `stripe`. */
  readonly kinds: ReadonlyMap<string, string>;
  readonly names: ReadonlySet<string>;
  readonly #entries = new Map<string, Entry>();
  readonly #byName = new Map<string, ConfiguredVendor>();
  readonly #prefixes = new Map<string, string>();
  readonly #kinds = new Map<string, string>();
  readonly #names = new Set<string>();
  /** Their calls go on; their sockets end by themselves once they are idle. */
  readonly #replaced: VendorConnection[] = [];

  /** @param timeoutMs How long a vendor may take. */
  constructor(private readonly timeoutMs: number) {
    this.byName = this.#byName;
    this.prefixes = this.#prefixes;
    this.kinds = this.#kinds;
    this.names = this.#names;
  }

  /**
   * Takes these accounts in place of those before. One that is reached as before keeps its connections.
   *
   * @throws BrokerOptionsError where the environment names a proxy that cannot be used; then all is as before.
   */
  replace(accounts: ReadonlyMap<string, Account>, callsPerKey: number): void {
    const entries = new Map(
      [...accounts].map(([name, account]) => [name, this.#entryOf(name, account, callsPerKey)]),
    );
    const kept = new Set([...entries.values()].map(({ configured }) => configured.connection));
    for (const { connection } of this.#byName.values()) {
      if (!kept.has(connection)) this.#replaced.push(connection);
    }
    this.#entries.clear();
    for (const all of [this.#byName, this.#prefixes, this.#kinds, this.#names]) all.clear();
    for (const [name, entry] of entries) {
      const { vendor } = entry.configured;
      this.#entries.set(name, entry);
      this.#byName.set(name, entry.configured);
      this.#prefixes.set(name, vendor.pathPrefix);
      this.#kinds.set(name, vendor.name);
      this.#names.add(name);
    }
  }

  /** Which accounts are reached by way of a proxy, one line a proxy. */
  proxyLines(): string[] {
    const names = new Map<string, string[]>();
    for (const [name, { proxy }] of this.#entries) {
      if (proxy === undefined) continue;
      const through = `through the proxy ${proxy.url.host} (${proxy.variable})`;
      names.set(through, [...(names.get(through) ?? []), name]);
    }
    return [...names].map(([through, all]) => `calls to ${all.join(', ')} go ${through}`);
  }

  /** Closes the connections of accounts that are no longer there; the proxy closes the others. */
  async close(): Promise<void> {
    await Promise.all(this.#replaced.map((connection) => connection.close()));
  }

  #entryOf(name: string, account: Account, callsPerKey: number): Entry {
    const { vendor, secrets, baseUrl, settings } = account;
    const proxy = proxyTo(baseUrl);
    const { connections } = settings;
    const reachedBy = JSON.stringify([baseUrl.origin, connections, callsPerKey]);
    const before = this.#entries.get(name);
    const connection =
      before?.reachedBy === reachedBy
        ? before.configured.connection
        : new VendorConnection(baseUrl.origin, {
            timeoutMs: this.timeoutMs,
            connections,
            maxPerKey: callsPerKey,
            ...(proxy === undefined ? {} : { proxy: proxy.url }),
          });
    const prices = {
      ...settings.prices,
      isTestMode: secrets.every((secret) => vendor.isTestSecret(secret)),
      settingsPath: `vendors.${name}`,
    };
    const configured = { vendor, secrets, connection, settings: { ...settings, prices } };
    return { configured, reachedBy, proxy };
  }
}

function proxyTo(baseUrl: URL): VendorProxy | undefined {
  const proxy = proxyFor(baseUrl, process.env);
  if (proxy === undefined || !('fault' in proxy)) return proxy;
  throw new BrokerOptionsError([{ path: proxy.variable, message: proxy.fault }]);
}
