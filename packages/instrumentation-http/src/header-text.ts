import type { OutgoingMessage } from 'node:http';

/**
 * Headers that Node has already serialized: those of a request whose headers were given as an array, and those passed to
 * `writeHead`. `getHeader` does not return them, and `setHeader` has no effect on them.
 */
interface HeaderText {
  _header?: string | null;
  /** Data that waits for a socket. A request with `Expect` has its headers in here before any listener is called. */
  outputData?: { data: unknown }[];
  outputSize?: number;
}

/** The value of a header that is only in the text; several headers of the same name are joined. */
export function headerInText(message: OutgoingMessage, name: string): string | undefined {
  const text = (message as HeaderText)._header;
  if (typeof text !== 'string') return undefined;
  const wanted = `${name.toLowerCase()}:`;
  const values = text
    .split('\r\n')
    .filter((line) => isNamed(line, wanted))
    .map((line) => line.slice(wanted.length).trim());
  return values.length === 0 ? undefined : values.join(', ');
}

/** The names of the headers in the text. */
export function headerNamesInText(message: OutgoingMessage): readonly string[] {
  const [, ...lines] = (message as HeaderText)._header?.split('\r\n') ?? [];
  return lines.map((line) => line.slice(0, Math.max(line.indexOf(':'), 0))).filter((name) => name !== '');
}

/** Replaces all headers of this name in text that has not been sent; `undefined` removes them. */
export function replaceHeaderInText(message: OutgoingMessage, name: string, value: string | undefined): void {
  const holder = message as HeaderText;
  const text = holder._header;
  if (typeof text !== 'string' || !text.endsWith('\r\n\r\n') || /[\r\n]/.test(value ?? '')) return;
  const wanted = `${name.toLowerCase()}:`;
  const lines = text.slice(0, -4).split('\r\n');
  const kept = lines.filter((line) => !isNamed(line, wanted));
  if (value !== undefined) kept.push(`${name}: ${value}`);
  const replaced = `${kept.join('\r\n')}\r\n\r\n`;
  const waiting = holder.outputData?.[0];
  const isWaiting = typeof waiting?.data === 'string' && waiting.data.startsWith(text);
  // Once the text has left the queue, it was written to a socket.
  holder._header = replaced;
  if (!isWaiting) return;
  waiting.data = replaced + (waiting.data as string).slice(text.length);
  if (typeof holder.outputSize === 'number') holder.outputSize += replaced.length - text.length;
}

function isNamed(line: string, wanted: string): boolean {
  return line.length >= wanted.length && line.slice(0, wanted.length).toLowerCase() === wanted;
}
