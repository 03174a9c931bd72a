import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './command';

/** The checkout whose tarball is under test. */
export const checkout = resolve(__dirname, '../..');

const install = ['install', '--no-audit', '--no-fund', '--prefer-offline'];

/** The suite's one temporary folder; everything it installs lies there and goes with it. */
export function workbench(): string {
  return given('PACKAGING_WORKBENCH');
}

export function tarball(): string {
  return given('PACKAGING_TARBALL');
}

/** A folder of its own below the workbench, filled with the files of each `apps/<template>`. */
export async function createApp(name: string, ...templates: string[]): Promise<string> {
  const folder = join(workbench(), name);
  for (const template of templates) await copyApp(template, folder);
  return folder;
}

/** Lays the files of `apps/<name>` over a folder. */
export async function copyApp(name: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(join(__dirname, 'apps', name), folder, { recursive: true });
}

/** `npm install` as a person types it; resolves to what npm warned about, line by line. */
export async function npmInstall(folder: string, ...packages: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run('npm', [...install, ...packages], { cwd: folder });
  if (code !== 0) {
    throw new Error(`npm install ${packages.join(' ')} exited ${code}\n${stdout}\n${stderr}`);
  }
  return stderr.split('\n').filter((line) => line.startsWith('npm warn'));
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:packaging`);
  return value;
}
