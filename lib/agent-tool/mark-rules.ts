import { Inject, Injectable } from '@nestjs/common';
import { BrokerClient } from '../broker-client/broker-client';
import {
  allowedEndpointsFaults,
  dailyUsdCapFault,
  expiresInFault,
  vendorFault,
  DEFAULT_VENDOR,
} from '../vault-key/vault-key-policy';
import type { PolicyIssue } from '../vault-key/vault-key-policy';
import { limitsFaults } from '../vault-key/vault-key-limits';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import { subjectId } from '../vault-key/label';
import type { AgentToolOptions } from './agent-tool.options';
import { hasMinifiedName, toolNameOf } from './tool-name';
import type { NamedMethod } from './tool-name';

/** The token of the vendors the broker is known to serve; `null` where only the broker knows. */
export const KNOWN_VENDORS = Symbol.for('nestjs-vault-key:known-vendors');

const OPTIONS: ReadonlySet<string> = new Set([
  'dailyUsdCap',
  'allowedEndpoints',
  'vendor',
  'expiresIn',
  'limits',
  'tool',
]);
const TOOL_EXAMPLE = "@AgentTool({ tool: 'payments.charge', … })";

/** What can be told of a mark before its first call. */
@Injectable()
export class MarkRules {
  readonly #names = new Map<string, { owner: object; where: string }>();

  constructor(
    private readonly client: BrokerClient,
    @Inject(KNOWN_VENDORS) private readonly knownVendors: ReadonlySet<string> | null,
  ) {}

  /** Every fault of a mark. */
  faultsOf(mark: AgentToolOptions, where: string): StartUpIssue[] {
    const { dailyUsdCap, allowedEndpoints, vendor, expiresIn, limits, tool } = mark;
    const faults: (PolicyIssue | undefined)[] = [
      typeof dailyUsdCap === 'function' ? undefined : dailyUsdCapFault(dailyUsdCap),
      ...(typeof allowedEndpoints === 'function'
        ? []
        : allowedEndpointsFaults(allowedEndpoints, vendor, this.client.dialect)),
      vendorFault(vendor) ?? this.#unknownVendor(vendor ?? DEFAULT_VENDOR),
      expiresInFault(expiresIn),
      ...limitsFaults(limits, this.client.dialect, true),
      toolFault(tool),
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

  /** Every fault of the names that methods give to their tools, those of earlier ones included. */
  nameFaultsOf(named: NamedMethod, where: string): StartUpIssue[] {
    if (hasMinifiedName(named)) {
      return [
        {
          where,
          message: `has the class name "${named.host.name}", which a minifier may have made: the tool's budgets and brakes would bind another tool, or none, in the next build`,
          example: TOOL_EXAMPLE,
        },
      ];
    }
    const ofItsClass = toolNameOf(named) === `${named.host.name}.${named.key}`;
    const owner = ofItsClass && named.mark.tool === undefined ? named.host : named.mark;
    const fault = this.claimName(toolNameOf(named), owner, where);
    return fault === undefined ? [] : [fault];
  }

  /** Takes a name for a tool; the fault where another one of the application has it. */
  claimName(name: string, owner: object, where: string): StartUpIssue | undefined {
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, { owner, where });
    if (known === undefined || known.owner === owner) return undefined;
    const message = `has the tool name "${name}", as ${known.where} does: what is spent, capped and stopped of one would be of both`;
    return { where, message, example: TOOL_EXAMPLE };
  }

  #unknownVendor(vendor: string): PolicyIssue | undefined {
    if (this.knownVendors === null || this.knownVendors.has(vendor)) return undefined;
    const names = [...this.knownVendors].join(', ');
    const message = `"${vendor}" is not configured in \`embedded.vendors\`, which has: ${names}`;
    return { field: 'vendor', message, example: "vendor: 'stripe'" };
  }
}

function toolFault(value: unknown): PolicyIssue | undefined {
  if (value === undefined) return undefined;
  // What a broker refuses as a subject would be known by its hash.
  if (typeof value === 'string' && subjectId(value) === value) return undefined;
  const message = 'must be 1 to 128 printable characters, not blank';
  return { field: 'tool', message, example: "tool: 'payments.charge'" };
}
