import type { HttpException } from '@nestjs/common';

const exceptions = new WeakMap<object, HttpException>();

/**
 * Remembers which exception the error object of an answer means. The `stripe` client keeps that very
 * object as `raw` of the error it throws, so that what was thrown can be told without its classes.
 */
export function standFor(error: object, exception: HttpException): void {
  exceptions.set(error, exception);
}

/** The exception that an error means: of the `stripe` client, or of a job. */
export function exceptionBehind(error: unknown): HttpException | undefined {
  const own = typeof error === 'object' && error !== null ? exceptions.get(error) : undefined;
  if (own !== undefined) return own;
  const raw: unknown = (error as { raw?: unknown } | null | undefined)?.raw;
  const exception = typeof raw === 'object' && raw !== null ? exceptions.get(raw) : undefined;
  // Only the client's error knows where in the application the call was made.
  if (exception !== undefined) exception.cause ??= error;
  return exception;
}
