import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it reached the vendor, byte for byte. */
export interface ReceivedRequest {
  method: string;
  target: string;
  rawHeaders: readonly string[];
  body: string;
}

export type Respond = (
  req: IncomingMessage,
  res: ServerResponse,
  received: ReceivedRequest,
) => void;

/** A vendor made by hand, for what the offline Stripe cannot play: raw bytes, and answers no Stripe gives. */
export class RecordingVendor {
  readonly secretKey = 'sk_test_recording_vendor_0815';
  readonly received: ReceivedRequest[] = [];
  /** How it answers. */
  respond: Respond = (_req, res) => res.end('{}');
  readonly #server: Server;

  private constructor() {
    // Longer than a broker keeps idle connections, so that none meets a connection just being closed.
    this.#server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const received = {
          method: req.method ?? '',
          target: req.url ?? '',
          rawHeaders: req.rawHeaders,
          body: Buffer.concat(chunks).toString('latin1'),
        };
        this.received.push(received);
        this.respond(req, res, received);
      });
    });
  }

  static async start(): Promise<RecordingVendor> {
    const vendor = new RecordingVendor();
    vendor.#server.listen(0, '127.0.0.1');
    await once(vendor.#server, 'listening');
    return vendor;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.received.length = 0;
    this.respond = (_req, res) => res.end('{}');
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
