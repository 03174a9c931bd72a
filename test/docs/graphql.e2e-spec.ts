import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { GraphQLModule, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AgentTool, CurrentVaultKey } from '../../lib/index';
import { VaultKeyTestingModule } from '../../lib/testing/index';
import { blockWith, checkBlocks } from './code-blocks';
import { BLOCKS, FIELDS, FILES, PAGE, RESOLVER, typeDefs } from './given/graphql';
import { brokerOf } from '../support/broker-of';

checkBlocks(PAGE, BLOCKS);

@Resolver('Payment')
class PayerResolver {
  constructor(private readonly vaultKey: CurrentVaultKey) {}

  @ResolveField()
  @AgentTool({ dailyUsdCap: 1, allowedEndpoints: ['GET /v1/customers/*'] })
  payer(@Parent() _payment: unknown) {
    return this.vaultKey.get().userId;
  }
}

const adapters = { Express: ExpressAdapter, Fastify: FastifyAdapter };

describe.each(Object.keys(adapters) as (keyof typeof adapters)[])('on %s', (platform) => {
  let app: INestApplication;

  beforeAll(async () => {
    const { PaymentResolver } = blockWith(PAGE, RESOLVER).run(['PaymentResolver'], {
      files: FILES,
    });
    const module = await Test.createTestingModule({
      imports: [VaultKeyTestingModule.forRoot(), graphQLModule()],
      providers: [PaymentResolver as Type, PayerResolver],
    }).compile();
    app = module.createNestApplication(new adapters[platform]());
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  async function ask(query: string) {
    const answer = await fetch(`${await app.getUrl()}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-session': 'ada',
        'x-agent-run-id': 'run-1',
      },
      body: JSON.stringify({ query }),
    });
    return (await answer.json()) as {
      data: Record<string, unknown>;
      errors?: { extensions: object }[];
    };
  }

  it('resolvers that run at once charge with a key each, and field resolvers have theirs', async () => {
    const { data, errors } = await ask(
      'mutation { a: charge(amount: 1250, paymentMethod: "pm_card_visa") { amount } b: charge(amount: 900, paymentMethod: "pm_card_visa") { payer } }',
    );
    expect([data, errors]).toEqual([{ a: { amount: 1250 }, b: { payer: 'ada' } }, undefined]);
    const { keys } = await brokerOf(app).keys({ run_id: 'run-1' });
    const spends = keys.map(({ subject, spent_usd }) => `${subject?.tool} ${spent_usd}`);
    expect(new Set(spends)).toEqual(
      new Set(['PaymentResolver.charge 12.5', 'PaymentResolver.charge 9', 'PayerResolver.payer 0']),
    );
  });

  it('a refusal is the one that is shown', async () => {
    const page = readFileSync(join(__dirname, '../..', PAGE), 'utf8');
    const shown = JSON.parse(/^```json\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '') as object;
    expect(
      await ask('mutation { charge(amount: 50001, paymentMethod: "pm_card_visa") { id } }'),
    ).toMatchObject(shown);
  });
});

/** The module as the page has it, with the schema of this test. */
function graphQLModule(): DynamicModule {
  const forRoot = GraphQLModule.forRoot.bind(GraphQLModule);
  const spy = jest
    .spyOn(GraphQLModule, 'forRoot')
    .mockImplementation(({ typePaths: _typePaths, ...options } = {}) =>
      forRoot<ApolloDriverConfig>({
        ...options,
        driver: ApolloDriver,
        typeDefs,
        graphiql: false,
        includeStacktraceInErrorResponses: false,
      }),
    );
  const { GraphQL } = blockWith(PAGE, FIELDS).run(['GraphQL']);
  spy.mockRestore();
  return GraphQL as DynamicModule;
}
