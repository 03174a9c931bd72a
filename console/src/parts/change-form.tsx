import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { asFault } from '../api/fault';
import type { ApiFault } from '../api/fault';
import { refresh } from '../api/live';
import { Dialog } from './dialog';
import { TextField } from './form';
import { Note } from './states';

/**
 * A change, and why a person makes it. What was typed stays until the API has said yes: where the session
 * ends meanwhile, the change is sent again by the person alone.
 */
export function ChangeDialog({
  title,
  action,
  isDangerous,
  children,
  check,
  change,
  onClose,
  reasonHint = 'Kept in the audit log with your name.',
  hasReason = true,
  isWide,
}: {
  title: string;
  /** The word on the button. */
  action: string;
  isDangerous?: boolean;
  children?: ComponentChildren;
  /** What is still wrong with what was typed. */
  check?: () => string | undefined;
  change: (reason: string) => Promise<unknown>;
  onClose: () => void;
  reasonHint?: string;
  /** Whether a reason is asked for. */
  hasReason?: boolean;
  isWide?: boolean;
}) {
  const [reason, setReason] = useState('');
  const [isSending, setSending] = useState(false);
  const [fault, setFault] = useState<ApiFault | string>();
  const send = async (): Promise<void> => {
    const wrong = hasReason && reason.trim() === '' ? 'A reason is missing.' : check?.();
    if (wrong !== undefined) return setFault(wrong);
    setSending(true);
    setFault(undefined);
    try {
      await change(reason.trim());
      refresh();
      onClose();
    } catch (error) {
      setFault(asFault(error));
      setSending(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} {...(isWide === undefined ? {} : { isWide })}>
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSending) void send();
        }}
      >
        <div class="dialog-body">
          {children}
          {hasReason && (
            <TextField
              label="Reason"
              value={reason}
              onInput={setReason}
              hint={reasonHint}
              maxLength={200}
              isRequired
            />
          )}
          {fault !== undefined && (
            <Note tone="bad" isNews>
              {faultText(fault, action)}
            </Note>
          )}
        </div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={isDangerous === true ? 'button button-danger' : 'button button-main'}
            disabled={isSending}
          >
            {isSending ? 'Sending …' : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function faultText(fault: ApiFault | string, action: string): string {
  if (typeof fault === 'string') return fault;
  if (fault.code === 'session_ended') {
    return `Your session had ended, so nothing was changed. Log in, and press “${action}” again.`;
  }
  if (fault.code === 'forbidden') return `Your role does not allow this. ${fault.message}`;
  return fault.message;
}
