import { useState } from 'preact/hooks';
import { hashOf } from './routes';

const KINDS = [
  ['user_id', 'User'],
  ['tenant_id', 'Tenant'],
  ['run_id', 'Agent run'],
  ['tool', 'Tool'],
  ['key', 'Key'],
] as const;

/** Leads to a subject, or to a key, by its id. */
export function Find() {
  const [kind, setKind] = useState<(typeof KINDS)[number][0]>('user_id');
  const [text, setText] = useState('');
  return (
    <form
      class="find"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const id = text.trim();
        if (id === '') return;
        location.hash =
          kind === 'key' || id.startsWith('vk_')
            ? hashOf('keys', {}, id)
            : hashOf('subject', { [kind]: id });
        setText('');
      }}
    >
      <select
        aria-label="What to find"
        value={kind}
        onChange={({ currentTarget }) => setKind(currentTarget.value as typeof kind)}
      >
        {KINDS.map(([value, name]) => (
          <option value={value} key={value}>
            {name}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Its id"
        placeholder="Find by id"
        value={text}
        spellcheck={false}
        autoComplete="off"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </form>
  );
}
