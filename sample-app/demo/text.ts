const WIDTH = 96;

/** `$12.50`. */
export function dollars(usd: number): string {
  return `${usd < 0 ? '-' : ''}$${Math.abs(usd).toFixed(2)}`;
}

/** Breaks a line at spaces. Every line but the first begins with `indent`, the line's own if not given. */
export function wrapped(line: string, indent = /^\s*/.exec(line)?.[0] ?? ''): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH);
    if (at <= indent.length) break;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...lines, rest].join('\n');
}

/**
 * JSON on one line where it fits, else on a line for each field.
 *
 * @param indent begins every line but the first
 * @param column where the first line begins
 */
export function jsonText(value: unknown, indent: string, column = indent.length): string {
  const compact = JSON.stringify(value);
  if (column + compact.length < WIDTH || typeof value !== 'object' || value === null) {
    return wrapped(' '.repeat(column) + compact, `${indent}  `).slice(column);
  }
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const fields = Object.entries(value).map(([name, field]) => {
    const start = Array.isArray(value) ? inner : `${inner}"${name}": `;
    return start + jsonText(field, inner, start.length);
  });
  return `${open}\n${fields.join(',\n')}\n${indent}${close}`;
}

/** A column: its heading, and which side its cells keep to. */
export interface Column {
  heading: string;
  align?: 'left' | 'right';
}

/** A table in plain text, its columns as wide as their widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ heading }, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, column) => {
        const cell = cells[column] ?? '';
        const width = widths[column] ?? 0;
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ heading }) => heading)),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
  ].join('\n');
}
