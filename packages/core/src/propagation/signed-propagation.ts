import { type Context, propagation, type TextMapGetter, type TextMapSetter, trace } from '@opentelemetry/api';
import { injectionTargetOf } from './carrier-kind.ts';
import { extractTrace } from './extract-trace.ts';
import { isLeftOut } from './inject.ts';
import { injectFormats } from './inject-formats.ts';
import type { PropagatorOptions } from './propagator.ts';
import {
  hasNewTrace,
  isProvenanceTracked,
  maySignBaggage,
  maySignTrace,
  verificationOf,
  withOrigins,
  withVerification,
} from './provenance.ts';
import { type CoveredHeaders, SIGNATURE_HEADER, type Signature } from './signature.ts';

/** Reads a carrier without verifying a signature. */
export function extractUnsigned<C>(
  options: PropagatorOptions,
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  const extracted = extractAll(options, context, carrier, getter);
  return extracted !== context && isProvenanceTracked() ? withOrigins(extracted, context) : extracted;
}

/**
 * Reads a carrier that may have a signature. Trace and baggage are each taken from the headers that a valid signature
 * covers; if those have no trace or no baggage, it is read from all headers and counts as unsigned.
 */
export function extractSigned<C>(
  options: PropagatorOptions,
  signature: Signature,
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  const covered = signature.verify(carrier, getter);
  if (covered === undefined) return extractUnsigned(options, context, carrier, getter);
  if (covered === 'refused') {
    const extracted = extractAll(options, context, carrier, getter);
    const fresh = verificationOf(extracted) === verificationOf(context) ? {} : verificationOf(extracted);
    return withOrigins(withVerification(extracted, { ...fresh, refused: true }), context);
  }
  const signed = extractAll(options, context, covered, coveredGetter);
  const isTraceSigned = hasNewTrace(signed, context);
  const received = propagation.getBaggage(signed);
  const baggage = received === propagation.getBaggage(context) ? undefined : received;
  const extracted = isTraceSigned ? signed : extractTrace(options.extract, context, carrier, getter);
  const fresh = verificationOf(extracted) === verificationOf(context) ? {} : verificationOf(extracted);
  const verification = isTraceSigned ? { trace: 'signature' as const } : fresh;
  const complete =
    baggage === undefined
      ? withBeside(options, extracted, carrier, getter)
      : propagation.setBaggage(extracted, baggage);
  return withOrigins(
    withVerification(complete, { ...verification, baggage: baggage !== undefined }),
    context,
  );
}

function extractAll<C>(
  options: PropagatorOptions,
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  return withBeside(options, extractTrace(options.extract, context, carrier, getter), carrier, getter);
}

function withBeside<C>(
  { extractBeside }: PropagatorOptions,
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  let extracted = context;
  for (const format of extractBeside) extracted = format.extract(extracted, carrier, getter);
  return extracted;
}

/** Reads the verified values and not the carrier, whose values could change between two reads. */
const coveredGetter: TextMapGetter<CoveredHeaders> = {
  get: (covered, name) => covered.get(name),
  keys: (covered) => [...covered.keys()],
};

/** Writes headers, and a signature over those that this process may sign. */
export function injectSigned<C>(
  options: PropagatorOptions,
  signature: Signature,
  context: Context,
  carrier: C,
  setter: TextMapSetter<C>,
): void {
  const headers = new Map<string, string>();
  injectFormats(options, context, headers, mapSetter);
  for (const [name, value] of headers) if (isLeftOut(setter.set(carrier, name, value))) headers.delete(name);
  const names = signable(options, context, headers);
  if (names.length === 0) return;
  setter.set(carrier, SIGNATURE_HEADER, signature.sign(headers, names, injectionTargetOf(context)));
}

const mapSetter: TextMapSetter<Map<string, string>> = {
  set: (headers, name, value) => headers.set(name, value),
};

/** Headers beyond this total length of names stay unsigned: formats may write one header for each entry of baggage. */
const MAX_NAMES_CHARS = 2048;

function signable(
  options: PropagatorOptions,
  context: Context,
  headers: ReadonlyMap<string, string>,
): string[] {
  const { traceState } = trace.getSpanContext(context) ?? {};
  const signsTrace = maySignTrace(traceState, context, 'signature');
  const signsBaggage = maySignBaggage(propagation.getBaggage(context));
  const names: string[] = [];
  let chars = 0;
  for (const name of headers.keys()) {
    const isTrace = options.inject.some(({ fields }) => fields.includes(name));
    chars += name.length + 1;
    if ((isTrace ? signsTrace : signsBaggage) && chars <= MAX_NAMES_CHARS) names.push(name);
  }
  return names;
}
