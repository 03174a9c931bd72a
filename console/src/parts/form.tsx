import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: ComponentChildren;
  fault?: string | undefined;
  isRequired?: boolean;
}

/** One line that a person types. */
export function TextField({
  label,
  value,
  onInput,
  hint,
  fault,
  isRequired,
  type = 'text',
  placeholder,
  maxLength,
  autoComplete = 'off',
  isFirst,
}: FieldProps & {
  type?: 'text' | 'password' | 'date' | 'search';
  placeholder?: string;
  maxLength?: number;
  autoComplete?: string;
  isFirst?: boolean;
}) {
  const id = useId();
  // The types of an input know each kind for itself alone.
  const kind = { type } as { type: 'text' };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...kind}
        id={id}
        value={value}
        placeholder={placeholder}
        maxLength={maxLength}
        autoComplete={autoComplete}
        spellcheck={false}
        autofocus={isFirst}
        required={isRequired}
        aria-invalid={fault !== undefined}
        aria-describedby={fault !== undefined || hint !== undefined ? `${id}-hint` : undefined}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <Hint id={id} hint={hint} fault={fault} />
    </div>
  );
}

/** One of several. */
export function ChoiceField<Value extends string>({
  label,
  value,
  onInput,
  choices,
  hint,
}: Omit<FieldProps, 'onInput' | 'value'> & {
  value: Value;
  onInput: (value: Value) => void;
  choices: readonly (readonly [value: Value, text: string])[];
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={({ currentTarget }) => onInput(currentTarget.value as Value)}
      >
        {choices.map(([each, text]) => (
          <option value={each} selected={each === value} key={each}>
            {text}
          </option>
        ))}
      </select>
      <Hint id={id} hint={hint} />
    </div>
  );
}

function Hint({
  id,
  hint,
  fault,
}: {
  id: string;
  hint?: ComponentChildren;
  fault?: string | undefined;
}) {
  if (fault !== undefined) {
    return (
      <p class="hint hint-fault" id={`${id}-hint`}>
        {fault}
      </p>
    );
  }
  return hint === undefined ? null : (
    <p class="hint" id={`${id}-hint`}>
      {hint}
    </p>
  );
}

/** How long something lasts. */
export const LIVES = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['2h', '2 hours'],
  ['8h', '8 hours'],
  ['24h', '24 hours'],
] as const;
