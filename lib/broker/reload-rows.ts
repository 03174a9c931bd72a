import { isDeepStrictEqual } from 'node:util';
import { SECRET_OPTIONS } from './accounts/secrets';
import type { VendorOptions } from './accounts/account';
import type { ReloadOptions, ReloadSettings } from './broker.options';
import type { Ledger } from './ledger/ledger';
import { changeRow } from './ledger/rules/audit-rows';
import type { Log } from './log';
import type { Actor } from './operators/actor';

/** What is set under a name. */
interface Setting {
  /** What it is told by, when it is another one. */
  said: unknown;
  secret?: unknown;
}

/** The settings that a reload may change, by their names in words: `operator ann (admin)`. */
type NamedSettings = ReadonlyMap<string, Setting>;

/** How many changes the audit log names. */
const MAX_NAMED = 20;

/** The audit rows of reloads: which settings each has changed, by name. */
export class ReloadRows {
  /** Some of it is secret. */
  #named: NamedSettings;

  constructor(
    private readonly ledger: Pick<Ledger, 'record' | 'now'>,
    private readonly log: Log | undefined,
    options: ReloadOptions,
    settings: ReloadSettings,
  ) {
    this.#named = namedSettings(options, settings);
  }

  /**
   * Writes the row of a reload that has changed something.
   *
   * @param also What else was changed with it, in words.
   */
  note(
    { options, settings }: { options: ReloadOptions; settings: ReloadSettings },
    by: Actor,
    also: readonly string[],
  ): void {
    const before = this.#named;
    this.#named = namedSettings(options, settings, before);
    const changes = [...changesOf(before, this.#named), ...also];
    if (changes.length === 0) return;
    const row = changeRow('reload', this.ledger.now(), { by });
    const words = changesText(changes);
    this.ledger.record({ ...row, new_value: words }).catch((error: unknown) => {
      const why = (error as Error).message;
      this.log?.(`a reload has no row in the audit log (${words}): ${why}`, 'error');
    });
  }
}

/** @param before Where no operators are given, those of before stay. */
function namedSettings(
  options: ReloadOptions,
  { operators, accounts, webhooks, thresholds, callsPerKey }: ReloadSettings,
  before: NamedSettings = new Map(),
): NamedSettings {
  const all = new Map<string, Setting>();
  for (const { name, role, tokenHashes } of operators ?? []) {
    all.set(`operator ${name} (${role})`, { said: tokenHashes });
  }
  if (operators === undefined) {
    for (const [name, each] of before) if (name.startsWith('operator ')) all.set(name, each);
  }
  for (const [name, { secrets }] of accounts) {
    all.set(`vendor ${name}`, { said: withoutSecrets(options.vendors[name]), secret: secrets });
  }
  for (const { name, target, kinds, secrets } of webhooks) {
    all.set(`webhook ${name}`, { said: [target, kinds], secret: secrets });
  }
  all.set('thresholds', { said: thresholds });
  all.set('limits', { said: callsPerKey });
  return all;
}

/** What differs, in words: names alone, and no secret. */
function changesOf(before: NamedSettings, after: NamedSettings): string[] {
  const removed = [...before.keys()].filter((name) => !after.has(name));
  return [
    ...removed.map((name) => `${name} removed`),
    ...[...after].flatMap(([name, { said, secret }]): string[] => {
      const was = before.get(name);
      if (was === undefined) return [`${name} added`];
      return [
        ...(isDeepStrictEqual(was.said, said) ? [] : [`${name} changed`]),
        ...(isDeepStrictEqual(was.secret, secret) ? [] : [`secret of ${name} changed`]),
      ];
    }),
  ];
}

/** Changes in one line of the audit log. */
function changesText(changes: readonly string[]): string {
  const rest = changes.length - MAX_NAMED;
  return [...changes.slice(0, MAX_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join('; ');
}

function withoutSecrets(options: VendorOptions | undefined): unknown {
  const hidden: readonly string[] = SECRET_OPTIONS;
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([name]) => !hidden.includes(name)),
  );
}
