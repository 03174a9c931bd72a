import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFile } from '../../support/broker-process';
import type { Fault } from '../harness/fault';
import { query } from '../harness/stores';

const ROOT = join(__dirname, '../../..');
/** What was there before: a commit, or the `dist` of another build. */
const PREVIOUS = process.env['FAULTS_PREVIOUS'] ?? 'HEAD^';

let previous: { dist: string } | { reason: string } | undefined;

/** A build of the commit before this one: its packages are those of this one. */
function previousBuild(): { dist: string } | { reason: string } {
  return (previous ??= build());
}

function build(): { dist: string } | { reason: string } {
  if (existsSync(join(PREVIOUS, 'broker/cli/main.js'))) return { dist: PREVIOUS };
  const git = (...args: string[]): Buffer =>
    execFileSync('git', args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    });
  let commit: string;
  try {
    commit = git('rev-parse', '--verify', `${PREVIOUS}^{commit}`).toString().trim();
  } catch {
    return { reason: `there is no commit ${PREVIOUS} here` };
  }
  const folder = dirname(temporaryFile());
  // Not below the packages: what is there is compiled already to the compiler.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const archive = git(
    'archive',
    commit,
    'lib',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  );
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck'], {
    cwd: folder,
  });
  return { dist: join(folder, 'dist') };
}

const reasonNot = (): string | undefined => {
  const found = previousBuild();
  return 'reason' in found ? found.reason : undefined;
};

const distBefore = (): string => {
  const found = previousBuild();
  if ('reason' in found) throw new Error(found.reason);
  return found.dist;
};

const rolling: Fault = {
  name: 'a new version takes the place of the one before, one instance after the other, and back',
  on: ['postgres', 'sqlite'],
  cannotPlay: reasonNot,
  setting: { members: 2 },
  async strike(world) {
    const dist = distBefore();
    for (const change of [{ dist }, { dist: undefined }, { dist }, { dist: undefined }]) {
      for (const member of world.members) {
        const { code, stderr } = await member.stop();
        if (code !== 0) throw new Error(`${member.name} ended with ${code}: ${stderr}`);
        await member.start(change);
        await world.untilPaid(6);
      }
    }
    return 'old and new side by side, twice';
  },
};

const killedWhileRolling: Fault = {
  name: 'instances of the version before are killed, and a new one ends what they left',
  on: ['postgres', 'sqlite'],
  cannotPlay: reasonNot,
  setting: { members: 2 },
  async strike(world) {
    const dist = distBefore();
    for (const member of world.members) {
      await member.stop();
      await member.start({ dist });
    }
    await world.untilPaid(10);
    world.hasDeaths = true;
    for (const member of world.members) {
      await member.kill();
      await member.start({ dist: undefined });
    }
  },
};

const newerSchema: Fault = {
  name: 'a newer version has changed the schema: an old start is refused, and what runs goes on',
  on: ['postgres'],
  async strike(world) {
    const { other } = world;
    await query(world.url, 'INSERT INTO vault_key.versions VALUES (9999)');
    await other.stop();
    const { code, stderr } = await other.startRefused();
    await world.untilPaid(10);
    await query(world.url, 'DELETE FROM vault_key.versions WHERE version = 9999');
    await other.start();
    if (code !== 2 || !/9999/.test(stderr)) throw new Error(`it ended with ${code}: ${stderr}`);
    return stderr.trim().slice(0, 160);
  },
};

export const DEPLOY_FAULTS: readonly Fault[] = [rolling, killedWhileRolling, newerSchema];
