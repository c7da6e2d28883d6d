/** The members of an input, output or event. They are untrusted and may have any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** A string of an input, output or event; `undefined` for any other value, and for an empty one. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a value has members: an object that is not a list. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
