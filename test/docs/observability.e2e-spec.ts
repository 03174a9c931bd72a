import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ADDED_LATENCY, MEASURES } from '../../lib/broker/metrics/measures';
import { createStripeVendor } from '../../lib/testing/index';
import { BrokerProcess, send, temporaryFile } from '../support/broker-process';
import { BrokerServer } from '../support/broker-server';
import { ROOT, blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, HEALTH, METRICS, PAGE } from './given/observability';

checkBlocks(PAGE, BLOCKS);

const text = readFileSync(join(ROOT, PAGE), 'utf8');

it('the application with a registry and a health check answers both', async () => {
  process.env['STRIPE_SECRET_KEY'] = 'sk_test_of_the_page';
  const { AppModule } = blockWith(PAGE, METRICS).run(['AppModule']);
  const { HealthModule } = blockWith(PAGE, HEALTH).run(['HealthModule']);
  delete process.env['STRIPE_SECRET_KEY'];
  const here = process.cwd();
  // The store of the page is in the folder that the application runs in.
  process.chdir(dirname(temporaryFile()));
  try {
    const module = await Test.createTestingModule({
      imports: [AppModule as Type, HealthModule as Type],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await metrics.text()).toContain('vault_key_live_keys 0');
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await app.close();
  } finally {
    process.chdir(here);
  }
});

it('the command traces with the file of the page', async () => {
  const [, code = ''] = /^```js\n([\s\S]*?)^```/m.exec(text) ?? [];
  expect(text).toContain("NODE_OPTIONS='--require ./otel.js' npx vault-key-broker");
  // Beside the packages that it needs, as a reader's is.
  const file = join(ROOT, 'test/docs', `otel-${process.pid}.cjs`);
  // Told at once, so that the test has nothing to wait for.
  writeFileSync(file, code.replaceAll('BatchSpanProcessor', 'SimpleSpanProcessor'));
  try {
    const broker = await BrokerProcess.start({ env: { NODE_OPTIONS: `--require ${file}` } });
    await send(broker.url, 'GET', '/v1/keys');
    await broker.says("name: 'GET'");
    const { code: exit, stdout } = await broker.kill('SIGTERM');
    expect(exit).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^vault-key-broker listening on /);
  } finally {
    rmSync(file);
  }
});

it('names every metric, as Prometheus and as OpenTelemetry have them', async () => {
  const vendor = await createStripeVendor();
  const broker = await BrokerServer.start(vendor);
  const { text: scraped } = await broker.api('GET', '/metrics');
  const names = [...scraped.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
  const otel = [...MEASURES, ADDED_LATENCY].map((measure) => `\`${measure.otel}\``);
  expect(otel.filter((name) => !text.includes(name))).toEqual([]);
  await broker.close();
  await vendor.close();
});
