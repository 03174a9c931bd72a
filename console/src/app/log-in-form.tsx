import { useState } from 'preact/hooks';
import { asFault } from '../api/fault';
import { logIn } from '../api/log-in';
import { TextField } from '../parts/form';
import { Note } from '../parts/states';

/** Takes an operator's token. It is sent once, and kept nowhere. */
export function LogInForm({ action = 'Log in' }: { action?: string }) {
  const [token, setToken] = useState('');
  const [isSending, setSending] = useState(false);
  const [fault, setFault] = useState<string>();
  const send = async (): Promise<void> => {
    if (token.trim() === '') return setFault('The token is missing.');
    setSending(true);
    setFault(undefined);
    try {
      await logIn(token.trim());
    } catch (error) {
      const { status, message, retryAfter } = asFault(error);
      setSending(false);
      setFault(
        status === 401
          ? 'That is no operator’s token.'
          : status === 429
            ? `Too many tries from your address.${retryAfter === undefined ? '' : ` Try again in ${retryAfter} s.`}`
            : message,
      );
    }
  };
  return (
    <form
      class="log-in-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) void send();
      }}
    >
      <TextField
        label="Operator’s token"
        type="password"
        value={token}
        onInput={setToken}
        hint="It is sent once and kept nowhere. The session ends after 30 minutes without use."
        autoComplete="current-password"
        isRequired
        isFirst
      />
      {fault !== undefined && (
        <Note tone="bad" isNews>
          {fault}
        </Note>
      )}
      <button type="submit" class="button button-main" disabled={isSending}>
        {isSending ? 'Asking …' : action}
      </button>
    </form>
  );
}
