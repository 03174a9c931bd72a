import { useState } from 'preact/hooks';
import { narrow } from '../app/route';
import { ChoiceField, TextField } from './form';

export interface Filter {
  /** The parameter of the API. */
  name: string;
  label: string;
  choices?: readonly (readonly [value: string, text: string])[];
  type?: 'date';
}

/** What narrows a list. It stands in the address, so that it can be sent to somebody. */
export function FilterBar({
  params,
  filters,
}: {
  params: Readonly<Record<string, string>>;
  filters: readonly Filter[];
}) {
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const active = filters.filter(({ name }) => params[name] !== undefined);
  // On a phone the list comes first.
  const [isOpen] = useState(() => matchMedia('(min-width: 52.01rem)').matches);
  return (
    <details class="filter-box" open={isOpen}>
      <summary>{active.length === 0 ? 'Filters' : `Filters: ${active.length} set`}</summary>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          narrow(typed);
          setTyped({});
        }}
      >
        {filters.map(({ name, label, choices, type }) =>
          choices === undefined ? (
            <TextField
              key={name}
              label={label}
              value={typed[name] ?? params[name] ?? ''}
              onInput={(value) => setTyped({ ...typed, [name]: value.trim() })}
              {...(type === undefined ? {} : { type })}
            />
          ) : (
            <ChoiceField
              key={name}
              label={label}
              value={params[name] ?? ''}
              choices={choices}
              onInput={(value) => narrow({ ...typed, [name]: value })}
            />
          ),
        )}
        <div class="filter-actions">
          {filters.some(({ choices }) => choices === undefined) && (
            <button type="submit" class="button">
              Filter
            </button>
          )}
          {active.length > 0 && (
            <button
              type="button"
              class="button-plain"
              onClick={() => {
                setTyped({});
                narrow(Object.fromEntries(filters.map(({ name }) => [name, undefined])));
              }}
            >
              Clear
            </button>
          )}
        </div>
      </form>
    </details>
  );
}
