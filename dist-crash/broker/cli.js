#!/usr/bin/env node
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const node_events_1 = require("node:events");
const node_util_1 = require("node:util");
const broker_1 = require("./broker");
const broker_config_1 = require("./broker.config");
const broker_options_1 = require("./broker.options");
const bad_setting_1 = require("./cli/bad-setting");
const operator_words_1 = require("./cli/operator-words");
const tls_files_1 = require("./cli/tls-files");
const sqlite_driver_1 = require("./ledger/sqlite/sqlite-driver");
const broker_server_1 = require("./http/broker-server");
const HELP = `Usage: vault-key-broker [options]    starts the broker
       vault-key-broker WORD ...     asks the one that runs

Issues capped, allow-listed vault keys and enforces them in front of Stripe.

  --host ADDRESS   address to listen on            VAULT_KEY_HOST   127.0.0.1
  --port PORT      port; 0 takes a free one        VAULT_KEY_PORT   4100
  --store STORE    sqlite:<path>, sqlite::memory:  VAULT_KEY_STORE  ${broker_options_1.DEFAULT_STORE}
  --config FILE    rates, prices, limits (JSON)    VAULT_KEY_CONFIG
  --accept-store DOUBT,…  a store that would be refused (docs/storage.md)  VAULT_KEY_ACCEPT_STORE
  --tls-cert FILE  serves https; PEM, both or none VAULT_KEY_TLS_CERT
  --tls-key FILE   the certificate's key           VAULT_KEY_TLS_KEY
  --help           this text

Words, each with its own --help: keys, budgets, brake, lift, holds, audit, backup

Environment:
  KEYBRAKE_TOKEN            the management API's token, at least 32 characters (required)
  STRIPE_SECRET_KEY         the account's key, best a restricted one, rk_… (required)
  STRIPE_BASE_URL           https://api.stripe.com
  HTTPS_PROXY, NO_PROXY     the proxy for vendors beyond this machine
  VAULT_KEY_VENDOR_TIMEOUT  ${broker_options_1.DEFAULT_VENDOR_TIMEOUT}; ms, s or m
  VAULT_KEY_AUDIT_KEY       chains the audit log; kept beside the store where it is not set
`;
const MIN_TOKEN_LENGTH = 32;
const EXIT_BAD_SETTING = 2;
/** Connections that may wait to be taken: one that finds no room here is tried again after a second. */
const BACKLOG = 4_096;
/** How long a reader has for the rest of its answer, once the broker is done. */
const LAST_ANSWERS_MS = 5_000;
async function main() {
    const [word, ...args] = process.argv.slice(2);
    if ((0, operator_words_1.isWord)(word)) {
        process.exitCode = await (0, operator_words_1.runWord)(word, args, process.env, {
            out: (text) => process.stdout.write(text),
            error: (line) => process.stderr.write(`vault-key-broker ${line}\n`),
        });
        return;
    }
    const settings = readSettings(process.argv.slice(2), process.env);
    if (settings === 'help') {
        process.stdout.write(HELP);
        return;
    }
    const log = (line) => void process.stderr.write(`vault-key-broker: ${line}\n`);
    const broker = await openBroker(settings, log);
    const { token, tls } = settings;
    const server = (0, broker_server_1.createBrokerServer)(broker, { token, log, ...(tls === undefined ? {} : { tls }) });
    server.listen({ port: settings.port, host: settings.host, backlog: BACKLOG });
    await (0, node_events_1.once)(server, 'listening').catch(async (error) => {
        await broker.close();
        throw new bad_setting_1.BadSetting(`--host ${settings.host} --port ${settings.port}: cannot listen (${error.code})`);
    });
    const { address, family, port } = server.address();
    const host = family === 'IPv6' ? `[${address}]` : address;
    let stopping = false;
    const stop = async () => {
        if (stopping)
            return;
        stopping = true;
        const closed = (0, node_events_1.once)(server, 'close');
        server.close();
        await broker.close();
        // Everything is settled; what is left are answers on their way to their readers.
        setInterval(() => server.closeIdleConnections(), 20);
        setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
        await closed;
        process.exit(0);
    };
    process.on('SIGTERM', () => void stop());
    process.on('SIGINT', () => void stop());
    process.stdout.write(`vault-key-broker listening on ${tls === undefined ? 'http' : 'https'}://${host}:${port}\n`);
}
function readSettings(args, env) {
    const { values } = parseOptions(args);
    if (values.help === true)
        return 'help';
    const port = values.port ?? env['VAULT_KEY_PORT'] ?? '4100';
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
        throw new bad_setting_1.BadSetting('--port (VAULT_KEY_PORT) must be a number from 0 to 65535');
    }
    const host = values.host ?? env['VAULT_KEY_HOST'] ?? '127.0.0.1';
    if (host === '')
        throw new bad_setting_1.BadSetting('--host (VAULT_KEY_HOST) must not be empty');
    const token = env['KEYBRAKE_TOKEN'] ?? '';
    if (token.length < MIN_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(token)) {
        throw new bad_setting_1.BadSetting(`KEYBRAKE_TOKEN must be set to at least ${MIN_TOKEN_LENGTH} characters of ASCII without spaces`);
    }
    const store = values.store ?? env['VAULT_KEY_STORE'] ?? broker_options_1.DEFAULT_STORE;
    const parsedStore = (0, broker_options_1.parseStore)(store);
    if ('fault' in parsedStore) {
        throw new bad_setting_1.BadSetting(`--store (VAULT_KEY_STORE) ${parsedStore.fault}`);
    }
    const vendorTimeout = env['VAULT_KEY_VENDOR_TIMEOUT'] ?? broker_options_1.DEFAULT_VENDOR_TIMEOUT;
    if ((0, broker_options_1.parseTimeout)(vendorTimeout) === undefined) {
        throw new bad_setting_1.BadSetting('VAULT_KEY_VENDOR_TIMEOUT must be a number and ms, s or m, from 1ms to 10m, such as 80s');
    }
    const auditKey = env['VAULT_KEY_AUDIT_KEY'];
    const auditKeyIs = auditKey === undefined ? undefined : (0, broker_options_1.auditKeyFault)(auditKey);
    if (auditKeyIs !== undefined)
        throw new bad_setting_1.BadSetting(`VAULT_KEY_AUDIT_KEY ${auditKeyIs}`);
    const accepted = values['accept-store'] ?? env['VAULT_KEY_ACCEPT_STORE'];
    const acceptStore = accepted?.split(',');
    const acceptedAre = acceptStore === undefined ? undefined : (0, broker_options_1.acceptedDoubtsFault)(acceptStore);
    if (acceptedAre !== undefined) {
        throw new bad_setting_1.BadSetting(`--accept-store (VAULT_KEY_ACCEPT_STORE) ${acceptedAre}`);
    }
    const secretKey = env['STRIPE_SECRET_KEY'] ?? '';
    if (!/^[\x21-\x7e]+$/.test(secretKey)) {
        throw new bad_setting_1.BadSetting('STRIPE_SECRET_KEY must be set, without spaces');
    }
    const baseUrl = env['STRIPE_BASE_URL'];
    const fault = baseUrl === undefined ? undefined : (0, broker_options_1.baseUrlFault)(baseUrl);
    if (fault !== undefined)
        throw new bad_setting_1.BadSetting(`STRIPE_BASE_URL ${fault}`);
    if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
        throw new bad_setting_1.BadSetting('NODE_TLS_REJECT_UNAUTHORIZED=0 must not be set, since it takes any certificate for the right one: name the file of your own authority in NODE_EXTRA_CA_CERTS');
    }
    const tls = (0, tls_files_1.readTlsFiles)(values['tls-cert'] ?? env['VAULT_KEY_TLS_CERT'], values['tls-key'] ?? env['VAULT_KEY_TLS_KEY']);
    const config = readConfig(values.config ?? env['VAULT_KEY_CONFIG']);
    return {
        host,
        port: Number(port),
        token,
        ...(tls === undefined ? {} : { tls }),
        broker: {
            store,
            vendorTimeout,
            ...(auditKey === undefined ? {} : { auditKey }),
            ...(acceptStore === undefined ? {} : { acceptStore }),
            ...(config.limits === undefined ? {} : { limits: config.limits }),
            vendors: {
                stripe: {
                    ...config.vendors?.['stripe'],
                    secretKey,
                    ...(baseUrl === undefined ? {} : { baseUrl }),
                },
            },
        },
    };
}
function readConfig(file) {
    if (file === undefined)
        return {};
    try {
        return (0, broker_config_1.readConfigFile)(file);
    }
    catch (error) {
        throw new bad_setting_1.BadSetting(`--config ${file}: ${error.message}`);
    }
}
function parseOptions(args) {
    try {
        return (0, node_util_1.parseArgs)({
            args,
            options: {
                host: { type: 'string' },
                port: { type: 'string' },
                store: { type: 'string' },
                config: { type: 'string' },
                'accept-store': { type: 'string' },
                'tls-cert': { type: 'string' },
                'tls-key': { type: 'string' },
                help: { type: 'boolean', short: 'h' },
            },
        });
    }
    catch (error) {
        const [reason = ''] = error.message.split(/\.\s/);
        throw new bad_setting_1.BadSetting(`${reason} (see --help)`);
    }
}
async function openBroker(settings, log) {
    try {
        return await broker_1.Broker.open(settings.broker, { log });
    }
    catch (error) {
        if (error instanceof broker_options_1.BrokerOptionsError)
            throw new bad_setting_1.BadSetting(error.message);
        if (error instanceof sqlite_driver_1.SqliteDriverError)
            throw error;
        throw new bad_setting_1.BadSetting(`--store ${settings.broker.store}: ${error.message}`);
    }
}
main().catch((error) => {
    const line = error instanceof Error ? error.message : String(error);
    process.stderr.write(`vault-key-broker: ${line.replaceAll('\n', ' ')}\n`);
    process.exit(error instanceof bad_setting_1.BadSetting ? EXIT_BAD_SETTING : 1);
});
