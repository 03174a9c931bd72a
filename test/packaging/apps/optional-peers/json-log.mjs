// The command with its log in JSON; it is ended once it listens.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const broker = spawn(
  'node_modules/.bin/vault-key-broker',
  ['--port', '0', '--store', 'sqlite::memory:', '--log-format', 'json'],
  {
    env: {
      ...process.env,
      KEYBRAKE_TOKEN: 'packaging-suite-token-of-forty-characters',
      STRIPE_SECRET_KEY: 'sk_test_offline',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  },
);
let said = '';
broker.stderr.on('data', (chunk) => (said += chunk));
broker.stdout.once('data', () => broker.kill());
const [code] = await once(broker, 'close');
if (code !== 0) throw new Error(said.trim());
