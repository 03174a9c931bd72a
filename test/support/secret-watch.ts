import { inspect } from 'node:util';

/** Collects everything that was shown, and everything that must not have been. */
export class SecretWatch {
  readonly #secrets = new Set<string>();
  readonly #shown: string[] = [];
  readonly #found: string[] = [];
  #searchedTexts = 0;
  #searchedSecrets = 0;

  addSecret(secret: string): void {
    this.#secrets.add(secret);
  }

  /** Takes in a value in each of the forms in which it could reach a log. */
  show(value: unknown): void {
    if (typeof value === 'string') {
      this.#shown.push(value);
      return;
    }
    this.#shown.push(inspect(value, { depth: 12, showHidden: true }), String(value));
    try {
      this.#shown.push(JSON.stringify(value) ?? '');
    } catch {
      // A value that cannot be turned into JSON shows nothing there.
    }
  }

  /** How much was looked at: a watch that saw nothing proves nothing. */
  get size(): number {
    return this.#shown.reduce((sum, text) => sum + text.length, 0);
  }

  get secrets(): ReadonlySet<string> {
    return this.#secrets;
  }

  /** The texts that hold a secret, the secret cut out. */
  leaks(): string[] {
    const secrets = [...this.#secrets];
    const known = secrets.slice(0, this.#searchedSecrets);
    const added = secrets.slice(this.#searchedSecrets);
    // What was searched for what before is not searched again.
    this.#found.push(
      ...leaksIn(this.#shown.slice(0, this.#searchedTexts), added),
      ...leaksIn(this.#shown.slice(this.#searchedTexts), [...known, ...added]),
    );
    this.#searchedTexts = this.#shown.length;
    this.#searchedSecrets = secrets.length;
    return this.#found;
  }
}

function leaksIn(texts: readonly string[], secrets: readonly string[]): string[] {
  return texts.flatMap((text) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => text.replaceAll(secret, '<SECRET>').slice(0, 400)),
  );
}
