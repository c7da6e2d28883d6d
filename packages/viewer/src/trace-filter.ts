/** Conditions for traces in a list; all of them must hold. */
export interface TraceFilter {
  /** A span of this service. */
  readonly service?: string;
  /** The route, or without one the name, of the request that the trace is named by. */
  readonly route?: string;
  /** The HTTP status of that request, `404`, or its class, `5xx`. */
  readonly status?: string;
  /** The policy that kept the trace. */
  readonly policy?: string;
  /** `key=value` of an attribute of a span, or of its resource; at most 20. */
  readonly attributes?: readonly string[];
  /** A text in a span: its name, status message, attributes or events. Ignores the case of ASCII letters only. */
  readonly text?: string;
  readonly minDurationMs?: number;
  readonly maxDurationMs?: number;
  /** Milliseconds since 1970, in [0, 8.64e15]. */
  readonly from?: number;
  readonly to?: number;
  /** With a failed span. */
  readonly errors?: boolean;
}

const TEXTS = ['service', 'route', 'status', 'policy', 'text'] as const;
const NUMBERS = ['minDurationMs', 'maxDurationMs', 'from', 'to'] as const;

/** The latest time of a Date. */
const MAX_TIME = 8.64e15;
/** Each is a condition for all spans. */
const MAX_ATTRIBUTES = 20;

/** Writes a filter as the parameters of a URL, in a fixed order. */
export function filterToParameters(filter: TraceFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const name of TEXTS) if (filter[name]) parameters.set(name, filter[name]);
  for (const name of NUMBERS) if (filter[name] !== undefined) parameters.set(name, String(filter[name]));
  for (const attribute of filter.attributes ?? []) parameters.append('attribute', attribute);
  if (filter.errors) parameters.set('errors', '1');
  return parameters;
}

/** Reads a filter from the parameters of a URL. Throws RangeError for an invalid one. */
export function filterFromParameters(parameters: URLSearchParams): TraceFilter {
  const filter: { -readonly [Name in keyof TraceFilter]: TraceFilter[Name] } = {};
  for (const name of TEXTS) {
    const text = parameters.get(name);
    if (text) filter[name] = text;
  }
  for (const name of NUMBERS) {
    const text = parameters.get(name);
    if (text !== null) filter[name] = numberIn(name, text);
  }
  if (filter.status !== undefined && !/^[1-9](\d\d|xx)$/.test(filter.status))
    throw new RangeError(`expected status as 404 or 4xx, got ${JSON.stringify(filter.status)}`);
  const attributes = parameters.getAll('attribute');
  const wrong = attributes.find((attribute) => !/^[^=]+=/.test(attribute));
  if (wrong !== undefined)
    throw new RangeError(`expected attribute as key=value, got ${JSON.stringify(wrong)}`);
  if (attributes.length > MAX_ATTRIBUTES)
    throw new RangeError(`expected at most ${MAX_ATTRIBUTES} attributes, got ${attributes.length}`);
  if (attributes.length > 0) filter.attributes = attributes;
  if (parameters.get('errors') === '1') filter.errors = true;
  return filter;
}

function numberIn(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const max = name === 'from' || name === 'to' ? MAX_TIME : Number.MAX_SAFE_INTEGER;
  if (value >= 0 && value <= max) return value;
  throw new RangeError(`expected ${name} in [0, ${max}], got ${JSON.stringify(text)}`);
}

/** Splits `key=value`. */
export function splitAttribute(attribute: string): { readonly key: string; readonly value: string } {
  const at = attribute.indexOf('=');
  return { key: attribute.slice(0, at), value: attribute.slice(at + 1) };
}
