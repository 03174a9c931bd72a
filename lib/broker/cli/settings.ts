import { parseArgs } from 'node:util';
import { readConfigFile } from '../broker.config';
import type { BrokerConfig } from '../broker.config';
import {
  DEFAULT_RETENTION,
  DEFAULT_STORE,
  DEFAULT_VENDOR_TIMEOUT,
  acceptedDoubtsFault,
  auditKeyFaultFor,
  RETENTION_RULE,
  parseRetention,
  parseStore,
  parseTimeout,
} from '../broker.options';
import type { BrokerOptions } from '../broker.options';
import type { StoreDoubt } from '../ledger/store-doubt';
import { hashToken } from '../keys/token';
import { accountsOf } from './account-settings';
import { BadSetting } from './bad-setting';
import { PAGE_OPTIONS, portOf, readPageSettings } from './page-settings';
import type { PageSettings } from './page-settings';
import { LOG_FORMATS } from './log-output';
import type { LogFormat } from './log-output';
import { auditKeyIn, managementTokens } from './secret-settings';
import { readTlsFiles } from './tls-files';
import type { TlsFiles } from './tls-files';

const MIN_TOKEN_LENGTH = 32;
/** Where other brokers on the store can take over. Longer than what a balancer commonly needs to see it. */
const DEFAULT_DRAIN = '5s';

/** What `vault-key-broker --help` says. */
export const HELP = `Usage: vault-key-broker [options]    starts the broker
       vault-key-broker COMMAND ...  asks the running broker

Issues capped, allow-listed vault keys and enforces them in front of Stripe.

  --host ADDRESS   address to listen on            VAULT_KEY_HOST   127.0.0.1
  --port PORT      port; 0 takes a free one        VAULT_KEY_PORT   4100
  --store STORE    sqlite:<path>, postgres://…     VAULT_KEY_STORE  ${DEFAULT_STORE}
  --config FILE    accounts, prices, operators     VAULT_KEY_CONFIG
  --accept-store DOUBT,…  a store that would be refused (docs/storage.md)  VAULT_KEY_ACCEPT_STORE
  --tls-cert FILE, --tls-key FILE  serve https; PEM   VAULT_KEY_TLS_CERT, VAULT_KEY_TLS_KEY
  --admin-port PORT  the operators' page and calls on a port of their own   VAULT_KEY_ADMIN_PORT
  --public-url URL, --behind-tls   behind a proxy   VAULT_KEY_PUBLIC_URL, VAULT_KEY_BEHIND_TLS
  --log-format F   text, or json (needs pino)      VAULT_KEY_LOG_FORMAT  text
  --help           this text
Commands (--help): keys, budgets, approvals, brake, lift, holds, audit, spend, webhooks, backup,
  migrate, operators

Environment:
  KEYBRAKE_TOKEN            the application's token, at least 32 characters (required)
  STRIPE_SECRET_KEY         the account's key, best a restricted one, rk_…; STRIPE_BASE_URL
  …_FILE, …_NEXT            of a secret: its file; a second value. SIGHUP has both read again
  HTTPS_PROXY, NO_PROXY     the proxy for vendors beyond this machine
  VAULT_KEY_VENDOR_TIMEOUT  ${DEFAULT_VENDOR_TIMEOUT}; ms, s or m
  VAULT_KEY_DRAIN           ${DEFAULT_DRAIN} with PostgreSQL, else 0s: requests are taken so long after SIGTERM
  VAULT_KEY_RETENTION       ${DEFAULT_RETENTION}: how long ended keys and holds stay in the store
  VAULT_KEY_AUDIT_KEY       chains the audit log; kept beside the store where it is not set
`;

/** What the command was told to serve, and where. */
export interface Settings {
  host: string;
  port: number;
  page: PageSettings;
  /** Of the management API: each is accepted. */
  tokens: readonly [string, ...string[]];
  tls?: TlsFiles;
  /** How long it takes requests after a SIGTERM, in milliseconds. */
  drainMs: number;
  /** How the log is written to standard error. */
  logFormat: LogFormat;
  broker: BrokerOptions;
}

/**
 * Reads the settings from the command line and the environment; the command line counts for more.
 *
 * @returns `help` where that was asked for.
 * @throws BadSetting with one line that names the setting, its fault and the rule.
 */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): Settings | 'help' {
  const { values } = parseOptions(args);
  if (values.help === true) return 'help';

  const port = portOf(values.port ?? env['VAULT_KEY_PORT'] ?? '4100', '--port (VAULT_KEY_PORT)');
  const host = values.host ?? env['VAULT_KEY_HOST'] ?? '127.0.0.1';
  if (host === '') throw new BadSetting('--host (VAULT_KEY_HOST) must not be empty');

  const tokens = managementTokens(env, MIN_TOKEN_LENGTH);
  const store = values.store ?? env['VAULT_KEY_STORE'] ?? DEFAULT_STORE;
  const parsedStore = parseStore(store);
  if ('fault' in parsedStore) {
    throw new BadSetting(`--store (VAULT_KEY_STORE) ${parsedStore.fault}`);
  }
  const vendorTimeout = env['VAULT_KEY_VENDOR_TIMEOUT'] ?? DEFAULT_VENDOR_TIMEOUT;
  if (parseTimeout(vendorTimeout) === undefined) {
    throw new BadSetting(
      'VAULT_KEY_VENDOR_TIMEOUT must be a number and ms, s or m, from 1ms to 10m, such as 80s',
    );
  }
  const drain = env['VAULT_KEY_DRAIN'] ?? ('url' in parsedStore ? DEFAULT_DRAIN : '0s');
  const drainMs = drain === '0s' ? 0 : parseTimeout(drain);
  if (drainMs === undefined) {
    throw new BadSetting(
      'VAULT_KEY_DRAIN must be a number and ms, s or m, up to 10m, such as 5s, or 0s',
    );
  }
  const retention = env['VAULT_KEY_RETENTION'] ?? DEFAULT_RETENTION;
  if (parseRetention(retention) === undefined) {
    throw new BadSetting(`VAULT_KEY_RETENTION ${RETENTION_RULE}`);
  }
  const auditKey = auditKeyIn(env);
  const auditKeyIs = auditKeyFaultFor(parsedStore, auditKey);
  if (auditKeyIs !== undefined) throw new BadSetting(`VAULT_KEY_AUDIT_KEY ${auditKeyIs}`);
  const accepted = values['accept-store'] ?? env['VAULT_KEY_ACCEPT_STORE'];
  const acceptStore = accepted?.split(',') as StoreDoubt[] | undefined;
  const acceptedAre = acceptStore === undefined ? undefined : acceptedDoubtsFault(acceptStore);
  if (acceptedAre !== undefined) {
    throw new BadSetting(`--accept-store (VAULT_KEY_ACCEPT_STORE) ${acceptedAre}`);
  }
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    throw new BadSetting(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 must not be set, since it takes any certificate for the right one: name the file of your own authority in NODE_EXTRA_CA_CERTS',
    );
  }
  const tls = readTlsFiles(
    values['tls-cert'] ?? env['VAULT_KEY_TLS_CERT'],
    values['tls-key'] ?? env['VAULT_KEY_TLS_KEY'],
  );
  const given = values['log-format'] ?? env['VAULT_KEY_LOG_FORMAT'] ?? 'text';
  const logFormat = LOG_FORMATS.find((format) => format === given);
  if (logFormat === undefined) {
    throw new BadSetting(`--log-format (VAULT_KEY_LOG_FORMAT) must be ${LOG_FORMATS.join(' or ')}`);
  }
  const config = readConfig(values.config ?? env['VAULT_KEY_CONFIG']);
  checkApart(tokens, config);
  return {
    host,
    port,
    page: readPageSettings(values, env, port),
    tokens,
    ...(tls === undefined ? {} : { tls }),
    drainMs,
    logFormat,
    broker: {
      store,
      vendorTimeout,
      retention,
      ...(auditKey === undefined ? {} : { auditKey }),
      ...(acceptStore === undefined ? {} : { acceptStore }),
      ...(config.limits === undefined ? {} : { limits: config.limits }),
      operators: config.operators ?? [],
      ...(config.thresholds === undefined ? {} : { thresholds: config.thresholds }),
      ...(config.webhooks === undefined ? {} : { webhooks: config.webhooks }),
      vendors: accountsOf(config, env),
    },
  };
}

/** Of one token nobody could say whether it speaks for the application or for an operator. */
function checkApart(tokens: readonly string[], { operators = [] }: BrokerConfig): void {
  const hashes = new Set(operators.flatMap(({ tokenHashes }) => tokenHashes));
  if (!tokens.some((token) => hashes.has(hashToken(token)))) return;
  throw new BadSetting(
    "KEYBRAKE_TOKEN must not be an operator's token: it is the application's own",
  );
}

function readConfig(file: string | undefined): BrokerConfig {
  if (file === undefined) return {};
  try {
    return readConfigFile(file);
  } catch (error) {
    throw new BadSetting(`--config ${file}: ${(error as Error).message}`);
  }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        store: { type: 'string' },
        config: { type: 'string' },
        'accept-store': { type: 'string' },
        'log-format': { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        ...PAGE_OPTIONS,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const [reason = ''] = message.split(/\.\s/);
    throw new BadSetting(
      code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
        ? `${reason.replace(/^Unexpected argument/, 'there is no command')} (see --help)`
        : `${reason} (see --help)`,
    );
  }
}
