import { Inject, Injectable } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import {
  allowedEndpointsFaults,
  dailyUsdCapFault,
  expiresInFault,
  vendorFault,
  DEFAULT_VENDOR,
} from '../vault-key/vault-key-policy';
import type { PolicyFault } from '../vault-key/vault-key-policy';
import type { StartUpFault } from '../vault-key/vault-key-start-up.exception';
import type { AgentToolOptions } from './agent-tool.decorator';

/** The token of the vendors the broker is known to serve; `null` where only the broker knows. */
export const KNOWN_VENDORS = Symbol.for('nestjs-vault-key:known-vendors');

const OPTIONS: ReadonlySet<string> = new Set([
  'dailyUsdCap',
  'allowedEndpoints',
  'vendor',
  'expiresIn',
]);

/** What can be told of a mark before its first call. */
@Injectable()
export class MarkRules {
  constructor(
    private readonly client: BrokerClient,
    @Inject(KNOWN_VENDORS) private readonly knownVendors: ReadonlySet<string> | null,
  ) {}

  /** Every fault of a mark. */
  faultsOf(mark: AgentToolOptions, where: string): StartUpFault[] {
    const { dailyUsdCap, allowedEndpoints, vendor, expiresIn } = mark;
    const faults: (PolicyFault | undefined)[] = [
      typeof dailyUsdCap === 'function' ? undefined : dailyUsdCapFault(dailyUsdCap),
      ...(typeof allowedEndpoints === 'function'
        ? []
        : allowedEndpointsFaults(allowedEndpoints, vendor, this.client.dialect)),
      vendorFault(vendor) ?? this.#unknownVendor(vendor ?? DEFAULT_VENDOR),
      expiresInFault(expiresIn),
    ];
    const unknown = Object.keys(mark)
      .filter((name) => !OPTIONS.has(name))
      .map((name) => ({
        where,
        message: `has the option ${name}, which is not known (known: ${[...OPTIONS].join(', ')})`,
      }));
    return [
      ...faults
        .filter((fault) => fault !== undefined)
        .map(({ field, message, example }) => ({ where, message: `${field} ${message}`, example })),
      ...unknown,
    ];
  }

  #unknownVendor(vendor: string): PolicyFault | undefined {
    if (this.knownVendors === null || this.knownVendors.has(vendor)) return undefined;
    const names = [...this.knownVendors].join(', ');
    const message = `"${vendor}" is not configured in \`embedded.vendors\`, which has: ${names}`;
    return { field: 'vendor', message, example: "vendor: 'stripe'" };
  }
}
