import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { BrokerOperator, VaultKeyModule } from '../../lib/index';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import { brokerOf } from '../support/broker-of';

type Phase = 'factory' | 'onModuleInit' | 'onApplicationBootstrap' | 'never';

/** An application on a store, which fails in a phase of its start that is none of this package's. */
function appModule(file: string, fails: Phase): DynamicModule {
  @Injectable()
  class Neighbour implements OnModuleInit, OnApplicationBootstrap {
    onModuleInit(): void {
      if (fails === 'onModuleInit') throw new Error('the neighbour fails');
    }

    onApplicationBootstrap(): void {
      if (fails === 'onApplicationBootstrap') throw new Error('the neighbour fails');
    }
  }
  const late = {
    provide: 'LATE',
    inject: [BrokerOperator],
    useFactory: () => {
      if (fails === 'factory') throw new Error('the neighbour fails');
      return true;
    },
  };
  @Module({})
  class App {}
  return {
    module: App,
    imports: [
      VaultKeyModule.forRoot({
        embedded: {
          store: `sqlite:${file}`,
          vendors: { stripe: { secretKey: 'sk_test_lifetime', baseUrl: 'http://127.0.0.1:9' } },
        },
      }),
    ],
    providers: [Neighbour, late],
  };
}

const start = (file: string, fails: Phase = 'never') =>
  NestFactory.createApplicationContext(appModule(file, fails), {
    abortOnError: false,
    logger: false,
  });

describe('an application whose start fails elsewhere', () => {
  it.each<Phase>(['factory', 'onModuleInit'])(
    'in %s keeps its store from no later one of the process',
    async (fails) => {
      const file = temporaryFile();
      await expect(start(file, fails)).rejects.toThrow('the neighbour fails');
      const app = await start(file);
      expect(await brokerOf(app).state()).toMatchObject({ kind: 'sqlite' });
      await app.close();
    },
  );

  it('in its last hooks gives its store back when it is closed', async () => {
    const file = temporaryFile();
    const failed = await NestFactory.create(appModule(file, 'onApplicationBootstrap'), {
      abortOnError: false,
      logger: false,
    });
    await expect(failed.init()).rejects.toThrow('the neighbour fails');
    await failed.close();
    await (await start(file)).close();
  });

  it('in a testing module too', async () => {
    const file = temporaryFile();
    const failing = Test.createTestingModule({ imports: [appModule(file, 'factory')] }).compile();
    await expect(failing).rejects.toThrow('the neighbour fails');
    const module = await Test.createTestingModule({
      imports: [appModule(file, 'never')],
    }).compile();
    await (await module.init()).close();
  });
});

describe('a store', () => {
  it('is another application’s, and another process’s, once its own is closed', async () => {
    const file = temporaryFile();
    for (let i = 0; i < 2; i++) await (await start(file)).close();
    const broker = await BrokerProcess.start({ store: `sqlite:${file}` });
    expect((await broker.kill('SIGTERM')).code).toBe(0);
  });

  it('is waited for while its application stops', async () => {
    const file = temporaryFile();
    const first = await start(file);
    const second = start(file);
    const closed = first.close();
    await (await second).close();
    await closed;
  });

  it('of an application that works is not given away: the refusal names file, process and what to do', async () => {
    const file = temporaryFile();
    const app = await start(file);
    // Both wait for its end before they give up.
    const running = BrokerProcess.run({ store: `sqlite:${file}` });
    await expect(start(file)).rejects.toThrow(
      `The store ${file} is in use by another broker of this very process (${process.pid}): a SQLite store has one process. To share it, run vault-key-broker beside the applications and give each of them broker: { url, token }`,
    );
    expect(await brokerOf(app).state()).toMatchObject({ kind: 'sqlite' });
    const other = await running;
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(`in use by process ${process.pid}`);
    await app.close();
  });
});
