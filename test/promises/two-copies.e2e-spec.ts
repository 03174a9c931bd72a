import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** What an application does whose tools and whose module come from two loads of the package. */
const appOf = (load: string, inject: string): string => `
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
const { AgentTool, ProxiedStripeService } = require('./a/lib/index');
${load}

@Controller()
class Tools {
  constructor(${inject}) {}
  @Get()
  @AgentTool({ dailyUsdCap: 5, allowedEndpoints: ['/v1/charges'] })
  charge() {}
}

@Module({
  imports: [
    VaultKeyModule.forRoot({
      embedded: { vendors: { stripe: { secretKey: 'sk_test_1' } }, store: 'sqlite::memory:' },
    }),
  ],
  controllers: [Tools],
})
class AppModule {}

void NestFactory.create(AppModule, { logger: ['error'] })
  .then((app) => app.init())
  .then((app) => app.close());
`;
const OTHER_PLACE = "const { VaultKeyModule } = require('./b/lib/index');";
const AGAIN = `
for (const file of Object.keys(require.cache)) if (file.includes('/a/lib/')) delete require.cache[file];
const { VaultKeyModule } = require('./a/lib/index');
`;

describe('an application with two copies of the package', () => {
  let folder: string;

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'two-copies-')));
    for (const copy of ['a', 'b'])
      cpSync(join(ROOT, 'dist'), join(folder, copy, 'lib'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function started(source: string): Promise<string> {
    const file = join(folder, 'app.ts');
    writeFileSync(file, source);
    return new Promise((done) => {
      const args = ['--require', join(ROOT, 'bench/typescript.cjs'), file];
      const env = { PATH: process.env['PATH'] };
      execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
        done(`${error?.code ?? 0}\n${stdout}${stderr}`),
      );
    });
  }

  it.each([
    ['marks alone', ''],
    ['services too', 'private readonly stripe: InstanceType<typeof ProxiedStripeService>'],
  ])(
    'from two places, whose tools use the %s, does not start, and both are named',
    async (_what, inject) => {
      const output = await started(appOf(OTHER_PLACE, inject));
      expect(output).toMatch(/^1\n/);
      expect(output).toContain(
        `nestjs-vault-key is loaded in 2 copies, of which none knows what another one marks: ${folder}/a and ${folder}/b.`,
      );
    },
  );

  it('from one place, loaded twice, does not start either', async () => {
    const output = await started(appOf(AGAIN, ''));
    expect(output).toMatch(/^1\n/);
    expect(output).toContain(
      `Tools.charge is marked by the @AgentTool of another copy of nestjs-vault-key than VaultKeyModule is of (loaded from ${folder}/a).`,
    );
  });

  it('of which it loads one starts', async () => {
    const load = "const { VaultKeyModule } = require('./a/lib/index');";
    expect(await started(appOf(load, ''))).toBe('0\n');
  });
});
