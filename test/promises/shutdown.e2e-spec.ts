import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';

const CHARGES = 'POST /v1/payment_intents';

/** An application in a process of its own that is told to stop. */
class StoppingApp {
  readonly exit: Promise<unknown>;
  #events: AsyncIterator<unknown[]>;

  constructor(private readonly child: ChildProcess) {
    this.exit = once(child, 'exit');
    this.#events = on(child, 'message');
  }

  static start(vendor: StripeVendor, shutdownGrace: string, forceClose: boolean): StoppingApp {
    const { secretKey, url: baseUrl } = vendor;
    const options = {
      embedded: { vendors: { stripe: { secretKey, baseUrl } }, store: 'sqlite::memory:' },
      shutdownGrace,
    };
    const loader = join(__dirname, '../../bench/typescript.cjs');
    return new StoppingApp(
      spawn(process.execPath, ['--require', loader, join(__dirname, 'stopping-app')], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: {
          PATH: process.env['PATH'] ?? '',
          MODULE_OPTIONS: JSON.stringify(options),
          FORCE_CLOSE: forceClose ? 'yes' : 'no',
        },
      }),
    );
  }

  async told(): Promise<string> {
    const { value } = (await this.#events.next()) as { value: [string] };
    return value[0];
  }

  stop(how: string): void {
    if (how === 'SIGTERM') this.child.kill('SIGTERM');
    else this.child.send('close');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The data of a stream's events, as they come. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<string> {
  for await (const line of createInterface(response)) {
    if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

describe.each(['SIGTERM', 'app.close()'])('an application that is told to stop by %s', (how) => {
  let vendor: StripeVendor;
  let app: StoppingApp | undefined;

  beforeEach(async () => {
    vendor = await createStripeVendor();
  });
  afterEach(async () => {
    app?.kill();
    await app?.exit;
    await vendor.close();
  });

  async function streaming(url: string): Promise<[IncomingMessage, AsyncGenerator<string>]> {
    const [response] = (await once(get(`${url}/stream`), 'response')) as [IncomingMessage];
    const events = eventsOf(response);
    for (let i = 0; i < 3; i++) expect(await events.next()).toMatchObject({ value: 'charged' });
    return [response, events];
  }

  it('begins nothing more, ends what is at work, and cuts off the rest when its time is over', async () => {
    app = StoppingApp.start(vendor, '6s', true);
    const url = await app.told();
    const [response] = await streaming(url);
    const ended = new Promise((resolve) => response.on('error', resolve).on('close', resolve));
    const held = vendor.hold('POST /v1/customers');
    const atWork = fetch(`${url}/customer`, { method: 'POST' });
    await held.arrived;

    app.stop(how);
    expect(await app.told()).toBe('stopping');
    const refused = await fetch(`${url}/charge`, { method: 'POST' });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: 'vault_key_unavailable',
      message: expect.stringContaining('The application is shutting down') as string,
      retryable: true,
    });
    held.release();
    expect((await atWork).status).toBe(201);
    await Promise.all([ended, app.exit]);
  });

  it('charges nothing more in a stream that stays open', async () => {
    app = StoppingApp.start(vendor, '500ms', false);
    const [response, events] = await streaming(await app.told());
    app.stop(how);
    expect(await app.told()).toBe('stopping');
    let last: string | undefined;
    do last = ((await events.next()) as { value?: string }).value;
    while (last === 'charged');
    expect(last).toContain('was made while the application was shutting down');
    const charges = vendor.calls(CHARGES).length;
    // Nest waits for the client of the stream, and then the process ends.
    response.destroy();
    await app.exit;
    expect(vendor.calls(CHARGES)).toHaveLength(charges);
  });
});
