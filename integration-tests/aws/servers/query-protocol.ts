/** The parameters of a request of the query protocol, as a tree: `Entries.member.1.Id` is `Entries.member[0].Id`. */
export type FormTree = string | FormTree[] | { readonly [key: string]: FormTree };

/** Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function parseForm(text: string): Record<string, FormTree> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of new URLSearchParams(text)) {
    const keys = path.split('.');
    let at = root;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[keys.at(-1)!] = value;
  }
  return withLists(root) as Record<string, FormTree>;
}

function withLists(value: unknown): FormTree {
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, each]) => [key, withLists(each)] as const);
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, each]) => each);
  return Object.fromEntries(entries);
}

/** A list of a form: `Names.member.1`, or flattened: `Name.1`. */
export function listOf(value: FormTree | undefined): FormTree[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object') return [];
  return listOf(value.member ?? value.entry);
}

/** A map of a form, whose entries have a key and a value. */
export function mapOf(
  value: FormTree | undefined,
  key = 'Name',
  content = 'Value',
): Record<string, FormTree> {
  const entries = listOf(value) as Record<string, FormTree>[];
  return Object.fromEntries(entries.map((entry) => [String(entry[key]), entry[content] ?? '']));
}

/** Formats a value as XML below an element. A list becomes `member` elements, unless `flattened` names its elements. */
export function toXml(
  name: string,
  value: unknown,
  flattened: Readonly<Record<string, string>> = {},
): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) {
    const element = flattened[name];
    return element === undefined
      ? `<${name}>${value.map((each) => toXml('member', each, flattened)).join('')}</${name}>`
      : value.map((each) => toXml(element, each, flattened)).join('');
  }
  if (typeof value !== 'object' || value === null) return `<${name}>${escaped(String(value))}</${name}>`;
  const inner = Object.entries(value).map(([key, each]) => toXml(key, each, flattened));
  return `<${name}>${inner.join('')}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (found) => ENTITIES[found] ?? found);
}
