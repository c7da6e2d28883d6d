import { guard, type LogOptions, logs, type Tools } from '@clew/core/plugin';

/**
 * Returns the line of a record with the fields of the current span before `end`, the brace and the line break. A field
 * that the application has written itself is kept.
 */
export function addFields(line: string, end: unknown, tools: Tools<LogOptions>): string {
  if (typeof end !== 'string' || !line.endsWith(end)) return line;
  const fields = logs.currentFields(tools);
  if (fields === undefined) return line;
  let added = '';
  for (const [name, value] of Object.entries(fields)) {
    const key = JSON.stringify(name);
    const json = typeof value === 'string' ? JSON.stringify(value) : jsonOf(value, tools);
    if (json !== undefined && !hasField(line, name, key)) added += `,${key}:${json}`;
  }
  return line.slice(0, -end.length) + added + end;
}

/** A hook can add what has no JSON, such as a bigint or an object with a cycle. The other fields are added all the same. */
function jsonOf(value: unknown, tools: Tools<LogOptions>): string | undefined {
  return guard(`${tools.name}: JSON of a field of logHook`, () => JSON.stringify(value));
}

/** The text is also found in nested objects, so the line is parsed then. */
function hasField(line: string, name: string, key: string): boolean {
  return line.includes(`${key}:`) && Object.hasOwn(JSON.parse(line) as object, name);
}
