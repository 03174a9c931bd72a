"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyStartUpException = void 0;
/**
 * The application's options or marks are not sound. Thrown at start-up, with every fault found, so
 * that one run shows all there is to mend.
 */
class VaultKeyStartUpException extends Error {
    // Private, since Nest's logger prints an error's fields below the message that lists them.
    #faults;
    constructor(faults) {
        const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
        super([
            `nestjs-vault-key cannot start: ${count} to mend.`,
            ...faults.map(({ where, message, example }) => `  - ${where} ${message}.${example === undefined ? '' : ` For example: ${example}`}`),
        ].join('\n'));
        this.name = 'VaultKeyStartUpException';
        this.#faults = faults;
    }
    /** Every fault there is, in the order of the message. */
    get faults() {
        return this.#faults;
    }
}
exports.VaultKeyStartUpException = VaultKeyStartUpException;
