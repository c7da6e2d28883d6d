import type { Extraction, SamplingHint, TraceFormat } from '../format.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { readHeader } from './read-header.ts';
import { remoteParent, startOf } from './remote-parent.ts';

const NAME = 'xray';
const HEADER = 'x-amzn-trace-id';
/** Load balancers and functions add fields of their own (`Self`, `Lineage`). */
const MAX_CHARS = 2048;
/** Further fields are ignored. */
const MAX_FIELDS = 16;
/** Version, seconds since 1970, and 96 random bits. */
const ROOT = /^1-([\da-f]{8})-([\da-f]{24})$/i;

/** AWS X-Ray. Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export const xray: TraceFormat = {
  name: NAME,
  fields: [HEADER],

  extract(carrier, getter) {
    const extraction = readHeader(NAME, HEADER, MAX_CHARS, parse, carrier, getter);
    return extraction === 'nothing' ? undefined : extraction;
  },

  inject({ spanContext: { traceId, spanId, traceFlags } }, carrier, setter) {
    const root = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
    setter.set(carrier, HEADER, `Root=${root};Parent=${spanId};Sampled=${traceFlags & 1}`);
  },
};

/** The fields may be in any order; `Sampled=?` leaves the decision to the receiver. */
function parse(text: string): Extraction | 'nothing' | undefined {
  let root: string | undefined;
  let parent: string | undefined;
  let decision: SamplingHint | undefined;
  for (const part of text.split(';', MAX_FIELDS)) {
    const equals = part.indexOf('=');
    const key = part.slice(0, Math.max(equals, 0)).trim();
    const value = part.slice(equals + 1).trim();
    if (key === 'Root') root = value;
    else if (key === 'Parent') parent = value;
    else if (key === 'Sampled') decision = hintOf(value);
  }
  if (root === undefined) return startOf(undefined, decision) ?? 'nothing';
  const matched = ROOT.exec(root);
  const traceId = matched === null ? undefined : traceIdOf(`${matched[1]}${matched[2]}`);
  if (traceId === undefined) return undefined;
  if (parent === undefined || parent === '') return startOf(traceId, decision);
  const spanId = parent.length === 16 ? spanIdOf(parent) : undefined;
  return spanId === undefined ? undefined : remoteParent(traceId, spanId, decision);
}

function hintOf(sampled: string): SamplingHint | undefined {
  if (sampled === '1') return 'sample';
  return sampled === '0' ? 'drop' : undefined;
}
