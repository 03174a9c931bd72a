import type { BrokerLimitOptions } from './broker.options';
import type { VendorRules } from './vendor.options';
/**
 * What a config file says. It holds no secret: those stand in the environment.
 *
 * @example
 * ```json
 * {
 *   "vendors": {
 *     "stripe": {
 *       "rates": { "eur": 1.09 },
 *       "prices": [{ "call": "POST /v1/checkout/sessions", "usd": 20 }],
 *       "free": ["POST /v1/invoices"],
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
export declare function readConfigFile(file: string): BrokerConfig;
/** @throws BrokerOptionsError with every fault of the text as a config file. */
export declare function parseConfig(text: string): BrokerConfig;
