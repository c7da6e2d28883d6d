import type { OutgoingMessage } from 'node:http';

/**
 * Headers that Node has serialized already: those of a request whose headers were given as a list, and those that
 * `writeHead` was given. `getHeader` does not know them and `setHeader` comes too late.
 */
interface HeaderText {
  _header?: string | null;
  /** What waits for a socket. A request with `Expect` has its headers in here before any listener sees it. */
  outputData?: { data: unknown }[];
  outputSize?: number;
}

/** A header that is in the text only; several of a name are one list. */
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

/** Writes a header into text that has not been sent, in place of all that have its name; `undefined` removes them. */
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
  // Once the text has left the queue, a socket has it.
  holder._header = replaced;
  if (!isWaiting) return;
  waiting.data = replaced + (waiting.data as string).slice(text.length);
  if (typeof holder.outputSize === 'number') holder.outputSize += replaced.length - text.length;
}

function isNamed(line: string, wanted: string): boolean {
  return line.length >= wanted.length && line.slice(0, wanted.length).toLowerCase() === wanted;
}
