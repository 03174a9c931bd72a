import type { VaultKeyException } from './vault-key.exception';
/**
 * Says which exception the error object of an answer stands for. The `stripe` client keeps that very
 * object as `raw` of the error it throws, so that what was thrown can be told without its classes.
 */
export declare function standFor(error: object, exception: VaultKeyException): void;
/** The exception that an error stands for: of the `stripe` client, or of a job. */
export declare function exceptionBehind(error: unknown): VaultKeyException | undefined;
