import { alwaysOff, type SpanLimits } from '@clew/tracer';
import type { Attributes } from '@opentelemetry/api';
import { type BaseSampling, keepOf } from './base-sampling.ts';
import { ConfigSection } from './config-section.ts';
import { declaredExporter } from './declared-exporter.ts';
import { declaredSampler } from './declared-sampler.ts';
import { definedOnly } from './defined-only.ts';
import type { InitOptions } from './init-options.ts';
import type { LogLevel } from './log.ts';
import { FORMAT_NAMES } from './named-formats.ts';

/** The content of a configuration file, as options. */
export interface Declared {
  readonly isDisabled: boolean;
  readonly options: Pick<InitOptions, 'resource' | 'propagation' | 'exporter' | 'limits' | 'logLevel'>;
  readonly sampling: BaseSampling | undefined;
  /** The places of what Clew does not support. */
  readonly unsupported: readonly string[];
}

const NO_SPANS: BaseSampling = { plain: alwaysOff(), followParent: false, default: keepOf(0) };
/** Sections about other signals, and about other ways of instrumentation. */
const OTHER_SECTIONS = ['meter_provider', 'logger_provider', 'instrumentation/development', 'distribution'];
const LOG_LEVELS: readonly (readonly [name: RegExp, level: LogLevel])[] = [
  [/^trace\d?$/, 'verbose'],
  [/^debug\d?$/, 'debug'],
  [/^info\d?$/, 'info'],
  [/^warn\d?$/, 'warn'],
  [/^(error|fatal)\d?$/, 'error'],
];
const LIMITS = [
  ['attribute_value_length_limit', 'attributeValueLength', 1, Number.MAX_SAFE_INTEGER],
  ['attribute_count_limit', 'attributeCount', 0, 65_536],
  ['event_count_limit', 'eventCount', 0, 65_536],
  ['link_count_limit', 'linkCount', 0, 65_536],
  ['event_attribute_count_limit', 'attributesPerEvent', 0, 65_536],
  ['link_attribute_count_limit', 'attributesPerLink', 0, 65_536],
] as const;

/**
 * Reads the part about traces of OpenTelemetry's declarative configuration. Throws a TypeError for a wrong value.
 *
 * @see https://github.com/open-telemetry/opentelemetry-configuration/blob/main/schema-docs.md
 */
export function declaredOptions(content: unknown): Declared {
  const unsupported: string[] = [];
  const file = new ConfigSection(content, '', unsupported);
  expectVersion(file.value('file_format'));
  const traces = file.section('tracer_provider');
  const limits = {
    ...declaredLimits(file.section('attribute_limits')),
    ...declaredLimits(traces?.section('limits')),
  };
  const samplerSection = traces?.section('sampler');
  const sampling = samplerSection && declaredSampler(samplerSection);
  const declared: Declared = {
    isDisabled: file.flag('disabled') ?? false,
    options: {
      ...definedOnly({ logLevel: levelOf(file.text('log_level')) }),
      resource: declaredResource(file.section('resource')),
      propagation: declaredPropagation(file.section('propagator'), unsupported),
      exporter: traces === undefined ? false : declaredExporter(traces),
      limits,
    },
    // Without a tracer provider, the configuration asks for no spans.
    sampling: traces === undefined ? NO_SPANS : sampling,
    unsupported,
  };
  traces?.finish();
  file.skip(...OTHER_SECTIONS);
  file.finish();
  return declared;
}

function expectVersion(version: unknown): void {
  const fits = typeof version === 'string' && /^1(\.\d+)?(-.*)?$/.test(version);
  if (!fits) throw new TypeError(`expected file_format to be 1.x, got ${JSON.stringify(version)}`);
}

function levelOf(name: string | undefined): LogLevel | undefined {
  return LOG_LEVELS.find(([pattern]) => name !== undefined && pattern.test(name))?.[1];
}

function declaredLimits(section: ConfigSection | undefined): Partial<SpanLimits> {
  const given = LIMITS.map(([name, limit, min, max]) => [limit, section?.integer(name, min, max)] as const);
  section?.finish();
  return definedOnly(Object.fromEntries(given));
}

function declaredResource(section: ConfigSection | undefined): Attributes {
  const attributes: Attributes = {};
  for (const pair of section?.text('attributes_list')?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0)
      attributes[decoded(pair.slice(0, equals).trim())] = decoded(pair.slice(equals + 1).trim());
  }
  for (const item of section?.sections('attributes') ?? []) {
    const name = item.text('name');
    const value = item.value('value');
    if (name === undefined) throw new TypeError(`expected ${item.path} to have a name`);
    if (value !== undefined) attributes[name] = typed(value, item.text('type') ?? 'string');
  }
  section?.skip('schema_url');
  section?.finish();
  return attributes;
}

/** Texts without quotes may have been read as numbers. */
function typed(value: unknown, type: string): string | number | boolean | string[] | number[] | boolean[] {
  if (Array.isArray(value)) return value.map((item) => typed(item, type.replace('_array', ''))) as string[];
  if (type === 'int' || type === 'double') return Number(value);
  return type === 'bool' ? value === true || value === 'true' : String(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without the section, nothing is propagated. */
function declaredPropagation(section: ConfigSection | undefined, unsupported: string[]) {
  const listed = section?.sections('composite').flatMap((item) => item.names) ?? [];
  const more = section?.text('composite_list')?.split(',') ?? [];
  const names = [...new Set([...listed, ...more.map((name) => name.trim())])].filter(
    (name) => name !== '' && name !== 'none',
  );
  const known = names.filter((name) => name === 'baggage' || FORMAT_NAMES.includes(name));
  for (const name of names) if (!known.includes(name)) unsupported.push(`propagator ${name}`);
  section?.finish();
  return { extract: known, inject: known };
}
