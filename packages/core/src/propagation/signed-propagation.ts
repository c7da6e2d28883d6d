import { type Context, propagation, type TextMapGetter, type TextMapSetter, trace } from '@opentelemetry/api';
import { injectionTargetOf } from './carrier-kind.ts';
import { extractTrace } from './extract-trace.ts';
import { isLeftOut } from './inject.ts';
import { injectFormats } from './inject-formats.ts';
import type { PropagatorOptions } from './propagator.ts';
import {
  bringsTrace,
  isBaggageVouched,
  isProvenanceTracked,
  isTraceVouched,
  vouchedOf,
  withOrigins,
  withVouched,
} from './provenance.ts';
import { type CoveredHeaders, SIGNATURE_HEADER, type Signature } from './signature.ts';

/** Reads a carrier without looking for our signature. */
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
 * Reads a carrier that may bear our signature. Trace and baggage are each taken from the headers that a valid signature
 * covers; only the one that is not among them is read from all headers, and counts as unsigned.
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
    const fresh = vouchedOf(extracted) === vouchedOf(context) ? {} : vouchedOf(extracted);
    return withOrigins(withVouched(extracted, { ...fresh, refused: true }), context);
  }
  const signed = extractAll(options, context, covered, coveredGetter);
  const isTraceSigned = bringsTrace(signed, context);
  const came = propagation.getBaggage(signed);
  const baggage = came === propagation.getBaggage(context) ? undefined : came;
  const extracted = isTraceSigned ? signed : extractTrace(options.extract, context, carrier, getter);
  const fresh = vouchedOf(extracted) === vouchedOf(context) ? {} : vouchedOf(extracted);
  const vouched = isTraceSigned ? { trace: 'signature' as const } : fresh;
  const complete =
    baggage === undefined
      ? withBeside(options, extracted, carrier, getter)
      : propagation.setBaggage(extracted, baggage);
  return withOrigins(withVouched(complete, { ...vouched, baggage: baggage !== undefined }), context);
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

/** Reads what was signed, not the carrier: it can't be anything else by now. */
const coveredGetter: TextMapGetter<CoveredHeaders> = {
  get: (covered, name) => covered.get(name),
  keys: (covered) => [...covered.keys()],
};

/** Writes headers and a signature over those of them that this process may sign. */
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

/** More names than these are left unsigned: entries of baggage that each have a header. */
const MAX_NAMES_CHARS = 2048;

function signable(
  options: PropagatorOptions,
  context: Context,
  headers: ReadonlyMap<string, string>,
): string[] {
  const { traceState } = trace.getSpanContext(context) ?? {};
  const signsTrace = isTraceVouched(traceState, context, 'signature');
  const signsBaggage = isBaggageVouched(propagation.getBaggage(context));
  const names: string[] = [];
  let chars = 0;
  for (const name of headers.keys()) {
    const isTrace = options.inject.some(({ fields }) => fields.includes(name));
    chars += name.length + 1;
    if ((isTrace ? signsTrace : signsBaggage) && chars <= MAX_NAMES_CHARS) names.push(name);
  }
  return names;
}
