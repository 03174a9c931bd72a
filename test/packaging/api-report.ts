import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import type { ExtractorMessage } from '@microsoft/api-extractor';

const ROOT = resolve(__dirname, '../..');
const REPORTS = join(ROOT, 'api');

const { exports: entries } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};

/** The public entries of the package, by the file in `api/` that lists what each exports. */
export const ENTRIES: readonly [report: string, types: string][] = Object.entries(entries).flatMap(
  ([name, target]): [string, string][] =>
    typeof target === 'string'
      ? []
      : [[`nestjs-vault-key${name.slice(1).replaceAll('/', '-')}.api.md`, target.types]],
);

/** Writes the report of one entry, or says what is different from it. */
export function reportOf(
  report: string,
  types: string,
  { update }: { update: boolean },
): { changed: boolean; messages: string[] } {
  const messages: string[] = [];
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, types),
      compiler: {
        overrideTsconfig: {
          extends: './tsconfig.json',
          include: [],
          files: [join(ROOT, types)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: REPORTS,
        reportTempFolder: join(ROOT, 'dist-api'),
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: update,
    messageCallback(message: ExtractorMessage) {
      message.handled = true;
      if (message.logLevel === 'error' || message.logLevel === 'warning') {
        messages.push(message.text);
      }
    },
  });
  return { changed: apiReportChanged, messages };
}
