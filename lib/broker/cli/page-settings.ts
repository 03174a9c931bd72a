import { publicUrlFault } from '../http/public-url';
import { BadSetting } from './bad-setting';

/** Where the operators' side of the broker is served. */
export interface PageSettings {
  /** A port of its own for the page, the metrics and what only operators ask. */
  adminPort?: number;
  /** The URL under which browsers open the page, where that is not this machine's own. */
  publicUrl?: URL;
  /** Whether a proxy in front speaks TLS with the browsers. */
  behindTls: boolean;
}

/** What of the page is typed on the command line. */
export const PAGE_OPTIONS = {
  'admin-port': { type: 'string' },
  'public-url': { type: 'string' },
  'behind-tls': { type: 'boolean' },
} as const;

interface PageValues {
  'admin-port'?: string | undefined;
  'public-url'?: string | undefined;
  'behind-tls'?: boolean | undefined;
}

/**
 * Reads where the page is.
 *
 * @param port That of the proxy.
 * @throws BadSetting with one line that names the setting.
 */
export function readPageSettings(
  values: PageValues,
  env: NodeJS.ProcessEnv,
  port: number,
): PageSettings {
  const adminPort = values['admin-port'] ?? env['VAULT_KEY_ADMIN_PORT'];
  const publicUrl = values['public-url'] ?? env['VAULT_KEY_PUBLIC_URL'];
  return {
    ...(adminPort === undefined ? {} : { adminPort: adminPortOf(adminPort, port) }),
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrlOf(publicUrl) }),
    behindTls: values['behind-tls'] ?? isTrue('VAULT_KEY_BEHIND_TLS', env),
  };
}

/** A port, as it was typed. */
export function portOf(text: string, setting: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new BadSetting(`${setting} must be a number from 0 to 65535`);
  }
  return Number(text);
}

function adminPortOf(text: string, port: number): number {
  const setting = '--admin-port (VAULT_KEY_ADMIN_PORT)';
  const adminPort = portOf(text, setting);
  if (adminPort === port && adminPort !== 0) {
    throw new BadSetting(`${setting} must not be the port of the proxy, ${port}`);
  }
  return adminPort;
}

function publicUrlOf(text: string): URL {
  const fault = publicUrlFault(text);
  if (fault !== undefined) throw new BadSetting(`--public-url (VAULT_KEY_PUBLIC_URL) ${fault}`);
  return new URL(text);
}

function isTrue(name: string, env: NodeJS.ProcessEnv): boolean {
  const text = env[name] ?? 'false';
  if (text !== 'true' && text !== 'false') throw new BadSetting(`${name} must be true or false`);
  return text === 'true';
}
