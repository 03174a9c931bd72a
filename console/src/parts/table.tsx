import type { ComponentChildren, Key } from 'preact';

/** One column of a table. */
export interface Column<Row> {
  name: string;
  cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right, one below the other. */
  isNumber?: boolean;
  /** Not worth its place where there is little. */
  isMinor?: boolean;
  /** Takes what width is left. */
  isWide?: boolean;
  /**
   * Where it is on a phone's card: `head` and `end` begin it, left and right; `bare` and `right` need no name beside
   * them; `none` is left out. Absent: below its column's name.
   */
  onCard?: 'head' | 'end' | 'bare' | 'right' | 'none';
}

/**
 * Rows of facts. On a phone each row is a card, and each fact has its column's name beside it: the roles say that it
 * is still a table.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  below,
  foot,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => Key;
  /** What stands below a row, over its whole width. */
  below?: (row: Row) => ComponentChildren;
  foot?: readonly ComponentChildren[];
}) {
  return (
    <table class="table" role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th role="columnheader" scope="col" class={classOf(column)} key={column.name}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => {
          const more = below?.(row);
          return [
            <tr role="row" key={keyOf(row)}>
              {columns.map((column) => (
                <td role="cell" class={classOf(column)} data-name={column.name} key={column.name}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>,
            more !== undefined && more !== null && more !== false && (
              <tr role="row" class="row-below" key={`${String(keyOf(row))} below`}>
                <td role="cell" colSpan={columns.length}>
                  {more}
                </td>
              </tr>
            ),
          ];
        })}
      </tbody>
      {foot !== undefined && (
        <tfoot role="rowgroup">
          <tr role="row">
            {foot.map((cell, i) => (
              <td
                role="cell"
                class={columns[i] && classOf(columns[i])}
                data-name={columns[i]?.name}
                key={columns[i]?.name}
              >
                {cell}
              </td>
            ))}
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function classOf({
  isNumber,
  isMinor,
  isWide,
  onCard,
}: Pick<Column<never>, 'isNumber' | 'isMinor' | 'isWide' | 'onCard'>) {
  return [
    isNumber && 'number',
    isMinor && 'minor',
    isWide && 'wide',
    onCard !== undefined && `card-${onCard}`,
  ]
    .filter(Boolean)
    .join(' ');
}
