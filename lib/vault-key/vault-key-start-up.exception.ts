/** One thing that keeps the application from starting. */
export interface StartUpIssue {
  /** The option (`broker.token`) or the method (`PaymentsController.charge`) at fault. */
  where: string;
  /** What is wrong, never with the value of a secret. */
  message: string;
  /** What right looks like. */
  example?: string;
}

/**
 * The application's options or marks are invalid. Thrown at start-up, with every fault found, so
 * that one run shows all that has to be fixed.
 */
export class VaultKeyStartUpException extends Error {
  // Private, since Nest's logger prints an error's fields below the message that lists them.
  readonly #faults: readonly StartUpIssue[];

  constructor(faults: readonly StartUpIssue[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(
      [
        `nestjs-vault-key cannot start: ${count} to fix.`,
        ...faults.map(
          ({ where, message, example }) =>
            `  - ${where} ${message}.${example === undefined ? '' : ` For example: ${example}`}`,
        ),
      ].join('\n'),
    );
    this.name = 'VaultKeyStartUpException';
    this.#faults = faults;
  }

  /** Every fault there is, in the order of the message. */
  get faults(): readonly StartUpIssue[] {
    return this.#faults;
  }
}
