import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Broker } from '../../lib/broker/broker';
import type { BrokerHost } from '../../lib/broker/broker.host';
import type { BrokerOptions } from '../../lib/broker/broker.options';
import type { VendorRules } from '../../lib/broker/vendor.options';
import { createBrokerServer } from '../../lib/broker/http/broker-server';
import type { BrokerServerOptions } from '../../lib/broker/http/broker-server';
import { MANAGEMENT_TOKEN, RunningBroker, temporaryFile } from './broker-process';

/** How it is set up. */
export interface BrokerServerSettings extends Partial<BrokerOptions> {
  store?: string;
  rules?: VendorRules;
  host?: BrokerHost;
  /** Added to the settings of the server. */
  server?: Partial<BrokerServerOptions>;
}

const running = new Set<BrokerServer>();

afterAll(async () => {
  await Promise.all([...running].map((broker) => broker.close()));
});

/**
 * A broker that listens on loopback from the test's own process: for what has nothing to do with
 * how the command starts, ends or is told its settings. It ends with the suite.
 */
export class BrokerServer extends RunningBroker {
  private constructor(
    readonly broker: Broker,
    private readonly server: Server,
    private readonly vendor: { url: string; secretKey: string },
    readonly store: string,
  ) {
    super();
    running.add(this);
  }

  static async start(
    vendor: { url: string; secretKey: string },
    {
      store = `sqlite:${temporaryFile()}`,
      rules = {},
      host = {},
      server: settings = {},
      ...options
    }: BrokerServerSettings = {},
  ): Promise<BrokerServer> {
    const stripe = { ...rules, secretKey: vendor.secretKey, baseUrl: vendor.url };
    const broker = await Broker.open({ ...options, store, vendors: { stripe } }, host);
    const server = createBrokerServer(broker, { token: MANAGEMENT_TOKEN, ...settings });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BrokerServer(broker, server, vendor, store);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends it in an orderly way. */
  async close(): Promise<void> {
    if (!running.delete(this)) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
    await this.broker.close();
  }

  /** Starts it again on the same store, once it has been closed. */
  restart(): Promise<BrokerServer> {
    return BrokerServer.start(this.vendor, { store: this.store });
  }
}
