import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, HttpServer, NestModule, OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { BrokerClient } from '../broker-client/broker-client';
import { EmbeddedBrokerClient } from '../broker-client/embedded-broker.client';
import type { Broker } from '../broker/broker';
import { isRecord } from '../contract/is-record';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import { DEFAULT_PATH, adminOptionFaults } from './admin-option-faults';
import { AdminMount } from './admin-mount';
import { prepareEarly, takeRequests } from './request-taker';
import {
  ConfigurableAdminModule,
  VAULT_KEY_ADMIN_MODULE_OPTIONS,
} from './vault-key-admin.module-definition';
import type {
  ADMIN_ASYNC_OPTIONS_TYPE,
  ADMIN_OPTIONS_TYPE,
} from './vault-key-admin.module-definition';
import type { VaultKeyAdminModuleOptions } from './vault-key-admin.options';

const NAME = 'VaultKeyAdminModule';

/**
 * Mounts the operators' page and the management API of the embedded broker below a path of the application: what
 * `vault-key-broker` serves at `/` and `/v1`, without issuing, revoking and leases, which are the application's own.
 * Over Express, Fastify, and each adapter that has `use`. The application's global prefix, body parsers and CORS
 * are not the mount's; middleware of `app.use(…)` runs before it.
 */
@Module({})
export class VaultKeyAdminModule
  extends ConfigurableAdminModule
  implements NestModule, OnModuleDestroy
{
  readonly #mount: AdminMount;

  /**
   * Configures the mount with what is known when the file is loaded.
   *
   * @throws VaultKeyStartUpException when the application starts, with every fault of the options; and where the
   * broker of the application is a server, which has a page of its own.
   * @example
   * VaultKeyAdminModule.forRoot({
   *   path: '/vault-keys',
   *   operators: [{ name: 'ann', role: 'admin', tokenHashes: [process.env.ANN_TOKEN_HASH ?? ''] }],
   * })
   *
   * @example
   * // the application's own log-in decides
   * VaultKeyAdminModule.forRoot({
   *   authorize: ({ user }) => (user?.isStaff ? { name: user.email, role: 'operator' } : undefined),
   *   publicUrl: 'https://app.example.com',
   * })
   */
  static override forRoot(options: typeof ADMIN_OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Configures the mount with what other providers know: `useFactory` with `inject`, `useClass`, `useExisting`. */
  static override forRootAsync(options: typeof ADMIN_ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  constructor(
    @Inject(VAULT_KEY_ADMIN_MODULE_OPTIONS) private readonly options: VaultKeyAdminModuleOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    super();
    const { path = DEFAULT_PATH } = isRecord(options) ? options : {};
    this.#mount = new AdminMount(String(path));
    // At once, or once the application has its adapter: before anyone registers middleware.
    const isReady = host.init$ as typeof host.init$ | undefined;
    isReady?.subscribe(() => {
      const adapter = this.#adapter;
      if (adapter !== undefined) prepareEarly(adapter, this.#mount);
    });
  }

  /** Mounts. Called by Nest. */
  configure(): void {
    const adapter = this.#adapter;
    // An application without a server has nothing to mount on.
    if (adapter === undefined) return;
    const { options } = this;
    const faults = adminOptionFaults(options);
    const broker = this.#broker(faults);
    if (broker === undefined || faults.length > 0) throw new VaultKeyStartUpException(faults);
    this.#mount.open(broker, options);
    if (takeRequests(adapter, this.#mount)) return;
    throw new VaultKeyStartUpException([
      {
        where: NAME,
        message: `cannot be mounted on the HTTP adapter ${adapter.constructor.name}, which has no use()`,
      },
    ]);
  }

  /** The first hook of a shutdown, before Nest waits for the server's connections. Called by Nest. */
  onModuleDestroy(): void {
    this.#mount.drain();
  }

  get #adapter(): HttpServer | undefined {
    return (this.host.httpAdapter as HttpServer | null | undefined) ?? undefined;
  }

  /** The broker in the application's process; a fault where it has no such broker. */
  #broker(faults: StartUpIssue[]): Broker | undefined {
    const client = this.#client();
    if (client instanceof EmbeddedBrokerClient) return client.broker;
    faults.push({
      where: NAME,
      ...(client === undefined
        ? {
            message: 'needs VaultKeyModule with `embedded`, and the application does not import it',
            example:
              'imports: [VaultKeyModule.forRoot({ embedded: … }), VaultKeyAdminModule.forRoot({ … })]',
          }
        : {
            message:
              "mounts the broker that is embedded, and the application's broker is a server: vault-key-broker serves its page itself, at its own URL",
          }),
    });
    return undefined;
  }

  #client(): BrokerClient | undefined {
    try {
      return this.modules.get(BrokerClient, { strict: false });
    } catch {
      return undefined;
    }
  }
}
