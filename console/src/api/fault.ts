/** What the API refused, or why it could not be asked, in words for a person. */
export class ApiFault extends Error {
  constructor(
    /** 0 where no answer came. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly { field: string; message: string }[] = [],
    /** In seconds, where the API says when to try again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

const PLAIN: Readonly<Record<string, string>> = {
  store_unavailable: 'The store cannot be written now, so nothing was changed. Try again soon.',
  overloaded: 'The broker has too much to do, or is stopping. Nothing was changed.',
  csrf: 'The broker does not take changes from a page at this address.',
};

/** Reads the refusal in an answer that is no 2xx. */
export function faultOf(status: number, retryAfter: string | null, body: unknown): ApiFault {
  const { code, message, fields } = partsOf(body);
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  const text =
    (code === undefined ? undefined : PLAIN[code]) ??
    (fields.length > 0
      ? fields.map(({ field, message: each }) => `${wordsOf(field)} ${each}`).join('; ')
      : (message ?? `The broker answered ${status}.`));
  return new ApiFault(
    status,
    code ?? `http_${status}`,
    text,
    fields,
    Number.isFinite(seconds) ? seconds : undefined,
  );
}

export function asFault(error: unknown): ApiFault {
  return error instanceof ApiFault ? error : new ApiFault(0, 'page_error', String(error));
}

/** A field of a request as a person reads it: `daily_usd_cap` → `Daily usd cap`. */
function wordsOf(field: string): string {
  const words = field.replaceAll('_', ' ').replace(/\busd\b/, 'USD');
  return words === '' ? 'The request' : words[0]?.toUpperCase() + words.slice(1);
}

function partsOf(body: unknown): {
  code?: string | undefined;
  message?: string | undefined;
  fields: { field: string; message: string }[];
} {
  if (typeof body !== 'object' || body === null) return { fields: [] };
  const { error, code, message, fields } = body as Record<string, unknown>;
  const inner =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const list = fields ?? inner['fields'];
  return {
    code: textIn(code) ?? textIn(inner['code']) ?? textIn(error),
    message: textIn(inner['message']) ?? textIn(message),
    fields: Array.isArray(list)
      ? list.filter(
          (each): each is { field: string; message: string } =>
            typeof each === 'object' && each !== null && 'field' in each && 'message' in each,
        )
      : [],
  };
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
