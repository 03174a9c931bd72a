import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { start, startProgram } from './processes.mjs';
import { STRIPE_SECRET_KEY } from './servers.mjs';

const READY_LIMIT_MS = 30_000;

/**
 * Everything that the broker is compared with and is found here: programs of the system, and a gateway
 * that is installed in a folder of its own.
 *
 * @returns For each its name, where charges go and with which headers, and its processes.
 */
export async function startAlternatives(vendorUrl, folder, others) {
  const found = [await startPassthrough(vendorUrl)];
  if (isThere('nginx', '-v')) found.push(await nginx(vendorUrl, folder));
  else leftOut('nginx');
  if (isThere('haproxy', '-v')) found.push(await haproxy(vendorUrl, folder));
  else leftOut('haproxy');
  const home = join(others ?? '', 'node_modules/express-gateway');
  const isInstalled = others !== undefined && existsSync(home);
  if (isInstalled) found.push(await expressGateway(vendorUrl, folder, home));
  else leftOut('express-gateway');
  return found;
}

/** Forwards on Node, and does nothing else. */
export async function startPassthrough(vendorUrl) {
  const { child, url } = await start('passthrough.mjs', {
    env: { VENDOR_URL: vendorUrl, STRIPE_SECRET_KEY },
  });
  return { name: 'undici passthrough', url, processes: [child] };
}

async function nginx(vendorUrl, folder) {
  const port = await freePort();
  const home = join(folder, 'nginx');
  await mkdir(home);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join('\n  ');
  await writeFile(
    join(home, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000;
  upstream vendor { server ${new URL(vendorUrl).host}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://vendor;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
      proxy_set_header Host ${new URL(vendorUrl).host};
      proxy_set_header Authorization "Bearer ${STRIPE_SECRET_KEY}";
    }
  }
}
`,
  );
  const child = startProgram('nginx', ['-p', home, '-c', join(home, 'nginx.conf')]);
  return ready({ name: 'nginx', port, processes: [child] });
}

async function haproxy(vendorUrl, folder) {
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  await writeFile(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend charges
  bind 127.0.0.1:${port}
  http-request set-header Authorization "Bearer ${STRIPE_SECRET_KEY}"
  default_backend vendor
backend vendor
  http-reuse always
  server vendor ${new URL(vendorUrl).host}
`,
  );
  const child = startProgram('haproxy', ['-f', file, '-db', '-q']);
  return ready({ name: 'haproxy', port, processes: [child] });
}

/** With key auth; it keeps its keys in a Redis that is emulated in its own process. */
async function expressGateway(vendorUrl, folder, packageFolder) {
  const [port, admin] = [await freePort(), await freePort()];
  const home = join(folder, 'express-gateway');
  await mkdir(home);
  await cp(join(packageFolder, 'lib/config/models'), join(home, 'models'), { recursive: true });
  await writeFile(
    join(home, 'gateway.config.yml'),
    `http: { port: ${port}, host: 127.0.0.1 }
admin: { port: ${admin}, host: 127.0.0.1 }
apiEndpoints: { api: { host: '*' } }
serviceEndpoints: { vendor: { url: '${vendorUrl}' } }
policies: [key-auth, proxy, request-transformer]
pipelines:
  charges:
    apiEndpoints: [api]
    policies:
      - key-auth: [ { action: { apiKeyHeader: x-api-key, apiKeyHeaderScheme: apiKey } } ]
      - request-transformer: [ { action: { headers: { add: { authorization: "'Bearer ${STRIPE_SECRET_KEY}'" } } } } ]
      - proxy: [ { action: { serviceEndpoint: vendor, changeOrigin: true } } ]
`,
  );
  await writeFile(
    join(home, 'system.config.yml'),
    `db: { redis: { emulate: true, namespace: EG } }
crypto: { cipherKey: sensitiveKey, algorithm: aes256, saltRounds: 10 }
session: { secret: keyboard cat, resave: false, saveUninitialized: false }
accessTokens: { timeToExpiry: 7200000 }
refreshTokens: { timeToExpiry: 7200000 }
authorizationCodes: { timeToExpiry: 300000 }
`,
  );
  const script = `require(${JSON.stringify(packageFolder)})().load(${JSON.stringify(home)}).run()`;
  const child = startProgram(process.execPath, ['-e', script], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', LOG_LEVEL: 'error' },
    cwd: home,
  });
  const gateway = await ready({ name: 'express-gateway', port, processes: [child] });
  const ask = async (path, body) => {
    const answer = await fetch(`http://127.0.0.1:${admin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`express-gateway: ${path}: ${await answer.text()}`);
    return answer.json();
  };
  await ask('/users', { username: 'bench', firstname: 'b', lastname: 'b' });
  const { keyId, keySecret } = await ask('/credentials', {
    consumerId: 'bench',
    type: 'key-auth',
    credential: {},
  });
  return { ...gateway, headers: { 'x-api-key': `apiKey ${keyId}:${keySecret}` } };
}

/** Waits until it takes connections. */
async function ready({ port, ...gateway }) {
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    try {
      await fetch(url);
      return { ...gateway, url };
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error(`${gateway.name} takes no connection`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function isThere(program, argument) {
  return spawnSync(program, [argument], { stdio: 'ignore' }).error === undefined;
}

function leftOut(name) {
  console.error(`${name} is not installed, and is left out`);
}
