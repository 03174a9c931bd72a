import { Inject, Injectable } from '@nestjs/common';
import {
  allowedEndpointsFaults,
  approveAboveFault,
  dailyUsdCapFault,
  expiresInFault,
  vendorFault,
} from '../vault-key/vault-key-policy';
import type { PolicyIssue } from '../vault-key/vault-key-policy';
import { InvocationOpener } from '../vault-key/invocation-opener';
import { limitsFaults } from '../vault-key/vault-key-limits';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import { subjectId } from '../vault-key/label';
import type { AgentToolOptions } from './agent-tool.options';
import { hasMinifiedName, toolNameOf } from './tool-name';
import type { NamedMethod } from './tool-name';

/** The token of the kinds of accounts by their names; `null` where only the broker knows them. */
export const KNOWN_VENDORS = Symbol.for('nestjs-vault-key:known-vendors');

const OPTIONS: ReadonlySet<string> = new Set([
  'dailyUsdCap',
  'allowedEndpoints',
  'vendor',
  'expiresIn',
  'limits',
  'approveAbove',
  'tool',
]);
const TOOL_EXAMPLE = "@AgentTool({ tool: 'payments.charge', … })";

/** What can be told of a mark before its first call. */
@Injectable()
export class MarkRules {
  readonly #names = new Map<string, { owner: object; where: string }>();

  constructor(
    @Inject(KNOWN_VENDORS) private readonly knownVendors: ReadonlyMap<string, string> | null,
    private readonly invocations: InvocationOpener,
  ) {}

  /** Every fault of a mark. */
  faultsOf(mark: AgentToolOptions, where: string): StartUpIssue[] {
    const { dailyUsdCap, allowedEndpoints, expiresIn, limits, approveAbove, tool } = mark;
    // Without a value where it is chosen for each invocation.
    const vendor = mark.vendor ?? this.invocations.defaultVendor;
    const kind = this.#kindOf(vendor);
    const faults: (PolicyIssue | undefined)[] = [
      typeof dailyUsdCap === 'function' ? undefined : dailyUsdCapFault(dailyUsdCap),
      ...(typeof allowedEndpoints === 'function'
        ? []
        : allowedEndpointsFaults(allowedEndpoints, kind, this.invocations.dialect)),
      typeof vendor === 'function'
        ? undefined
        : (vendorFault(vendor) ?? this.#unknownVendor(vendor)),
      expiresInFault(expiresIn),
      ...limitsFaults(limits, this.invocations.dialect, true),
      approveAboveFault(approveAbove, this.invocations.dialect),
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

  /** What a mark's account is at; `undefined` where that can be one thing or another. */
  #kindOf(vendor: AgentToolOptions['vendor']): string | undefined {
    const known = this.knownVendors;
    if (typeof vendor === 'string') return known?.get(vendor) ?? vendor;
    const kinds = new Set(known?.values());
    return kinds.size === 1 ? [...kinds][0] : undefined;
  }

  #unknownVendor(vendor: string | undefined): PolicyIssue | undefined {
    const known = this.knownVendors;
    if (vendor === undefined || known === null || known.has(vendor)) return undefined;
    const names = [...known.keys()].join(', ');
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
