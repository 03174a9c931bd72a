import { spawn } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { VaultKeyModuleOptions } from '../../lib/index';
import { createStripeVendor } from '../../lib/testing/index';
import type { StripeVendor } from '../../lib/testing/index';
import { killedAfterSuite } from '../support/child-processes';
import { startStoppingApp } from './stopping-app';

const CHARGES = 'POST /v1/payment_intents';

/** An application that is told to stop. */
interface StoppingApp {
  /** Resolves once it has stopped. */
  exit: Promise<unknown>;
  /** Says what it told next. */
  told(): Promise<string>;
  stop(): void;
}

type Start = (options: VaultKeyModuleOptions, forceClose: boolean) => StoppingApp;

function toldBy(events: NodeJS.EventEmitter): () => Promise<string> {
  const told = on(events, 'message');
  return async () => ((await told.next()) as { value: [string] }).value[0];
}

const children = killedAfterSuite();

const STARTS: Record<string, Start> = {
  SIGTERM(options, forceClose) {
    const loader = join(__dirname, '../../bench/typescript.cjs');
    const args = ['--require', loader, join(__dirname, 'stopping-app')];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'] ?? '',
        MODULE_OPTIONS: JSON.stringify(options),
        FORCE_CLOSE: forceClose ? 'yes' : 'no',
      },
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return { exit: once(child, 'exit'), told: toldBy(child), stop: () => child.kill('SIGTERM') };
  },

  'app.close()'(options, forceClose) {
    const events = new EventEmitter();
    const told = toldBy(events);
    const app = startStoppingApp(options, forceClose, (event) => events.emit('message', event));
    let ended!: (closed: Promise<void>) => void;
    const exit = new Promise<void>((resolve) => (ended = resolve));
    return { exit, told, stop: () => ended(app.then((each) => each.close())) };
  },
};

/** The data of a stream's events, as they come. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<string> {
  for await (const line of createInterface(response)) {
    if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

describe.each(Object.entries(STARTS))(
  'an application that is told to stop by %s',
  (_how, start) => {
    let vendor: StripeVendor;

    beforeEach(async () => {
      vendor = await createStripeVendor();
    });
    afterEach(() => vendor.close());

    function started(shutdownGrace: string, forceClose: boolean): StoppingApp {
      const stripe = { secretKey: vendor.secretKey, baseUrl: vendor.url };
      const embedded = { vendors: { stripe }, store: 'sqlite::memory:' };
      return start({ embedded, shutdownGrace }, forceClose);
    }

    async function streaming(url: string): Promise<[IncomingMessage, AsyncGenerator<string>]> {
      const [response] = (await once(get(`${url}/stream`), 'response')) as [IncomingMessage];
      const events = eventsOf(response);
      for (let i = 0; i < 3; i++) expect(await events.next()).toMatchObject({ value: 'charged' });
      return [response, events];
    }

    it('begins nothing more, ends what is at work, and cuts off the rest when its time is over', async () => {
      const app = started('6s', true);
      const url = await app.told();
      const [response] = await streaming(url);
      const ended = new Promise((resolve) => response.on('error', resolve).on('close', resolve));
      const held = vendor.hold('POST /v1/customers');
      const atWork = fetch(`${url}/customer`, { method: 'POST' });
      await held.arrived;

      app.stop();
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
      const app = started('500ms', false);
      const [response, events] = await streaming(await app.told());
      app.stop();
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
  },
);
