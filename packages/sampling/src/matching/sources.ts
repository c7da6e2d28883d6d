import { type Attributes, type AttributeValue, propagation } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import type { Match, TextMatch } from '../policy.ts';

/** Where a condition on a text reads its value. */
export interface Source {
  /** The same for all conditions that read the same value. */
  readonly key: string;
  read(facts: Facts): string | undefined;
}

/** A condition on a text, and where its value comes from. */
export type SourcedCondition = readonly [source: Source, condition: TextMatch];

const FIELDS = {
  path: attribute('url.path'),
  queue: attribute('messaging.destination.name'),
  rpcMethod: attribute('rpc.method'),
  host: attribute('server.address'),
  method: attribute('http.request.method'),
  route: { key: 'route', read: ({ route }: Facts) => route },
  name: { key: 'name', read: ({ name }: Facts) => name },
};

/** The conditions of a match that test texts, the most selective first: the index uses the first that it can. */
export function conditionsOf(match: Match): SourcedCondition[] {
  const fields = (...names: (keyof typeof FIELDS)[]): SourcedCondition[] =>
    names.flatMap((name) => (match[name] === undefined ? [] : [[FIELDS[name], match[name]] as const]));
  const attributes = Object.entries(match.attributes ?? {}).flatMap(([key, condition]) =>
    isTextual(condition) ? [[attribute(key), condition] as const] : [],
  );
  const baggage = Object.entries(match.baggage ?? {}).map(
    ([key, each]) => [baggageEntry(key), each] as const,
  );
  return [
    ...fields('path', 'route', 'queue', 'rpcMethod'),
    ...attributes,
    ...baggage,
    ...fields('host', 'name', 'method'),
  ];
}

/** Whether a condition tests the text of a value, and not its presence or its type. */
export function isTextual(condition: TextMatch | number | boolean): condition is TextMatch {
  if (typeof condition === 'string' || Array.isArray(condition)) return true;
  return typeof condition === 'object' && !('exists' in condition);
}

/** The text of an attribute. Lists have none. */
export function textOf(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** An attribute of the object itself, not of its prototype. */
export function own(attributes: Readonly<Attributes>, key: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}

function attribute(name: string): Source {
  const key = `attribute ${name}`;
  if (name in Object.prototype) return { key, read: ({ attributes }) => textOf(own(attributes, name)) };
  return { key, read: ({ attributes }) => textOf(attributes[name]) };
}

function baggageEntry(name: string): Source {
  const read = ({ context }: Facts) => propagation.getBaggage(context)?.getEntry(name)?.value;
  return { key: `baggage ${name}`, read };
}
