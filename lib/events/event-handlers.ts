import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { BrokerClient } from '../broker-client/broker-client';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import { handledKinds } from './on-vault-key-event.decorator';
import type { HandledKind } from './on-vault-key-event.decorator';
import type { VaultKeyEvent } from './vault-key-event';
import { VaultKeyEvents, isEventKind } from './vault-key-events';

interface Handler {
  where: string;
  kind: HandledKind;
  /** Absent where there is no one object that has the method. */
  call?: (event: VaultKeyEvent) => unknown;
}

/** Calls the methods that are marked with `@OnVaultKeyEvent`. */
@Injectable()
export class EventHandlers implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('VaultKeyEvents');
  readonly #subscription = new Subscription();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly events: VaultKeyEvents,
    private readonly client: BrokerClient,
  ) {}

  /** @throws VaultKeyStartUpException with every mark that cannot be served. */
  onApplicationBootstrap(): void {
    const handlers = this.#handlers();
    const faults = handlers.flatMap((each) => this.#faultsOf(each));
    if (faults.length > 0) throw new VaultKeyStartUpException(faults);
    for (const handler of handlers) {
      const { kind } = handler;
      const source = kind === '*' ? this.events.all$ : this.events.of(kind);
      this.#subscription.add(
        source.subscribe({
          next: (event) => void this.#handle(handler, event),
          error: () => this.#logger.error(`${handler.where} is called with no more events`),
        }),
      );
    }
  }

  onApplicationShutdown(): void {
    this.#subscription.unsubscribe();
  }

  async #handle({ where, call }: Handler, event: VaultKeyEvent): Promise<void> {
    try {
      await call?.(event);
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#logger.error(`${where} failed with an event of kind ${event.kind}: ${why}`);
    }
  }

  #handlers(): Handler[] {
    const wrappers = [...this.discovery.getControllers(), ...this.discovery.getProviders()];
    const known = new Set<unknown>();
    return wrappers.flatMap((wrapper) => {
      const object: unknown = wrapper.instance;
      if (typeof object !== 'object' || object === null || known.has(object)) return [];
      known.add(object);
      return this.#handlersOf(object, wrapper.isDependencyTreeStatic());
    });
  }

  #handlersOf(object: object, isStatic: boolean): Handler[] {
    const prototype = Object.getPrototypeOf(object) as Record<string, unknown> | null;
    if (prototype === null || prototype === Object.prototype) return [];
    const { name } = (prototype.constructor ?? {}) as { name?: string };
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const method = prototype[key];
      if (typeof method !== 'function') return [];
      return handledKinds(method).map((kind): Handler => {
        const where = `${name ?? 'a class'}.${key}`;
        const own = object as Record<string, (event: VaultKeyEvent) => unknown>;
        return isStatic ? { where, kind, call: (event) => own[key]?.(event) } : { where, kind };
      });
    });
  }

  #faultsOf({ where, kind, call }: Handler): StartUpIssue[] {
    if (kind !== '*' && !isEventKind(kind)) {
      const message = `is marked with @OnVaultKeyEvent('${String(kind)}'), which is no kind of events`;
      return [{ where, message, example: "@OnVaultKeyEvent('threshold')" }];
    }
    if (call === undefined) {
      const message =
        'is marked with @OnVaultKeyEvent in a class that is made for each request: an event comes with no request';
      return [{ where, message, example: 'the mark in a provider of the default scope' }];
    }
    if (this.client.dialect === 'keybrake') {
      const message =
        'is marked with @OnVaultKeyEvent, and a broker of the "keybrake" dialect tells no events';
      return [{ where, message, example: 'a vault-key-broker of your own, or `embedded`' }];
    }
    return [];
  }
}
