// The small value that an engine keeps beside its files, as a table: whatever it is.

export function Values({ value }: { readonly value: unknown }) {
  if (typeof value !== 'object' || value === null) return <code>{valueText(value)}</code>;
  return (
    <dl className="fields">
      {Object.entries(value).map(([name, inner]) => (
        <div key={name}>
          <dt>{Array.isArray(value) ? nameOf(inner, name) : words(name)}</dt>
          <dd>{isTable(inner) ? <Values value={inner} /> : valueText(inner)}</dd>
        </div>
      ))}
    </dl>
  );
}

const isTable = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Uint8Array) &&
  (!Array.isArray(value) || value.some((one) => isTable(one) && !Array.isArray(one)));

/** One of several is called what it calls itself. */
const nameOf = (value: unknown, index: string): string => {
  const { name, id, title = index } = (value ?? {}) as Record<string, unknown>;
  return String(name ?? id ?? title);
};

/** `pagesRead` → `pages read`. */
export const words = (name: string): string =>
  name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );

export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value === undefined || value === null) return '–';
  return String(value);
}
