import type { OutgoingMessage } from 'node:http';

/**
 * Headers that Node has made text of already: those of a request whose headers were given as a list, and those that
 * `writeHead` was given. `getHeader` does not know of them and `setHeader` comes too late.
 */
interface HeaderText {
  _header?: string | null;
  /** What waits for a socket. A request with `Expect` has its headers in here before anybody sees it. */
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
    .filter((line) => line.length > wanted.length && line.slice(0, wanted.length).toLowerCase() === wanted)
    .map((line) => line.slice(wanted.length).trim());
  return values.length === 0 ? undefined : values.join(', ');
}

/** Adds a header to the text, which has not gone out yet. */
export function addHeaderToText(message: OutgoingMessage, name: string, value: string): void {
  const holder = message as HeaderText;
  const text = holder._header;
  if (typeof text !== 'string' || !text.endsWith('\r\n\r\n') || /[\r\n]/.test(value)) return;
  const longer = `${text.slice(0, -2)}${name}: ${value}\r\n\r\n`;
  holder._header = longer;
  const waiting = holder.outputData?.[0];
  if (typeof waiting?.data !== 'string' || !waiting.data.startsWith(text)) return;
  waiting.data = longer + waiting.data.slice(text.length);
  if (typeof holder.outputSize === 'number') holder.outputSize += longer.length - text.length;
}
