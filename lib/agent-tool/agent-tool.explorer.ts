import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { BrokerClient } from '../broker-client/broker-client';
import {
  allowedEndpointsFaults,
  dailyUsdCapFault,
  expiresInFault,
  vendorFault,
  DEFAULT_VENDOR,
} from '../vault-key/vault-key-policy';
import type { PolicyFault } from '../vault-key/vault-key-policy';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import type { StartUpFault } from '../vault-key/vault-key-start-up.exception';
import { agentToolMarks } from './agent-tool.decorator';
import type { AgentToolOptions } from './agent-tool.decorator';

/** The token of the vendors the broker is known to serve; `null` where only the broker knows. */
export const KNOWN_VENDORS = Symbol.for('nestjs-vault-key:known-vendors');

type Marked = abstract new (...args: never[]) => object;

const OPTIONS: ReadonlySet<string> = new Set([
  'dailyUsdCap',
  'allowedEndpoints',
  'vendor',
  'expiresIn',
]);

/** Finds the marks that are not sound before the application takes its first call. */
@Injectable()
export class AgentToolExplorer implements OnModuleInit {
  readonly #logger = new Logger('AgentTool');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly client: BrokerClient,
    @Inject(KNOWN_VENDORS) private readonly knownVendors: ReadonlySet<string> | null,
  ) {}

  /** @throws VaultKeyStartUpException with every fault of every mark. */
  onModuleInit(): void {
    const faults = new Map<string, StartUpFault>();
    for (const fault of this.#classes('getControllers').flatMap((host) => this.#faultsIn(host))) {
      faults.set(`${fault.where} ${fault.message}`, fault);
    }
    for (const host of this.#classes('getProviders')) {
      for (const fault of this.#faultsIn(host))
        faults.set(`${fault.where} ${fault.message}`, fault);
      for (const { where } of this.#marksIn(host)) {
        this.#logger.warn(
          `${where} is marked with @AgentTool and is not a controller's: the mark gives a key only where Nest routes an HTTP call to it, and elsewhere it does nothing. Wrap such work in VaultKeyService.run(policy, work).`,
        );
      }
    }
    if (faults.size > 0) throw new VaultKeyStartUpException([...faults.values()]);
  }

  #classes(kind: 'getControllers' | 'getProviders'): Marked[] {
    const classes = new Set<Marked>();
    for (const { metatype } of this.discovery[kind]()) {
      if (typeof metatype === 'function' && typeof metatype.prototype === 'object') {
        classes.add(metatype as Marked);
      }
    }
    return [...classes];
  }

  /** What is marked in a class, by name, with the marks each has. */
  #marksIn(host: Marked): { where: string; marks: readonly AgentToolOptions[] }[] {
    const prototype = host.prototype as Record<string, object>;
    const methods = this.scanner.getAllMethodNames(prototype).map((method) => ({
      where: `${host.name}.${method}`,
      marks: agentToolMarks(prototype[method] ?? {}),
    }));
    return [{ where: host.name, marks: agentToolMarks(host) }, ...methods].filter(
      ({ marks }) => marks.length > 0,
    );
  }

  #faultsIn(host: Marked): StartUpFault[] {
    return this.#marksIn(host).flatMap(({ where, marks }) => {
      const faults = marks.flatMap((mark) => this.#faultsOf(mark, where));
      if (marks.length > 1) {
        faults.unshift({
          where,
          message: 'is marked with @AgentTool more than once, and has room for one key',
          example: 'one @AgentTool whose allowedEndpoints names them all',
        });
      }
      return faults;
    });
  }

  #faultsOf(mark: AgentToolOptions, where: string): StartUpFault[] {
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
