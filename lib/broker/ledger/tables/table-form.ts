/** What a column has of a row. */
export type ColumnValue = string | number | null;

/** A row as a database gives it: its values by the names of their columns. */
export type FoundRow = Readonly<Record<string, ColumnValue>>;

/** A column of a table. */
export interface Column<Row> {
  name: string;
  /** What it has of a row. */
  of: (row: Row) => ColumnValue;
  /** `key`: of the primary key; `fixed`: never changes; `changing`: the others. */
  kind: 'key' | 'fixed' | 'changing';
}

/** How the rows of a table are named, written and read. */
export interface TableForm<Row> {
  table: string;
  /** Those of the primary key first. */
  columns: readonly Column<Row>[];
  /** The column that has the order in which the rows began, if the table has one. */
  order?: string;
  /** The values of its primary key, with a slash between two. */
  keyOf(row: Row): string;
  rowOf(found: FoundRow): Row;
}

/** A form of rows that are in an order. */
export interface OrderedForm<Row> extends TableForm<Row> {
  compare(one: Row, other: Row): number;
}

/** A column of the primary key. */
export function key<Row>(name: string, of: (row: Row) => ColumnValue): Column<Row> {
  return { name, of, kind: 'key' };
}

/** A column that never changes. */
export function fixed<Row>(name: string, of: (row: Row) => ColumnValue): Column<Row> {
  return { name, of, kind: 'fixed' };
}

/** A column that may change. */
export function changing<Row>(name: string, of: (row: Row) => ColumnValue): Column<Row> {
  return { name, of, kind: 'changing' };
}

/** The statement that writes a row, whether it is there or not. */
export function upsertOf<Row>({ table, columns }: TableForm<Row>): string {
  const names = namesOf(columns);
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT (${namesOf(columns, 'key').join(', ')}) DO UPDATE SET ${columns
      .filter(({ kind }) => kind !== 'key')
      .map(({ name }) => `${name} = excluded.${name}`)
      .join(', ')}`;
}

/** The condition that a row has a key. */
export function whereKey<Row>({ columns }: TableForm<Row>): string {
  return namesOf(columns, 'key')
    .map((name) => `${name} = ?`)
    .join(' AND ');
}

/** The statement that deletes the row of a key. */
export function deletionOf<Row>(form: TableForm<Row>): string {
  return `DELETE FROM ${form.table} WHERE ${whereKey(form)}`;
}

/** The columns that give the rows an order. */
export function orderOf<Row>({ order, columns }: TableForm<Row>): string[] {
  return order === undefined ? namesOf(columns, 'key') : [order];
}

/** The columns of the primary key. */
export function keyColumnsOf<Row>({ columns }: TableForm<Row>): string[] {
  return namesOf(columns, 'key');
}

/** All columns, in their order. */
export function columnsOf<Row>({ columns }: TableForm<Row>): string[] {
  return namesOf(columns);
}

/** The columns but for those that never change: those of {@link changeOf}. */
export function changingColumnsOf<Row>({ columns }: TableForm<Row>): string[] {
  return namesOf(columns.filter(({ kind }) => kind !== 'fixed'));
}

/** The values of the primary key of a row. */
export function keyValuesOf<Row>({ columns }: TableForm<Row>, row: Row): ColumnValue[] {
  return columns.filter(({ kind }) => kind === 'key').map(({ of }) => of(row));
}

/** The values of a row but for those that never change, in the order of its columns. */
export function changeOf<Row>({ columns }: TableForm<Row>, row: Row): ColumnValue[] {
  return columns.filter(({ kind }) => kind !== 'fixed').map(({ of }) => of(row));
}

/** A row of which only the values of {@link changeOf} are others. */
export function changed<Row>(form: TableForm<Row>, row: Row, change: readonly ColumnValue[]): Row {
  const found: Record<string, ColumnValue> = {};
  let next = 0;
  for (const { name, of, kind } of form.columns) {
    found[name] = kind === 'fixed' ? of(row) : (change[next++] ?? null);
  }
  return form.rowOf(found);
}

/** The values of a row, in the order of its columns. */
export function valuesOf<Row>({ columns }: TableForm<Row>, row: Row): ColumnValue[] {
  return columns.map(({ of }) => of(row));
}

function namesOf<Row>(columns: readonly Column<Row>[], kind?: Column<Row>['kind']): string[] {
  return columns
    .filter((column) => kind === undefined || column.kind === kind)
    .map(({ name }) => name);
}
