import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { Broker } from '../broker/broker';
import type { ProxyAnswer } from '../broker/forwarding/proxy-answer';
import type { BrokerOptions } from '../broker/broker.options';
import { BrokerRefusal, storeUnavailable } from '../broker/refusal';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { readIssueRefusal, readManagementRefusal, refusesLease } from './refusal-reader';
import type { Answer } from './refusal-reader';
import { VaultKeyInvalidException } from '../exceptions/vault-key-invalid.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { BrokerClient } from './broker-client';
import type {
  Brake,
  BrakeRequest,
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  KeyState,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client';
import { brakeBody, ownIssueFields, readBrakes, readBrake, readKeyState } from './management-wire';

const OWN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
]);

/** The broker in this process: each call is a function call, and no socket is opened for it. */
export class EmbeddedBrokerClient extends BrokerClient {
  readonly dialect: BrokerDialect = 'vault-key';
  /**
   * Opens the store.
   * Waits up to 10 s for another broker that has it and is stopping.
   *
   * @param onClose Called once the broker is closed.
   * @throws Error where the options are invalid, or the store cannot be opened.
   */
  static async open(
    options: BrokerOptions,
    onClose: () => Promise<void> = async () => {},
  ): Promise<EmbeddedBrokerClient> {
    // Loaded here, so that an application whose broker is a server needs no SQLite driver.
    const core = require('../broker/broker') as typeof import('../broker/broker');
    const logger = new Logger('VaultKeyBroker');
    const life = { isNeeded: false };
    const broker = await core.Broker.open(options, {
      log: (line) => logger.warn(line),
      givesWay: () => !life.isNeeded,
    });
    return new EmbeddedBrokerClient(broker, options, life, onClose);
  }

  readonly #options: BrokerOptions;

  private constructor(
    /** The broker behind this client. */
    readonly broker: Broker,
    options: BrokerOptions,
    private readonly life: { isNeeded: boolean },
    private readonly onClose: () => Promise<void>,
  ) {
    super();
    this.#options = options;
  }

  /** What the broker was opened with. Holds secrets: never log it. */
  get options(): BrokerOptions {
    return this.#options;
  }

  /** Whether an application works with it: a later one of this process does not get its store. */
  set isNeeded(isNeeded: boolean) {
    this.life.isNeeded = isNeeded;
  }

  /**
   * Whether the broker is not to be reached through this client, as one that is down: no key is
   * issued, no call is forwarded, no question answered. What ends keys still reaches it, so that an
   * application can shut down.
   */
  isDown = false;

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    const askedAt = Date.now();
    try {
      if (this.isDown) throw storeUnavailable();
      const { id, token, kind, lifeMs } = await this.broker.issueForOwnWork({
        label: request.label,
        vendor: request.vendor,
        daily_usd_cap: request.dailyUsdCap,
        allowed_endpoints: request.allowedEndpoints,
        expires_in: request.expiresIn,
        ...ownIssueFields(request),
      });
      return { issued: true, key: { id, token, kind, expiresAt: new Date(askedAt + lifeMs) } };
    } catch (error) {
      return notIssued(error);
    }
  }

  async revoke(ids: readonly string[]): Promise<RevokeResult> {
    try {
      await this.broker.revokeOwn(ids);
      return { ended: ids, failed: [] };
    } catch (error) {
      const reason =
        error instanceof BrokerRefusal
          ? `the broker refused: ${error.code}`
          : 'the embedded broker failed';
      return { ended: [], failed: ids.map((id) => ({ id, reason })) };
    }
  }

  async forward(call: VendorCall): Promise<VendorAnswer> {
    if (this.isDown) return vendorAnswerOf(storeUnavailable());
    const rawHeaders = ['authorization', `Bearer ${call.token}`];
    const { headers: given } = call;
    for (const name in given) {
      const value = given[name];
      if (value !== undefined && !OWN_HEADERS.has(name.toLowerCase())) rawHeaders.push(name, value);
    }
    const answer = await this.broker.forward({
      vendor: call.vendor,
      method: call.method,
      target: call.target,
      rawHeaders,
      ...(call.body === undefined ? {} : { body: Buffer.from(call.body) }),
    });
    const { headers } = answer;
    for (const name in headers) {
      const value = headers[name];
      if (Array.isArray(value)) headers[name] = value.join(', ');
    }
    return answer as ProxyAnswer & { headers: Record<string, string> };
  }

  override async keyState({ token, vendor }: { token: string; vendor: string }): Promise<KeyState> {
    const view = await this.#ask('what remains under a cap', () => this.broker.currentKey(token), {
      401: () => new VaultKeyInvalidException({ vendor }),
    });
    return readKeyState(view) ?? unreadable();
  }

  override async brake(request: BrakeRequest): Promise<Brake> {
    const view = await this.#ask('to put a brake', () => this.broker.brake(brakeBody(request)));
    return readBrake(view) ?? unreadable();
  }

  override async lift(brakeId: string): Promise<void> {
    await this.#ask('to lift a brake', () => this.broker.lift(brakeId), {
      404: () => CallRefusedException.noSuchBrake(brakeId),
    });
  }

  override async brakes(): Promise<readonly Brake[]> {
    const list = await this.#ask('which brakes are active', () => this.broker.brakes());
    return readBrakes(list) ?? unreadable();
  }

  override async beginLease(ttlSeconds: number): Promise<string> {
    const begun = () => this.broker.leases.begin({ ttl_seconds: ttlSeconds });
    return (await this.#ask('for a lease', begun)).id;
  }

  override async renewLease(leaseId: string): Promise<boolean> {
    try {
      if (this.isDown) throw storeUnavailable();
      await this.broker.leases.renew(leaseId);
      return true;
    } catch (error) {
      if (error instanceof BrokerRefusal && error.status === 404) return false;
      throw refused('to renew a lease', error);
    }
  }

  override async endLease(leaseId: string): Promise<void> {
    try {
      await this.broker.leases.end(leaseId);
    } catch (error) {
      if (error instanceof BrokerRefusal && error.status === 404) return;
      throw refused('to end a lease', error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.broker.close();
    } finally {
      await this.onClose();
    }
  }

  async #ask<T>(
    what: string,
    ask: () => Promise<T>,
    meanings: Readonly<Record<number, () => VaultKeyException>> = {},
  ): Promise<T> {
    try {
      if (this.isDown) throw storeUnavailable();
      return await ask();
    } catch (error) {
      const meaning = error instanceof BrokerRefusal ? meanings[error.status] : undefined;
      throw meaning === undefined ? refused(what, error) : meaning();
    }
  }
}

function notIssued(error: unknown): Extract<IssueResult, { issued: false }> {
  if (!(error instanceof BrokerRefusal)) {
    return {
      issued: false,
      error: new VaultKeyUnavailableException({
        message: 'The embedded broker could not issue a vault key. Try again in a moment.',
        cause: error,
      }),
    };
  }
  const answer = answerOf(error);
  return {
    issued: false,
    error: readIssueRefusal(answer),
    ...(refusesLease(answer) ? { leaseRefused: true } : {}),
  };
}

function refused(what: string, error: unknown): VaultKeyException {
  if (error instanceof BrokerRefusal) return readManagementRefusal(answerOf(error), what);
  return new VaultKeyUnavailableException({
    message: `The embedded broker was asked ${what} and failed. Try again in a moment.`,
    cause: error,
  });
}

/** A refusal of the broker in this process, as its management API answers it. */
export function answerOf(refusal: BrokerRefusal): Answer {
  const body: unknown = JSON.parse(refusal.toBody());
  return { status: refusal.status, headers: refusal.toHeaders(), body };
}

/** A refusal, as the broker's proxy answers it. */
function vendorAnswerOf(refusal: BrokerRefusal): VendorAnswer {
  const body = Readable.from([Buffer.from(refusal.toBody())], { objectMode: false });
  return { status: refusal.status, headers: refusal.toHeaders(), body };
}

function unreadable(): never {
  throw new VaultKeyUnavailableException({
    message: 'The embedded broker gave an answer that cannot be read.',
  });
}
