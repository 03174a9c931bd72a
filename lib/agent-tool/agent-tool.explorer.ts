import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { VaultKeyExceptionFilter } from './vault-key-exception.filter';
import { InvocationOpener } from '../vault-key/invocation-opener';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { foreignMarkFault, isOwnMark } from '../vault-key/package-copies';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import {
  agentToolMark,
  agentToolMarks,
  markOwnMethod,
  shareMetadata,
} from './agent-tool.decorator';
import type { AgentToolOptions } from './agent-tool.options';
import { AgentToolInterceptor } from './agent-tool.interceptor';
import { AgentToolInvoker } from './agent-tool.invoker';
import { filterGateway, filterMessages } from './class-filters';
import { interceptGateway } from './gateway-interceptor';
import { MarkRules } from './mark-rules';
import { isHandler, isRoutedHost } from './routed-methods';
import { toolList } from './tool-list';
import { toolNameOf } from './tool-name';
import type { NamedMethod } from './tool-name';
import { bindClass, bindObject, unbindClass } from './tool-invoker';

interface Marked {
  /** `Class`, or `Class.method`. */
  where: string;
  marks: readonly AgentToolOptions[];
  ofClass: boolean;
}

/** A method that works under a mark. */
export interface MarkedMethod extends NamedMethod {
  /** `Class.method`. */
  where: string;
  /** The tool's name. */
  tool: string;
}

/** Applications whose tools were told, each by what it has one of. */
const told = new WeakSet<RevocationQueue>();

type Class = abstract new (...args: never[]) => object;

/**
 * Finds the marks of an application before it takes its first call: those that are invalid keep
 * it from starting, and objects whose methods are marked learn whose invocations they open.
 */
@Injectable()
export class AgentToolExplorer implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('AgentTool');
  readonly #marked = new Map<Class, readonly Marked[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly invoker: AgentToolInvoker,
    private readonly rules: MarkRules,
    private readonly queue: RevocationQueue,
    private readonly invocations: InvocationOpener,
    filter: VaultKeyExceptionFilter,
    interceptor: AgentToolInterceptor,
  ) {
    // Before the objects are made: one that calls its own marked method as it is made is served
    // too.
    for (const { metatype } of this.#wrappers()) {
      if (!isClass(metatype)) continue;
      filterGateway(metatype, filter);
      if (!this.#isMarked(metatype)) continue;
      bindClass(metatype, this.invoker);
      interceptGateway(metatype, interceptor);
      filterMessages(metatype, this.#methodsOf(metatype), filter);
    }
  }

  /** @throws VaultKeyStartUpException with every fault of every mark. */
  onModuleInit(): void {
    for (const { instance } of this.#wrappers()) {
      const host = classOf(instance);
      if (host === undefined || !this.#isMarked(host)) continue;
      bindClass(host, this.invoker);
      bindObject(instance as object, this.invoker);
      for (const name of this.#methodsOf(host)) markOwnMethod(instance as object, name);
    }
    const faults = new Map<string, StartUpIssue>();
    for (const [host, marked] of this.#marked) {
      for (const name of this.#methodsOf(host)) shareMetadata(host.prototype as object, name);
      for (const fault of marked.flatMap((each) => this.#faultsOf(each, host))) {
        faults.set(`${fault.where} ${fault.message}`, fault);
      }
    }
    for (const named of this.markedMethods()) {
      if (agentToolMarks(named.method).length === 0 && !isHandler(named.method)) continue;
      for (const fault of this.rules.nameFaultsOf(named, named.where)) {
        faults.set(`${fault.where} ${fault.message}`, fault);
      }
    }
    if (faults.size > 0) throw new VaultKeyStartUpException([...faults.values()]);
    this.#tellTools();
  }

  onApplicationShutdown(): void {
    for (const host of this.#marked.keys()) unbindClass(host, this.invoker);
  }

  /** Every method that works under a mark, its own or its class's. */
  markedMethods(): MarkedMethod[] {
    return [...this.#marked.keys()].flatMap((host) => {
      const prototype = host.prototype as Record<string, object>;
      return this.#methodsOf(host).flatMap((name) => {
        const method = prototype[name] ?? {};
        const mark = agentToolMark(method, host);
        if (mark === undefined) return [];
        const tool = toolNameOf({ mark, host, key: name, method });
        return [{ where: `${host.name}.${name}`, key: name, tool, method, host, mark }];
      });
    });
  }

  /** Once, however often the module is imported. */
  #tellTools(): void {
    if (told.has(this.queue)) return;
    told.add(this.queue);
    const list = toolList(this.markedMethods());
    if (list === undefined) return;
    this.#logger.log(list);
    if (!this.invocations.lacksBudgets) return;
    this.#logger.warn(
      'The option budgets is not set: each invocation has a whole cap of its own, so a tool that is called a thousand times may spend a thousand caps, unless an operator has set budgets. For example: budgets: { user: 500 }',
    );
  }

  #wrappers() {
    return [...this.discovery.getControllers(), ...this.discovery.getProviders()];
  }

  #methodsOf(host: Class): string[] {
    return this.scanner.getAllMethodNames(host.prototype as object);
  }

  /** Whether a class or a method of it is marked; remembers what is. */
  #isMarked(host: Class): boolean {
    const known = this.#marked.get(host);
    if (known !== undefined) return known.length > 0;
    const prototype = host.prototype as Record<string, object>;
    const methods = this.#methodsOf(host).map((name) => {
      shareMetadata(prototype, name);
      const marks = agentToolMarks(prototype[name] ?? {});
      return { where: `${host.name}.${name}`, marks, ofClass: false };
    });
    const ofClass = { where: host.name, marks: agentToolMarks(host), ofClass: true };
    const marked = [ofClass, ...methods].filter(({ marks }) => marks.length > 0);
    this.#marked.set(host, marked);
    return marked.length > 0;
  }

  #faultsOf({ where, marks, ofClass }: Marked, host: Class): StartUpIssue[] {
    if (!marks.every(isOwnMark)) return [foreignMarkFault(where)];
    const faults = marks.flatMap((mark) => this.rules.faultsOf(mark, where));
    if (marks.length > 1) {
      faults.unshift({
        where,
        message: 'is marked with @AgentTool more than once, and has room for one key',
        example:
          'one @AgentTool whose allowedEndpoints names them all; for a second account, VaultKeyService.run({ vendor, … }, work) inside',
      });
    }
    if (ofClass && !isRoutedHost(host)) {
      faults.unshift({
        where,
        message:
          'is marked with @AgentTool as a class, which applies to the handlers of a controller, gateway or resolver, and it is not one',
        example: '@AgentTool on each method that is to have a key',
      });
    }
    return faults;
  }
}

function isClass(metatype: unknown): metatype is Class {
  return (
    typeof metatype === 'function' &&
    typeof metatype.prototype === 'object' &&
    metatype.prototype !== null
  );
}

function classOf(instance: unknown): Class | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as { constructor?: unknown } | null;
  const host = prototype?.constructor;
  return isClass(host) && host.prototype === prototype ? host : undefined;
}
