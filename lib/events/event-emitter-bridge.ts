import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import { VaultKeyEvents } from './vault-key-events';

const OPTION = 'eventEmitter';

/** What of `EventEmitter2` is used. */
interface Emitter {
  emit(name: string, event: unknown): boolean;
}

/** Hands events to the application's `EventEmitter2`, as `vault-key.threshold` and so on. */
@Injectable()
export class EventEmitterBridge implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('VaultKeyEvents');
  readonly #subscription = new Subscription();

  /** @param isWanted Whether the options say so. */
  constructor(
    private readonly events: VaultKeyEvents,
    private readonly application: ModuleRef,
    private readonly isWanted: boolean,
  ) {}

  /** @throws VaultKeyStartUpException where there is no emitter. */
  onApplicationBootstrap(): void {
    if (!this.isWanted) return;
    const emitter = this.#emitter();
    this.#subscription.add(
      this.events.all$.subscribe({
        next: (event) => {
          try {
            emitter.emit(`vault-key.${event.kind}`, event);
          } catch (error) {
            this.#logger.error(`a listener of vault-key.${event.kind} failed: ${String(error)}`);
          }
        },
        error: () => this.#logger.error('the event emitter is given no more events'),
      }),
    );
  }

  onApplicationShutdown(): void {
    this.#subscription.unsubscribe();
  }

  #emitter(): Emitter {
    let token: new () => Emitter;
    try {
      ({ EventEmitter2: token } = require('@nestjs/event-emitter') as {
        EventEmitter2: new () => Emitter;
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
      throw new VaultKeyStartUpException([
        {
          where: OPTION,
          message: 'needs the package @nestjs/event-emitter, which is not installed',
          example: 'npm install @nestjs/event-emitter',
        },
      ]);
    }
    try {
      return this.application.get(token, { strict: false });
    } catch {
      throw new VaultKeyStartUpException([
        {
          where: OPTION,
          message: 'needs EventEmitterModule, which the application does not import',
          example: 'imports: [EventEmitterModule.forRoot(), VaultKeyModule.forRoot({ … })]',
        },
      ]);
    }
  }
}
