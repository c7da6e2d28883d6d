/** Removes fields with default values, some of which OpenTelemetry's encoder writes. */
export function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const isDefault = ([key, item]: [string, unknown]) =>
    item === undefined ||
    (Array.isArray(item) && item.length === 0) ||
    (key.startsWith('dropped') && item === 0) ||
    (key === 'status' && ((item as { code?: number }).code ?? 0) === 0);
  const kept = Object.entries(value).filter((entry) => !isDefault(entry));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDefaults(item)]));
}
