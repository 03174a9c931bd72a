import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary, run } from './command';
import { copyApp } from './workbench';

/** The ways TypeScript resolves a package, with the `module` each goes with. */
export const resolutions = [
  { moduleResolution: 'node10', module: 'commonjs' },
  { moduleResolution: 'node16', module: 'node16' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
] as const;

/**
 * Compiles `apps/types/consumer.ts` with an app's own TypeScript and returns what it complains
 * about: nothing, where every entry of the package resolves with its types.
 */
export async function complaints(
  app: string,
  resolution: (typeof resolutions)[number],
  compilerOptions: Record<string, unknown> = {},
): Promise<string> {
  await copyApp('types', join(app, 'types'));
  const config = join(app, 'types', `tsconfig.${resolution.moduleResolution}.json`);
  await writeFile(
    config,
    JSON.stringify({
      compilerOptions: {
        ...resolution,
        target: 'es2022',
        types: ['node'],
        strict: true,
        skipLibCheck: true,
        experimentalDecorators: true,
        noEmit: true,
        ...compilerOptions,
      },
      files: ['consumer.ts'],
    }),
  );
  return (await run(binary(app, 'tsc'), ['-p', config], { cwd: app })).stdout;
}
