import { succeed } from './command';
import { installTarball, itIsInstalledCleanly, itPlaysTheScenario } from './every-app';
import type { App } from './every-app';
import { createApp } from './workbench';

let app: App;

beforeAll(async () => {
  const folder = await createApp('nest-12-commonjs', 'nest-12', 'scenario');
  app = await installTarball(folder);
  await succeed('npm', ['run', 'build'], { cwd: folder });
});

describe('a Nest 12 app of CommonJS modules, compiled with skipLibCheck: false', () => {
  itIsInstalledCleanly(() => app);

  itPlaysTheScenario(() => app);
});
