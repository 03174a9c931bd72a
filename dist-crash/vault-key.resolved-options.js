"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.resolveVaultKeyOptions = resolveVaultKeyOptions;
const class_transformer_1 = require("class-transformer");
const class_validator_1 = require("class-validator");
const broker_options_1 = require("./broker/broker.options");
const budget_1 = require("./broker/budgets/budget");
const vault_key_option_checks_1 = require("./vault-key.option-checks");
const vault_key_options_1 = require("./vault-key.options");
const vault_key_start_up_exception_1 = require("./vault-key/vault-key-start-up.exception");
const vault_key_policy_1 = require("./vault-key/vault-key-policy");
const KEYBRAKE_HOST = 'api.keybrake.com';
const KEYBRAKE_PROXY_URL = 'https://proxy.keybrake.com';
const ENVIRONMENT = {
    url: 'KEYBRAKE_URL',
    proxyUrl: 'KEYBRAKE_PROXY_URL',
    token: 'KEYBRAKE_TOKEN',
};
/** Options that only a broker of this package enforces. */
const OWN_OPTIONS = ['budgets', 'lease'];
/**
 * Completes the options and finds what is wrong with them.
 *
 * @throws VaultKeyStartUpException with every fault.
 */
function resolveVaultKeyOptions(given, environment = process.env) {
    const plain = (0, vault_key_option_checks_1.isRecord)(given) ? withoutUndefined(given) : {};
    const filled = new Map();
    const both = plain['broker'] !== undefined && plain['embedded'] !== undefined;
    if (plain['embedded'] === undefined)
        fillFromEnvironment(plain, environment, filled);
    if (plain['lease'] === true)
        plain['lease'] = {};
    if (plain['lease'] === false)
        delete plain['lease'];
    const options = (0, class_transformer_1.plainToInstance)(vault_key_options_1.VaultKeyModuleOptions, plain);
    const faults = (0, class_validator_1.validateSync)(options, {
        whitelist: true,
        forbidNonWhitelisted: true,
        forbidUnknownValues: false,
    }).flatMap((error) => faultsOf(error, ''));
    faults.push(...brokerRules(plain), ...undefinedBudgets(given), ...notEnforced(plain));
    if (both) {
        faults.unshift({
            where: 'broker and embedded',
            message: 'exclude each other: keep the one the application is to use',
            example: "VaultKeyModule.forRoot({ broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN } })",
        });
    }
    else if (plain['broker'] === undefined && plain['embedded'] === undefined) {
        faults.unshift({
            where: 'broker or embedded',
            message: 'must be given, or KEYBRAKE_URL and KEYBRAKE_TOKEN set in the environment: they say where vault keys come from',
            example: 'VaultKeyModule.forRoot({ embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } } })',
        });
    }
    if (faults.length > 0) {
        throw new vault_key_start_up_exception_1.VaultKeyStartUpException(faults.map((fault) => {
            const variable = filled.get(fault.where);
            return variable === undefined ? fault : { ...fault, where: `${fault.where} (${variable})` };
        }));
    }
    return resolved(options);
}
function resolved(options) {
    const { broker, embedded, identify, budgets, lease, shutdownGrace = '' } = options;
    const shutdownGraceMs = (0, broker_options_1.parseTimeout)(shutdownGrace);
    const rest = {
        ...(identify === undefined ? {} : { identify }),
        ...(budgets === undefined ? {} : { budgets: capsOf(budgets) }),
        ...(lease instanceof vault_key_options_1.LeaseOptions
            ? { leaseTtlSeconds: lease.ttlSeconds ?? vault_key_options_1.DEFAULT_LEASE_TTL_SECONDS }
            : {}),
        ...(shutdownGraceMs === undefined ? {} : { shutdownGraceMs }),
    };
    if (embedded !== undefined) {
        const { secretKey, ...stripe } = embedded.vendors.stripe;
        const { limits, auditKey: chainedWith, acceptStore } = embedded;
        return {
            ...rest,
            embedded: {
                vendors: {
                    stripe: { secretKey: secretKey ?? '', ...withoutUndefined({ ...stripe }) },
                },
                store: embedded.store ?? broker_options_1.DEFAULT_STORE,
                vendorTimeout: embedded.vendorTimeout ?? broker_options_1.DEFAULT_VENDOR_TIMEOUT,
                ...(limits === undefined ? {} : { limits }),
                ...(chainedWith === undefined ? {} : { auditKey: chainedWith }),
                ...(acceptStore === undefined ? {} : { acceptStore }),
            },
        };
    }
    const url = broker?.url ?? '';
    const isKeybrake = isKeybrakeUrl(url);
    return {
        ...rest,
        broker: {
            url,
            proxyUrl: broker?.proxyUrl ?? (isKeybrake ? KEYBRAKE_PROXY_URL : url),
            token: broker?.token ?? '',
            dialect: broker?.dialect ?? (isKeybrake ? 'keybrake' : 'vault-key'),
        },
    };
}
function capsOf({ tenant, user, run, tool }) {
    return Object.fromEntries(Object.entries({ tenant, user, run, tool })
        .filter(([, cap]) => cap !== undefined)
        .map(([scope, cap]) => [scope, (0, vault_key_policy_1.toWholeCents)(cap)]));
}
/** What the embedded broker itself has against its rules. */
function brokerRules(plain) {
    const { embedded } = plain;
    if (!(0, vault_key_option_checks_1.isRecord)(embedded))
        return [];
    const stripe = (0, vault_key_option_checks_1.isRecord)(embedded['vendors']) ? embedded['vendors']['stripe'] : undefined;
    const faults = [];
    (0, broker_options_1.brokerRuleFaults)({ limits: embedded['limits'], ...((0, vault_key_option_checks_1.isRecord)(stripe) ? { vendors: { stripe } } : {}) }, (path, message) => faults.push({ where: `embedded.${path}`, message }));
    return faults;
}
/** A budget that came out as `undefined` was meant to be one. */
function undefinedBudgets(given) {
    const budgets = (0, vault_key_option_checks_1.isRecord)(given) ? given['budgets'] : undefined;
    if (!(0, vault_key_option_checks_1.isRecord)(budgets))
        return [];
    return budget_1.APP_BUDGET_SCOPES.filter((scope) => scope in budgets && budgets[scope] === undefined).map((scope) => ({
        where: `budgets.${scope}`,
        message: 'is undefined: give it a number of US dollars, or leave it out',
        example: `budgets: { ${scope}: 500 }`,
    }));
}
/** A cap nobody enforces is refused, not ignored. */
function notEnforced(plain) {
    const { broker, embedded } = plain;
    if (embedded !== undefined || !(0, vault_key_option_checks_1.isRecord)(broker))
        return [];
    const { dialect, url } = broker;
    const speaksKeybrake = dialect === undefined ? isKeybrakeUrl(url) : dialect === 'keybrake';
    if (!speaksKeybrake)
        return [];
    return OWN_OPTIONS.filter((option) => plain[option] !== undefined).map((option) => ({
        where: option,
        message: 'is not enforced by a broker of the "keybrake" dialect: leave it out, or use `embedded` or a vault-key-broker of your own',
        example: "VaultKeyModule.forRoot({ broker: { url: 'https://broker.example.com' } })",
    }));
}
function isKeybrakeUrl(url) {
    return typeof url === 'string' && URL.canParse(url) && new URL(url).hostname === KEYBRAKE_HOST;
}
function fillFromEnvironment(plain, environment, filled) {
    const given = plain['broker'];
    if (given !== undefined && !(0, vault_key_option_checks_1.isRecord)(given))
        return;
    if (given === undefined && !environment.KEYBRAKE_TOKEN && !environment.KEYBRAKE_URL)
        return;
    const broker = { ...given };
    for (const [option, variable] of Object.entries(ENVIRONMENT)) {
        const value = environment[variable];
        if (broker[option] !== undefined || !value)
            continue;
        // A proxy named elsewhere than the broker it belongs to would get that broker's keys.
        if (option === 'proxyUrl' && (0, vault_key_option_checks_1.isRecord)(given) && given['url'] !== undefined)
            continue;
        broker[option] = value;
        filled.set(`broker.${option}`, variable);
    }
    plain['broker'] = broker;
}
function faultsOf(error, above) {
    const where = above === '' ? error.property : `${above}.${error.property}`;
    const own = Object.entries(error.constraints ?? {})
        .filter(([rule]) => rule !== 'nestedValidation')
        .map(([rule, message]) => {
        if (rule === 'whitelistValidation')
            return { where, message: unknownOption(error, above) };
        const context = error.contexts?.[rule];
        return { where, message, ...(context === undefined ? {} : { example: context.example }) };
    });
    return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, where))];
}
function unknownOption({ property, target }, above) {
    if (above === '' && property === 'isGlobal') {
        return 'belongs beside useFactory, useClass or useExisting, not in what they give';
    }
    const kind = target instanceof vault_key_options_1.EmbeddedVendorsOptions ? 'vendor of this version' : 'option';
    return `is not a known ${kind} (known: ${optionNames(target).join(', ')})`;
}
function optionNames(target) {
    const rules = (0, class_validator_1.getMetadataStorage)().getTargetValidationMetadatas((target ?? {}).constructor, '', false, false);
    return [...new Set(rules.map(({ propertyName }) => propertyName))];
}
/** A copy in which what is `undefined` is absent, so that a default takes its place. */
function withoutUndefined(record) {
    return Object.fromEntries(Object.entries(record)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, (0, vault_key_option_checks_1.isRecord)(value) ? withoutUndefined(value) : value]));
}
