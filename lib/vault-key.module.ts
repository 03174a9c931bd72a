import { isDeepStrictEqual } from 'node:util';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  APP_INTERCEPTOR,
  ApplicationConfig,
  DiscoveryModule,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core';
import { ClsModule } from 'nestjs-cls';
import { AgentToolExplorer } from './agent-tool/agent-tool.explorer';
import { AgentToolInterceptor } from './agent-tool/agent-tool.interceptor';
import { AgentToolInvoker } from './agent-tool/agent-tool.invoker';
import { IDENTIFY_AGENT, identifyNobody } from './agent-tool/identity';
import type { IdentifyAgent } from './agent-tool/identity';
import { KNOWN_VENDORS, MarkRules } from './agent-tool/mark-rules';
import { BrokerClient } from './broker-client/broker-client';
import { BrokerLifetime } from './broker-client/broker-lifetime';
import { EmbeddedBrokerClient } from './broker-client/embedded-broker.client';
import { openOffline } from './broker-client/offline-stripe';
import { BrokerOperator } from './broker-operator/broker-operator';
import { EventEmitterBridge } from './events/event-emitter-bridge';
import { EventHandlers } from './events/event-handlers';
import { VaultKeyEvents } from './events/vault-key-events';
import { EmbeddedBrokerOperator, absentBrokerOperator } from './broker-operator/embedded-operator';
import type { HttpBrokerClientOptions } from './broker-client/http-broker.options';
import { VaultKeyExceptionFilter } from './agent-tool/vault-key-exception.filter';
import { RemainingSpendReport } from './remaining-spend/remaining-spend.report';
import { ProxiedStripeService } from './stripe/proxied-stripe.service';
import { STRIPE_CLIENT, newStripeClient } from './stripe/stripe-client.token';
import { ConfigurableModuleClass, VAULT_KEY_MODULE_OPTIONS } from './vault-key.module-definition';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './vault-key.module-definition';
import type { VaultKeyModuleOptions } from './vault-key.options';
import { resolveVaultKeyOptions } from './vault-key.resolved-options';
import type { ResolvedVaultKeyOptions } from './vault-key.resolved-options';
import { BrakeService } from './vault-key/brake.service';
import { registerApp } from './telemetry/app-metrics';
import { CurrentVaultKey } from './vault-key/current-vault-key';
import { GracefulStop } from './vault-key/graceful-stop';
import { InstanceLease } from './vault-key/instance-lease';
import { KEY_TERMS } from './vault-key/key-terms';
import type { KeyTerms } from './vault-key/key-terms';
import { copiesFault } from './vault-key/package-copies';
import { RevocationQueue } from './vault-key/revocation-queue';
import { InvocationOpener } from './vault-key/invocation-opener';
import { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';
import { VaultKeyService } from './vault-key/vault-key.service';

/** What an application has one of, however often the module is imported in it. */
interface Shared {
  readonly options: ResolvedVaultKeyOptions;
  client?: Promise<BrokerClient>;
  terms?: KeyTerms;
  stop?: GracefulStop;
  queue?: RevocationQueue;
  operator?: BrokerOperator;
  stripe?: object;
  events?: VaultKeyEvents;
}

const RESOLVED_OPTIONS = Symbol.for('nestjs-vault-key:resolved-options');
const SHARED = Symbol.for('nestjs-vault-key:shared');
const filtered = new WeakSet<ApplicationConfig>();
const sharedByApplication = new WeakMap<ModulesContainer, Shared>();

/** Provides everything, and alone registers what is global. */
@Module({
  imports: [ClsModule, DiscoveryModule],
  providers: [
    {
      provide: SHARED,
      inject: [VAULT_KEY_MODULE_OPTIONS, ModulesContainer],
      useFactory: sharedFor,
    },
    {
      provide: RESOLVED_OPTIONS,
      inject: [SHARED],
      useFactory: ({ options }: Shared): ResolvedVaultKeyOptions => options,
    },
    {
      provide: BrokerClient,
      inject: [SHARED],
      useFactory: (shared: Shared): Promise<BrokerClient> =>
        (shared.client ??= clientFor(shared.options)),
    },
    {
      provide: KEY_TERMS,
      inject: [SHARED, BrokerClient],
      useFactory: (shared: Shared, client: BrokerClient): KeyTerms =>
        (shared.terms ??= termsOf(shared.options, client)),
    },
    {
      provide: GracefulStop,
      inject: [SHARED],
      useFactory: (shared: Shared): GracefulStop =>
        (shared.stop ??= new GracefulStop(shared.options.shutdownGraceMs)),
    },
    {
      provide: RevocationQueue,
      inject: [SHARED, BrokerClient, KEY_TERMS, GracefulStop],
      useFactory: (
        shared: Shared,
        client: BrokerClient,
        { lease }: KeyTerms,
        stop: GracefulStop,
      ): RevocationQueue => (shared.queue ??= new RevocationQueue(client, lease, stop)),
    },
    {
      provide: BrokerOperator,
      inject: [SHARED, BrokerClient],
      useFactory: (shared: Shared, client: BrokerClient): BrokerOperator =>
        (shared.operator ??=
          client instanceof EmbeddedBrokerClient
            ? new EmbeddedBrokerOperator(client)
            : absentBrokerOperator()),
    },
    {
      provide: IDENTIFY_AGENT,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ identify }: ResolvedVaultKeyOptions): IdentifyAgent =>
        identify ?? identifyNobody,
    },
    {
      provide: KNOWN_VENDORS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ embedded }: ResolvedVaultKeyOptions): ReadonlyMap<string, string> | null =>
        embedded === undefined
          ? null
          : new Map(
              Object.entries(embedded.vendors).map(([name, { kind = name }]) => [name, kind]),
            ),
    },
    {
      // Made with the application: nobody asks for it.
      provide: Symbol.for('nestjs-vault-key:metrics'),
      inject: [RESOLVED_OPTIONS, BrokerClient, RevocationQueue],
      useFactory: (
        { metricsRegistry }: ResolvedVaultKeyOptions,
        client: BrokerClient,
        queue: RevocationQueue,
      ): boolean => {
        if (metricsRegistry === undefined) return false;
        registerApp(metricsRegistry, client, queue);
        return true;
      },
    },
    BrokerLifetime,
    InvocationOpener,
    VaultKeyService,
    CurrentVaultKey,
    BrakeService,
    ProxiedStripeService,
    {
      provide: STRIPE_CLIENT,
      inject: [SHARED, CurrentVaultKey],
      useFactory: (shared: Shared, vaultKeys: CurrentVaultKey): object | undefined =>
        (shared.stripe ??= newStripeClient(vaultKeys)),
    },
    {
      provide: VaultKeyEvents,
      inject: [SHARED, BrokerClient],
      useFactory: (shared: Shared, client: BrokerClient): VaultKeyEvents =>
        (shared.events ??= new VaultKeyEvents(client)),
    },
    {
      provide: EventEmitterBridge,
      inject: [SHARED, VaultKeyEvents, ModuleRef],
      useFactory: (shared: Shared, events: VaultKeyEvents, application: ModuleRef) =>
        new EventEmitterBridge(events, application, shared.options.eventEmitter === true),
    },
    EventHandlers,
    MarkRules,
    AgentToolInvoker,
    AgentToolExplorer,
    RemainingSpendReport,
    AgentToolInterceptor,
    { provide: APP_INTERCEPTOR, useExisting: AgentToolInterceptor },
    VaultKeyExceptionFilter,
  ],
  exports: [
    VaultKeyService,
    CurrentVaultKey,
    BrakeService,
    ProxiedStripeService,
    STRIPE_CLIENT,
    BrokerOperator,
    VaultKeyEvents,
    RevocationQueue,
    RemainingSpendReport,
    // What @UseInterceptors(AgentToolInterceptor) and VaultKeyMiddleware need in the module of
    // any user of them.
    AgentToolInvoker,
    IDENTIFY_AGENT,
    MarkRules,
  ],
})
class VaultKeyRootModule {
  constructor(
    @Inject(ApplicationConfig) application: ApplicationConfig,
    @Inject(VaultKeyExceptionFilter) filter: VaultKeyExceptionFilter,
  ) {
    if (filtered.has(application)) return;
    filtered.add(application);
    // Nest asks the last filter first, and an APP_FILTER of this module would come after all of
    // the application's, whose own are put in place only when every module has been made.
    application.getGlobalFilters().unshift(filter);
  }
}

/**
 * Gives every handler marked with `@AgentTool` a short-lived, capped vault key for each invocation.
 * Imported twice with the same options it does what it does once.
 */
@Module({})
export class VaultKeyModule extends ConfigurableModuleClass {
  /**
   * Configures the module with what is known when the file is loaded.
   *
   * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
   * @example
   * VaultKeyModule.forRoot({
   *   broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN },
   * })
   *
   * @example
   * // the broker in this process, without an account anywhere
   * VaultKeyModule.forRoot({
   *   embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } },
   * })
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return facade(super.forRoot(options));
  }

  /**
   * Configures the module with what other providers know: `useFactory` with `inject`, or a class
   * with a method `createVaultKeyOptions` as `useClass` or `useExisting`.
   *
   * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
   * @example
   * VaultKeyModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({
   *     broker: { url: config.getOrThrow('KEYBRAKE_URL'), token: config.getOrThrow('KEYBRAKE_TOKEN') },
   *   }),
   * })
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return facade(super.forRootAsync(options));
  }
}

/** @throws VaultKeyStartUpException where the process has several copies of the package. */
function refuseCopies(): void {
  const fault = copiesFault();
  if (fault !== undefined) throw new VaultKeyStartUpException([fault]);
}

function facade({ module, global, imports, providers }: DynamicModule): DynamicModule {
  // Before Nest looks for what another copy's classes inject, and does not find it.
  refuseCopies();
  const root: DynamicModule = { module: VaultKeyRootModule, imports, providers };
  return { module, global, imports: [root], exports: [VaultKeyRootModule] };
}

function sharedFor(given: VaultKeyModuleOptions, application: ModulesContainer): Shared {
  refuseCopies();
  const options = resolveVaultKeyOptions(given);
  const shared = sharedByApplication.get(application);
  if (shared === undefined) {
    const first: Shared = { options };
    sharedByApplication.set(application, first);
    return first;
  }
  if (isDeepStrictEqual(shared.options, options)) return shared;
  throw new VaultKeyStartUpException([
    {
      where: 'VaultKeyModule',
      message:
        'is imported twice with different options, and an application has one broker: import it once, in the root module',
    },
  ]);
}

async function clientFor(options: ResolvedVaultKeyOptions): Promise<BrokerClient> {
  if (options.embedded === undefined) return httpClient(options.broker);
  const { embedded, isOffline = false } = options;
  return embeddedClient(() =>
    isOffline ? openOffline(embedded) : EmbeddedBrokerClient.open(embedded),
  );
}

function termsOf(
  { account, budgets, budgetsMode, leaseTtlSeconds }: ResolvedVaultKeyOptions,
  client: BrokerClient,
): KeyTerms {
  return {
    ...(account === undefined ? {} : { account }),
    ...(budgets === undefined ? {} : { budgets }),
    ...(budgetsMode === undefined ? {} : { budgetsMode }),
    ...(leaseTtlSeconds === undefined ? {} : { lease: new InstanceLease(client, leaseTtlSeconds) }),
  };
}

async function embeddedClient(open: () => Promise<BrokerClient>): Promise<BrokerClient> {
  try {
    return await open();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    const isDriver = error instanceof Error && error.name === 'SqliteDriverError';
    throw new VaultKeyStartUpException([
      { where: isDriver ? 'embedded' : 'embedded.store', message: `cannot be used: ${why}` },
    ]);
  }
}

/** Only an application whose broker is a server needs an HTTP client installed. */
function httpClient(options: HttpBrokerClientOptions): BrokerClient {
  let loaded: typeof import('./broker-client/http-broker.client');
  try {
    loaded = require('./broker-client/http-broker.client') as typeof loaded;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new VaultKeyStartUpException([
      {
        where: 'broker',
        message:
          'is a server, and calling it needs the packages @nestjs/axios and axios, which are not installed',
        example: 'npm install @nestjs/axios axios (with NestJS 11: @nestjs/axios@4)',
      },
    ]);
  }
  return loaded.httpBrokerClient(options);
}
