import { currentIdFields, guard, originals } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';

/** How the ids of the current span are added to what `console` prints. */
export type ConsoleFormat = 'text' | 'json';

/** All formats. */
export const CONSOLE_FORMATS: readonly ConsoleFormat[] = ['text', 'json'];

/** Node's own method that writes a formatted text: all methods of its global console call it. */
type Write = (this: unknown, stream: unknown, text: unknown, ...rest: unknown[]) => unknown;

/**
 * Adds the ids of the current span to what Node's global console prints. The methods of the console stay the same, and
 * the text is already formatted: a suffix can't be used up by a `%s`. Another console, such as Jest's, is left
 * unchanged. Returns a function that undoes it.
 */
export function addConsoleFields(format: ConsoleFormat): () => void {
  const target = globalThis.console;
  const key = Object.getOwnPropertySymbols(target).find(
    ({ description }) => description === 'kWriteToConsole',
  );
  const property = key && Object.getOwnPropertyDescriptor(target, key);
  const original: unknown = property?.value;
  if (key === undefined || typeof original !== 'function' || property?.configurable !== true) {
    diag.warn('@clew/node: the console of this process is not the one of Node.js: its output gets no ids');
    return () => {};
  }
  let isOn = true;
  const write: Write = function (stream, text, ...rest) {
    const withIds = isOn
      ? guard('adding ids to the console', () => withFields(text, stream, format))
      : undefined;
    return (original as Write).call(this, stream, withIds ?? text, ...rest);
  };
  Object.defineProperty(target, key, { ...property, value: write });
  return () => {
    isOn = false;
    // Another library may have replaced the method since: then its replacement stays.
    if (Reflect.get(target, key) === write) Object.defineProperty(target, key, property);
  };
}

function withFields(text: unknown, stream: unknown, format: ConsoleFormat): string | undefined {
  if (typeof text !== 'string') return undefined;
  const fields = currentIdFields();
  if (format === 'json') return JSON.stringify({ ...head(stream), message: text, ...fields });
  // An empty line only separates other lines.
  if (fields === undefined || text === '') return text;
  return `${text} ${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}`;
}

function head(stream: unknown): object {
  const isError = typeof stream === 'symbol' && stream.description === 'kUseStderr';
  return { time: originals.isoTime(originals.wallNow()), stream: isError ? 'stderr' : 'stdout' };
}
