import { createHash } from 'node:crypto';
import { isLoopback } from '../accounts/base-url';
import { readSecretFile } from '../accounts/secrets';
import { isRecord } from '../../contract/is-record';
import { EVENT_KINDS } from '../events/event';
import type { EventKind } from '../events/event';
import { settingPath, unknownKeys } from '../option-faults';
import type { FaultSink } from '../option-faults';
import { proxyFor } from '../forwarding/vendor-proxy';

/** Where events are sent to. */
export interface WebhookOptions {
  /** `https:`, or `http:` to loopback. What follows the host is never shown. */
  url: string;
  /** What the events are signed with, by the Standard Webhooks scheme: `whsec_` and 24 to 64 bytes in base64. */
  secret?: string | undefined;
  /** In place of `secret`: a file that holds it. A line break at its end is left out. */
  secretFile?: string | undefined;
  /** A second secret while the first one is changed: events are signed with both. */
  nextSecret?: string | undefined;
  /** In place of `nextSecret`: a file that holds it. An empty file is no second secret. */
  nextSecretFile?: string | undefined;
  /**
   * The kinds of events that are sent.
   *
   * @default all but `call`
   */
  events?: readonly WebhookKind[] | undefined;
}

/** What a webhook may be sent: all that the audit log tells. A store that has failed keeps nothing until it has arrived. */
export type WebhookKind = Exclude<EventKind, 'failed_store'>;

/** A webhook as it is sent. Holds secrets: never log it. */
export interface Webhook {
  name: string;
  url: URL;
  /** Each signs. */
  secrets: readonly Buffer[];
  kinds: readonly WebhookKind[];
  /** Tells one address from another without showing it. */
  target: string;
  /** The proxy between; it may hold credentials. */
  proxy: URL | undefined;
}

export const WEBHOOK_KINDS = EVENT_KINDS.filter(
  (kind): kind is WebhookKind => kind !== 'failed_store',
);
const DEFAULT_KINDS = WEBHOOK_KINDS.filter((kind) => kind !== 'call');

const SETTINGS = [
  'url',
  'secret',
  'secretFile',
  'nextSecret',
  'nextSecretFile',
  'events',
] as const satisfies readonly (keyof WebhookOptions)[];
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_WEBHOOKS = 16;
const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const SECRET_RULE = `must be "whsec_" and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} random bytes in base64, such as: echo "whsec_$(openssl rand -base64 32)"`;

/** Reads the webhooks of a config and the files of their secrets, and finds everything wrong with them. */
export function readWebhooks(
  webhooks: unknown,
  fault: FaultSink,
  env: NodeJS.ProcessEnv = process.env,
): Webhook[] {
  return eachWebhook(webhooks, fault, (name, options, path) => {
    const url = urlOf(options['url'], path, fault);
    const kinds = kindsOf(options['events'], path, fault);
    const secret = readSecret(options, 'secret', path, fault);
    const next = readSecret(options, 'nextSecret', path, fault);
    if (secret === 'none') fault(`${path}.secret`, `is missing: it ${SECRET_RULE}`);
    if (url === undefined || kinds === undefined) return [];
    const proxy = proxyFor(url, env);
    if (proxy !== undefined && 'fault' in proxy) fault(proxy.variable, proxy.fault);
    if (!Buffer.isBuffer(secret) || next === undefined) return [];
    const target = createHash('sha256').update(url.href).digest('hex');
    const proxyUrl = proxy !== undefined && 'url' in proxy ? proxy.url : undefined;
    const secrets = [secret, ...(next === 'none' ? [] : [next])];
    return [{ name, url, secrets, kinds, target, proxy: proxyUrl }];
  });
}

/** What is wrong with the webhooks of a config file; files are read later. */
export function webhookFaults(webhooks: unknown, fault: FaultSink): void {
  eachWebhook(webhooks, fault, (_name, options, path) => {
    urlOf(options['url'], path, fault);
    kindsOf(options['events'], path, fault);
    return [];
  });
}

function eachWebhook(
  webhooks: unknown,
  fault: FaultSink,
  read: (name: string, options: Readonly<Record<string, unknown>>, path: string) => Webhook[],
): Webhook[] {
  if (!isRecord(webhooks)) {
    fault('webhooks', 'must be an object: each webhook by its name');
    return [];
  }
  const entries = Object.entries(webhooks);
  if (entries.length > MAX_WEBHOOKS) fault('webhooks', `are more than ${MAX_WEBHOOKS}`);
  return entries.flatMap(([name, options]) => {
    const path = settingPath('webhooks', name);
    if (!NAME.test(name)) {
      fault(path, 'is no name: a letter a to z, then up to 31 letters, digits and hyphens');
      return [];
    }
    if (!isRecord(options)) {
      fault(path, 'must be an object');
      return [];
    }
    unknownKeys(options, SETTINGS, path, fault);
    return read(name, options, path);
  });
}

function urlOf(text: unknown, path: string, fault: FaultSink): URL | undefined {
  const isUrl = typeof text === 'string' && URL.canParse(text);
  const url = isUrl ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url === undefined || !isSafe) {
    fault(`${path}.url`, 'must be an https: URL (http: is taken only to loopback)');
    return undefined;
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    fault(`${path}.url`, 'must not have credentials or a fragment: events are signed');
    return undefined;
  }
  return url;
}

function kindsOf(
  kinds: unknown,
  path: string,
  fault: FaultSink,
): readonly WebhookKind[] | undefined {
  if (kinds === undefined) return DEFAULT_KINDS;
  const known: readonly unknown[] = WEBHOOK_KINDS;
  if (Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => known.includes(kind))) {
    return [...new Set(kinds as WebhookKind[])];
  }
  fault(`${path}.events`, `must be a list of some of ${WEBHOOK_KINDS.join(', ')}`);
  return undefined;
}

/** A secret; `undefined` where it is faulty. */
function readSecret(
  options: Readonly<Record<string, unknown>>,
  name: 'secret' | 'nextSecret',
  path: string,
  fault: FaultSink,
): Buffer | 'none' | undefined {
  const text = options[name];
  const file = options[`${name}File`];
  if (file === undefined) {
    if (text === undefined || text === '') return 'none';
    const secret = secretOf(text);
    if (secret === undefined) fault(`${path}.${name}`, SECRET_RULE);
    return secret;
  }
  const at = `${path}.${name}File`;
  if (text !== undefined) {
    fault(at, `is given beside ${name}: keep one of them`);
    return undefined;
  }
  if (typeof file !== 'string' || file === '') {
    fault(at, 'must be the name of a file');
    return undefined;
  }
  try {
    const held = readSecretFile(file);
    if (held === '') return 'none';
    const secret = secretOf(held);
    if (secret === undefined)
      fault(at, `names a file with a secret that is not valid: it ${SECRET_RULE}`);
    return secret;
  } catch (error) {
    fault(at, `names a file that ${(error as Error).message}`);
    return undefined;
  }
}

function secretOf(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || !SECRET.test(text)) return undefined;
  const bytes = Buffer.from(text.slice('whsec_'.length), 'base64');
  const isLong = bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES;
  return isLong ? bytes : undefined;
}
