import type { Note } from '../notes';
import { changing, key } from './table-form';
import type { TableForm } from './table-form';

export const NOTES: TableForm<Note> = {
  table: 'notes',
  columns: [
    key('kind', ({ kind }) => kind),
    key('name', ({ name }) => name),
    changing('value', ({ value }) => JSON.stringify(value)),
  ],
  keyOf: ({ kind, name }) => `${kind}/${name}`,
  rowOf: (found) =>
    ({
      kind: found['kind'],
      name: found['name'],
      value: JSON.parse(found['value'] as string) as unknown,
    }) as Note,
};
