import type { LogFields } from '@clew/core/plugin';

/** The fields that were added to records that can't be copied. */
const added = new WeakMap<object, LogFields>();

/**
 * Returns the record with the fields. A field that the application has set itself is kept. A plain object is copied,
 * because the application may log it again elsewhere.
 */
export function withFields(record: object, fields: LogFields | undefined): object {
  if (Object.getPrototypeOf(record) === Object.prototype)
    return fields === undefined ? record : { ...fields, ...record };
  setFields(record, fields);
  return record;
}

/** Sets the fields of an error or an instance of another class, and removes those that it had when it was last logged. */
function setFields(record: object, fields: LogFields | undefined): void {
  for (const [name, value] of Object.entries(added.get(record) ?? {}))
    if (Reflect.get(record, name) === value) Reflect.deleteProperty(record, name);
  added.delete(record);
  if (fields === undefined) return;
  const missing = Object.entries(fields).filter(([name]) => !Object.hasOwn(record, name));
  for (const [name, value] of missing) Reflect.set(record, name, value);
  added.set(record, Object.fromEntries(missing));
}
