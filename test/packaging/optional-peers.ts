/** Something an app cannot do before it has installed packages that the manifest calls optional. */
export type OptionalPeerUse = {
  /** As typed behind `npm install`, with a version where the newest is not the one. */
  packages: readonly string[];
  /** The same for NestJS 11, where it differs. */
  packagesForNest11?: readonly string[];
} & (
  | {
      /** The key in `exports` that needs them as soon as it is imported. */
      entry: string;
    }
  | {
      /** What needs them only when it is done, and the file in `apps/optional-peers` that does it. */
      use: string;
      file: string;
    }
);

/** Every optional peer has a row here, or below. */
export const optionalPeerUses: readonly OptionalPeerUse[] = [
  {
    use: 'a broker that is a server',
    file: './broker-server.mjs',
    packages: ['@nestjs/axios', 'axios'],
    packagesForNest11: ['@nestjs/axios@4', 'axios'],
  },
  { use: 'a store in PostgreSQL', file: './postgres.mjs', packages: ['pg'] },
  {
    use: "the application's metrics",
    file: './metrics.mjs',
    packages: ['prom-client'],
  },
  { use: 'a log in JSON', file: './json-log.mjs', packages: ['pino'] },
  {
    entry: './terminus',
    packages: ['@nestjs/terminus'],
    packagesForNest11: ['@nestjs/terminus@11'],
  },
  {
    use: 'events in the event emitter of an application',
    file: './event-emitter.mjs',
    packages: ['@nestjs/event-emitter'],
    packagesForNest11: ['@nestjs/event-emitter@3'],
  },
  { entry: './mcp', packages: ['@rekog/mcp-nest@^2'] },
  // The newest that the manifest allows, and the oldest.
  { entry: './stripe', packages: ['stripe@^23'], packagesForNest11: ['stripe@22.0.0'] },
];

/** What is used where it is installed, and is missed by nothing. */
export const silentPeers: readonly string[] = ['@opentelemetry/api'];

/**
 * Entries that load under Jest alone, which brings the packages they need. They are tried in the
 * specs of `apps/nest-11-cli`.
 */
export const jestEntries: readonly { entry: string; packages: readonly string[] }[] = [
  { entry: './testing/jest', packages: [] },
  { entry: './testing/jest-globals', packages: ['@jest/globals', 'expect'] },
];

/** The names of the optional peers that an entry needs. */
export function peersOf(entry: string): string[] {
  const rows = [...optionalPeerUses.filter((use) => 'entry' in use), ...jestEntries];
  return rows.filter((row) => row.entry === entry).flatMap(({ packages }) => packages.map(nameOf));
}

/** The package's name, without the version that may stand behind it. */
export function nameOf(installed: string): string {
  return installed.replace(/(?<=.)@.*$/, '');
}
