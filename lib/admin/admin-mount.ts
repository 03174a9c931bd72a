import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { Broker } from '../broker/broker';
import type { MountedManagement } from '../broker/http/mounted-management';
import type { RequestTaker } from './request-taker';
import type { VaultKeyAdminModuleOptions } from './vault-key-admin.options';

/** The mount of an application, which takes the requests at its path and below it. */
export class AdminMount implements RequestTaker {
  readonly #requests = new WeakMap<IncomingMessage, unknown>();
  #mounted: MountedManagement | undefined;

  constructor(private readonly path: string) {}

  /** Begins to answer. */
  open(
    broker: Broker,
    { operators, authorize, publicUrl, behindTls = false }: VaultKeyAdminModuleOptions,
  ): void {
    const logger = new Logger('VaultKeyAdmin');
    // Loaded here, so that an application whose broker is a server does not load it.
    const http =
      require('../broker/http/mounted-management') as typeof import('../broker/http/mounted-management');
    this.#mounted = new http.MountedManagement(broker, {
      mountPath: this.path,
      behindTls,
      ...(publicUrl === undefined ? {} : { publicUrl: new URL(publicUrl) }),
      ...(operators === undefined ? {} : { operators }),
      ...(authorize === undefined
        ? {}
        : {
            authorize: async (req: IncomingMessage) => {
              try {
                return await authorize(this.#requests.get(req));
              } catch (error) {
                logger.error(error);
                throw error;
              }
            },
          }),
      log: (line) => logger.warn(line),
    });
  }

  /** Ends its streams: the application stops. */
  drain(): void {
    this.#mounted?.drain();
  }

  takes(target: string): boolean {
    return target.startsWith(this.path) && /^(?:[/?]|$)/.test(target.slice(this.path.length));
  }

  async prepare(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    return this.#mounted === undefined || this.#mounted.prepare(req, res);
  }

  take(req: IncomingMessage, res: ServerResponse, target: string, request: unknown): void {
    this.#requests.set(req, request);
    this.#mounted?.handle(req, res, target);
  }
}
