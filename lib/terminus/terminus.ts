import type * as Terminus from '@nestjs/terminus';

/** @throws Error with the command to install it, where it is not there. */
export function loadTerminus(): typeof Terminus {
  try {
    return require('@nestjs/terminus') as typeof Terminus;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(
      'nestjs-vault-key/terminus needs the package @nestjs/terminus, which is not installed: npm install @nestjs/terminus',
    );
  }
}
