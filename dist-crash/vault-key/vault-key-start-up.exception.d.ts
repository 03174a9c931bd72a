/** One thing that keeps the application from starting. */
export interface StartUpFault {
    /** The option (`broker.token`) or the method (`PaymentsController.charge`) at fault. */
    where: string;
    /** What is wrong, never with the value of a secret. */
    message: string;
    /** What right looks like. */
    example?: string;
}
/**
 * The application's options or marks are not sound. Thrown at start-up, with every fault found, so
 * that one run shows all there is to mend.
 */
export declare class VaultKeyStartUpException extends Error {
    #private;
    constructor(faults: readonly StartUpFault[]);
    /** Every fault there is, in the order of the message. */
    get faults(): readonly StartUpFault[];
}
