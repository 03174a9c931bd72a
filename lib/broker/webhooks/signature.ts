import { createHmac } from 'node:crypto';

/** One message by the Standard Webhooks scheme. */
export interface Message {
  id: string;
  /** Seconds since the epoch: when it is sent. */
  timestamp: number;
  body: string;
}

/** The headers that vouch for a message: signed with each of the secrets. */
export function signedHeaders(
  { id, timestamp, body }: Message,
  secrets: readonly Buffer[],
): Record<string, string> {
  const content = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => {
    return `v1,${createHmac('sha256', secret).update(content).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
