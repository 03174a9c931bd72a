import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { BrokerClient } from '../broker-client/broker-client';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { RevocationQueue } from '../vault-key/revocation-queue';
import { loadTerminus } from './terminus';

// At the import, so that a package that is not there is named before an application is half up.
const { HealthIndicatorService } = loadTerminus();

/** How long the broker may take to say that its store takes decisions. */
const BROKER_MS = 6_000;

/** What counts as healthy. */
export interface VaultKeyHealthOptions {
  /**
   * How many keys may wait to be revoked: more, and the indicator is down.
   *
   * @default any number: the backlog is only told
   */
  maxRevocationBacklog?: number;
}

/**
 * Tells `@nestjs/terminus` whether vault keys can be had: whether the broker is reachable and its store
 * takes decisions, and how many keys wait to be revoked. Provided by a module that imports
 * `TerminusModule`.
 *
 * A broker of the `keybrake` dialect has no call that says how it is: it is not asked, and the indicator
 * says so.
 *
 * @example
 * ```ts
 * @Controller('health')
 * export class HealthController {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly vaultKeys: VaultKeyHealthIndicator,
 *   ) {}
 *
 *   @Get()
 *   @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.vaultKeys.isHealthy('vaultKeys')]);
 *   }
 * }
 * ```
 */
@Injectable()
export class VaultKeyHealthIndicator {
  /** @internal */
  constructor(private readonly modules: ModuleRef) {}

  /**
   * Asks the broker, for six seconds at most.
   *
   * @param key The name of the indicator in the answer.
   */
  async isHealthy<Key extends string>(
    key: Key,
    { maxRevocationBacklog = Infinity }: VaultKeyHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const session = this.modules.get(HealthIndicatorService, { strict: false }).check(key);
    const { backlog, activeInvocations } = this.modules.get(RevocationQueue, { strict: false });
    const seen = { revocationBacklog: backlog, activeInvocations };
    try {
      const found = { ...(await this.#broker()), ...seen };
      if (backlog <= maxRevocationBacklog) return session.up(found);
      const message = `${backlog} keys wait to be revoked, more than ${maxRevocationBacklog}.`;
      return session.down({ ...found, message });
    } catch (error) {
      const message = error instanceof Error ? error.message : 'The broker could not be asked.';
      return session.down({ ...seen, message });
    }
  }

  async #broker(): Promise<Record<string, string>> {
    const client = this.modules.get(BrokerClient, { strict: false });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const why = `The broker has not answered within ${BROKER_MS / 1_000} s.`;
      timer = setTimeout(() => reject(new Error(why)), BROKER_MS);
    });
    try {
      const { kind, durability } = await Promise.race([client.state(), late]);
      return { broker: 'ready', store: kind, durability };
    } catch (error) {
      const isSilent =
        error instanceof CallRefusedException && error.code === 'dialect_not_supported';
      if (!isSilent) throw error;
      return { broker: 'not asked' };
    } finally {
      clearTimeout(timer);
    }
  }
}
