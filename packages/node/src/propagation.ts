import {
  type ContextFormat,
  createPropagator,
  createSignature,
  type TraceFormat,
  w3cBaggage,
} from '@clew/core';
import { option, type PropagationDefaults, show } from '@clew/core/internal';
import type { OptionKind } from '@clew/core/plugin';
import { diag, type TextMapPropagator } from '@opentelemetry/api';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { FORMAT_NAMES, formatNamed } from './named-formats.ts';
import { expect } from './option-checks.ts';

type FormatList = readonly (string | TraceFormat)[];

const CONTEXT_FORMATS: readonly ContextFormat[] = [w3cBaggage];
const NAMES = [...FORMAT_NAMES, ...CONTEXT_FORMATS.map(({ name }) => name)];
const DEFAULT: FormatList = ['tracecontext', 'baggage'];

/** Returns the propagator from the options, or from `OTEL_PROPAGATORS`; `none` propagates nothing. */
export function propagatorFrom(
  environment: Environment,
  { propagation = {} }: InitOptions,
): TextMapPropagator {
  const common = namesFrom(environment);
  const { extract = common, inject = common, signature } = propagation;
  expectFormats('propagation.extract', extract);
  expectFormats('propagation.inject', inject);
  return createPropagator({
    extract: formatsOf('propagation.extract', extract),
    inject: formatsOf('propagation.inject', inject),
    extractBeside: CONTEXT_FORMATS.filter(({ name }) => extract.includes(name)),
    injectBeside: CONTEXT_FORMATS.filter(({ name }) => inject.includes(name)),
    ...(signature && { signature: createSignature(signature) }),
  });
}

/** Returns the propagation defaults: which callers to trust, and where to send context. */
export function propagationDefaultsFrom(
  environment: Environment,
  { propagation = {} }: InitOptions,
): Partial<PropagationDefaults> {
  const read = <T>(name: string, variable: string, kind: OptionKind<T>): T | undefined => {
    const given: unknown = Reflect.get(propagation, name);
    if (given !== undefined) expect(kind.accepts(given), `propagation.${name}`, kind.expected, given);
    return (given as T) ?? environment.option(variable, kind);
  };
  return definedOnly({
    trust: read('trust', 'CLEW_TRUST', option.trust()),
    sendTo: read('sendTo', 'CLEW_SEND_TO', option.destinations()),
    sendBaggageTo: read('sendBaggageTo', 'CLEW_SEND_BAGGAGE_TO', option.destinations()),
  });
}

/** Keeps the order of the names: the first format that can be read wins. */
function formatsOf(option: string, chosen: FormatList): TraceFormat[] {
  return chosen.flatMap((each) => {
    if (typeof each !== 'string') return each;
    try {
      return formatNamed(each) ?? [];
    } catch (fault) {
      throw new TypeError(`@clew/node: ${option} can't have ${each}: ${(fault as Error).message}`);
    }
  });
}

/** Ignores names that cannot be used, with a warning. */
function namesFrom(environment: Environment): FormatList {
  const names = environment.list('OTEL_PROPAGATORS')?.map((name) => name.toLowerCase());
  if (names === undefined) return DEFAULT;
  if (names.length === 1 && names[0] === 'none') return [];
  const usable = names.filter((name) => NAMES.includes(name) && isAvailable(name));
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0 && usable.length === 0)
    environment.warn('OTEL_PROPAGATORS', `a list of ${NAMES.join(', ')}`, unknown.join(','));
  for (const name of usable.length === 0 ? [] : unknown)
    warnAboutIgnored(name, `expected one of ${NAMES.join(', ')}`);
  return usable.length === 0 ? DEFAULT : usable;
}

function isAvailable(name: string): boolean {
  try {
    formatNamed(name);
    return true;
  } catch (fault) {
    warnAboutIgnored(name, (fault as Error).message);
    return false;
  }
}

function warnAboutIgnored(name: string, reason: string): void {
  diag.warn(`@clew/node: ${show(name)} in OTEL_PROPAGATORS is left out: ${reason}`);
}

function expectFormats(name: string, chosen: FormatList): void {
  expect(Array.isArray(chosen), name, 'a list of formats', chosen);
  chosen.forEach((each, index) => {
    const fits = typeof each === 'string' ? NAMES.includes(each) : typeof each?.extract === 'function';
    expect(fits, `${name}[${index}]`, `a format or one of ${NAMES.join(', ')}`, each);
  });
}
