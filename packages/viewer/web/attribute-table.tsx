import type { ComponentChildren } from 'preact';
import { printable } from '../src/printable.ts';
import type { Attributes } from '../src/span-record.ts';
import { valueText } from '../src/span-text.ts';
import { Omitted } from './omitted.tsx';

/** Attributes of one table, events, links and log records; the copied JSON has all. */
export const MAX_ITEMS = 200;

/** A table of names and values. */
export function Facts({ children }: { readonly children: ComponentChildren }) {
  return (
    <table class="facts">
      <tbody>{children}</tbody>
    </table>
  );
}

/** A row of such a table. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}

interface TableProps {
  readonly title: string;
  readonly attributes: Attributes;
  readonly dropped: number;
}

/** Longer values are cut; the copied JSON has them in full. */
const MAX_CHARS = 4000;

/** Attributes as a table; longer lists and values are cut. */
export function AttributeTable({ title, attributes, dropped }: TableProps) {
  const entries = Object.entries(attributes);
  if (entries.length === 0 && title === '') return null;
  return (
    <>
      {title !== '' && <h3>{printable(title)}</h3>}
      <Facts>
        {entries.slice(0, MAX_ITEMS).map(([key, value]) => (
          <Fact key={key} name={printable(key)}>
            <span class="value">{shortened(valueText(value))}</span>
          </Fact>
        ))}
        {dropped > 0 && <Fact name="…">{dropped} more were dropped</Fact>}
      </Facts>
      <Omitted count={entries.length - MAX_ITEMS} of="attribute" />
    </>
  );
}

/** Makes a text printable; a long one is cut, and its lines are kept. */
export function shortened(text: string): string {
  const lines = text.slice(0, MAX_CHARS).split('\n').map(printable).join('\n');
  return text.length > MAX_CHARS ? `${lines} … (${text.length} characters)` : lines;
}
