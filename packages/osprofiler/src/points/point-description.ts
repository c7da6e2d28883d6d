import { URL } from 'node:url';
import { ATTR, cutText } from '@clew/core/internal';
import { type Attributes, type AttributeValue, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { EndedSpan } from './ended-span.ts';

/** The content of `info`, apart from the host. */
export type PointInfo = Readonly<Record<string, unknown>>;

/** What a span is in OSProfiler. */
export interface PointDescription {
  /** Without `-start` and `-stop`. OSProfiler shows a name up to its first `-`, so that it contains none. */
  readonly name: string;
  readonly start: PointInfo;
  readonly stop: PointInfo;
}

const MAX_TEXT_CHARS = 8192;
/** The column of OSProfiler's table has 255 characters. */
const MAX_NAME_CHARS = 240;

/** The names of OSProfiler, each with the `info` that its commands and services expect. */
export function describeAsPoint(span: EndedSpan): PointDescription {
  const { attributes, kind } = span;
  const { name, start, stop } = operationOf(span, attributes, kind);
  return { name, start, stop: { ...stop, ...failureOf(span) } };
}

function operationOf(span: EndedSpan, attributes: Attributes, kind: SpanKind): PointDescription {
  if (ATTR.rpcSystemName in attributes || ATTR.rpcKind in attributes)
    return { name: 'rpc', start: functionOf(span), stop: {} };
  if (ATTR.dbSystemName in attributes) return { name: 'db', start: databaseOf(span), stop: {} };
  if (ATTR.httpRequestMethod in attributes) {
    if (kind === SpanKind.SERVER) return served(attributes);
    if (kind === SpanKind.CLIENT) return requested(attributes);
  }
  return { name: nameOf(span.name), start: functionOf(span), stop: {} };
}

function served(attributes: Attributes): PointDescription {
  const request = {
    method: methodOf(attributes),
    path: textOf(attributes[ATTR.urlPath]),
    query: textOf(attributes[ATTR.urlQuery]),
    scheme: textOf(attributes[ATTR.urlScheme]) || 'http',
  };
  return { name: 'wsgi', start: { request }, stop: statusOf('request', attributes) };
}

function requested(attributes: Attributes): PointDescription {
  const full = textOf(attributes[ATTR.urlFull]);
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const scheme = url?.protocol === 'https:' ? 'https' : 'http';
  const port = attributes[ATTR.serverPort] ?? (Number(url?.port) || undefined);
  const requests = {
    method: methodOf(attributes),
    scheme,
    hostname: textOf(attributes[ATTR.serverAddress]) || (url?.hostname ?? ''),
    port: port ?? null,
    path: url?.pathname ?? '',
    query: url?.search.slice(1) ?? '',
  };
  return { name: scheme, start: { requests }, stop: statusOf('requests', attributes) };
}

function methodOf(attributes: Attributes): string {
  return textOf(attributes[ATTR.httpRequestMethodOriginal] ?? attributes[ATTR.httpRequestMethod]);
}

function statusOf(field: 'request' | 'requests', attributes: Attributes): PointInfo {
  const status_code = attributes[ATTR.httpResponseStatusCode];
  return status_code === undefined ? {} : { [field]: { status_code } };
}

function databaseOf({ name, attributes }: EndedSpan): PointInfo {
  const params: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith(ATTR.dbQueryParameter)) params[key.slice(ATTR.dbQueryParameter.length)] = value;
  }
  return { db: { statement: textOf(attributes[ATTR.dbQueryText] ?? name), params } };
}

/** As in OSProfiler, the arguments are a text to read, not to parse. */
function functionOf({ name, attributes }: EndedSpan): PointInfo {
  const hasDetails = Object.keys(attributes).length > 0;
  const kwargs = hasDetails ? { kwargs: cutText(JSON.stringify(attributes), MAX_TEXT_CHARS) } : {};
  return { function: { name: cutText(name, MAX_TEXT_CHARS), ...kwargs } };
}

function nameOf(spanName: string): string {
  const cleaned = spanName.replaceAll(/[^\p{L}\p{N}_.:/]+/gu, '_').replaceAll(/^_+|_+$/g, '');
  // OSProfiler's graph expects a request at every `wsgi`.
  if (cleaned === '' || cleaned === 'wsgi') return `span_${cleaned}`;
  return cutText(cleaned, MAX_NAME_CHARS);
}

function failureOf({ status, attributes, events }: EndedSpan): PointInfo {
  if (status.code !== SpanStatusCode.ERROR) return {};
  const exception = events.findLast(({ name }) => name === 'exception')?.attributes ?? {};
  const etype = textOf(exception[ATTR.exceptionType] ?? attributes[ATTR.errorType]) || 'Error';
  return { etype, message: textOf(status.message ?? exception[ATTR.exceptionMessage]) };
}

function textOf(value: AttributeValue | undefined): string {
  return value === undefined ? '' : cutText(String(value), MAX_TEXT_CHARS);
}
