import { Logger } from '@nestjs/common';
import type { BrokerClient } from '../broker-client/broker-client';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';

/** The parts of its life at which a lease is renewed, and tried again where that failed. */
const RENEW_AT = 1 / 3;
const RETRY_AT = 1 / 10;
/** How far from the exact moment, either way, so that many instances do not ask at once. */
const JITTER = 0.1;

/**
 * The lease of this instance of the application: its keys are issued under it, and all end with it.
 * Begun before the first key, renewed for as long as the process lives.
 */
export class InstanceLease {
  readonly #client: BrokerClient;
  readonly #ttlSeconds: number;
  readonly #logger = new Logger('VaultKeyLease');
  #id: string | undefined;
  #beginning: Promise<string> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #missed = false;
  #ended = false;

  constructor(client: BrokerClient, ttlSeconds: number) {
    this.#client = client;
    this.#ttlSeconds = ttlSeconds;
  }

  /**
   * The id of the lease; begins one where no lease runs.
   *
   * @throws VaultKeyUnavailableException if none can be obtained.
   */
  hold(): Promise<string> {
    if (this.#ended) {
      const message = 'The application is shutting down, so no vault key was asked for.';
      return Promise.reject(new VaultKeyUnavailableException({ message }));
    }
    if (this.#id !== undefined) return Promise.resolve(this.#id);
    this.#beginning ??= this.#begin().finally(() => (this.#beginning = undefined));
    return this.#beginning;
  }

  /** The broker says that a lease is over: the next key is issued under a new one. */
  lapsed(id: string): void {
    if (this.#id !== id) return;
    clearTimeout(this.#timer);
    this.#id = undefined;
    this.#logger.warn(
      'The lease of this application has lapsed, or the broker has lost it: every key issued under it has stopped working. The next key comes under a new one.',
    );
  }

  /** Ends the lease, and with it every key that is left. Never rejects. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const id = this.#id ?? (await this.#beginning?.catch(() => undefined));
    clearTimeout(this.#timer);
    this.#id = undefined;
    if (id === undefined) return;
    try {
      await this.#client.endLease(id);
    } catch (error) {
      this.#logger.warn(
        `The lease of this application could not be ended (${messageOf(error)}); it lapses within ${this.#ttlSeconds} s.`,
      );
    }
  }

  async #begin(): Promise<string> {
    const id = await this.#client.beginLease(this.#ttlSeconds);
    this.#id = id;
    this.#missed = false;
    this.#renewAt(RENEW_AT, id);
    return id;
  }

  async #renew(id: string): Promise<void> {
    try {
      const lives = await this.#client.renewLease(id);
      if (this.#id !== id) return;
      if (!lives) return this.lapsed(id);
      this.#missed = false;
      this.#renewAt(RENEW_AT, id);
    } catch (error) {
      if (this.#id !== id) return;
      if (!this.#missed) {
        this.#logger.warn(
          `The lease of this application could not be renewed (${messageOf(error)}); trying again. Its keys stop working ${this.#ttlSeconds} s after the last renewal.`,
        );
      }
      this.#missed = true;
      this.#renewAt(RETRY_AT, id);
    }
  }

  #renewAt(part: number, id: string): void {
    if (this.#ended) return;
    const spread = 1 + JITTER * (2 * Math.random() - 1);
    const ms = this.#ttlSeconds * 1_000 * part * spread;
    this.#timer = setTimeout(() => void this.#renew(id), ms).unref();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
