import type { Destinations, SignatureOptions, TraceFormat, TrustOption } from '@clew/core';
import type { PluginClasses } from '@clew/core/plugin-classes';
import type { OtlpExporterOptions, Sampler, SpanExporter, SpanLimits, SpanProcessor } from '@clew/tracer';
import type { Attributes, ContextManager } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { ConsoleFormat } from './console-fields.ts';
import type { LogLevel } from './log.ts';
import type { PolicySamplerOptions } from './sampling-package.ts';

/** The last part of a package's name: `clew-instrumentation-tinydb` for `@acme/clew-instrumentation-tinydb`. */
type Unscoped<Name extends string> = Name extends `@${string}/${infer Rest}` ? Rest : Name;

type WithoutPrefix<Name extends string> = Name extends `${'instrumentation' | 'plugin'}-${infer Rest}`
  ? Rest
  : Name;

/** The type of `shortNameOf`: `express` for `@clew/instrumentation-express`. */
type ShortName<Name extends string> =
  Unscoped<Name> extends `clew-${infer Rest}`
    ? WithoutPrefix<Rest> extends Rest
      ? Unscoped<Name>
      : WithoutPrefix<Rest>
    : WithoutPrefix<Unscoped<Name>>;

type GivenTo<Class> = Class extends new (options?: infer Given) => unknown ? NonNullable<Given> : never;

/**
 * The options of installed plugins by short name (`express`) or package name; `false` disables a plugin. TypeScript knows
 * the plugins of Clew that are installed, and others whose package is imported: `import type {} from 'clew-plugin-x'`.
 */
export type PluginOptions = {
  readonly [Name in keyof PluginClasses as Name | ShortName<Name>]?: GivenTo<PluginClasses[Name]> | false;
};

/** Options of `init({ propagation })`. */
export interface PropagationOptions {
  /** Wire formats to read, by name; the first valid one wins. Environment: `OTEL_PROPAGATORS`. Default W3C. */
  readonly extract?: readonly (string | TraceFormat)[];
  /** Wire formats to write; all of them are written. Environment: `OTEL_PROPAGATORS`. Default W3C. */
  readonly inject?: readonly (string | TraceFormat)[];
  /** How far callers are trusted. Environment: `CLEW_TRUST`. Default `continue`. */
  readonly trust?: TrustOption;
  /** The hosts to which trace context is sent. Environment: `CLEW_SEND_TO`. Default `all`. */
  readonly sendTo?: Destinations;
  /** The hosts, among these, to which baggage is sent, too. Environment: `CLEW_SEND_BAGGAGE_TO`. Default `all`. */
  readonly sendBaggageTo?: Destinations;
  /**
   * Signs outgoing context; incoming context is trusted as far as a valid signature covers it. Default: no
   * signatures.
   */
  readonly signature?: SignatureOptions;
}

/** Options of `init({ sampling })`: policies, where they come from, and what decides if none of them does. */
export interface SamplingOptions extends Omit<PolicySamplerOptions, 'resource'> {
  /** Path of a file with policies, which is watched. Environment: `CLEW_SAMPLING_FILE`. */
  readonly file?: string;
  /** URL from which policies are fetched. Environment: `CLEW_SAMPLING_URL`. */
  readonly url?: string;
  /** URL of an OpAMP server whose remote configuration has policies. Environment: `CLEW_SAMPLING_OPAMP_URL`. */
  readonly opampUrl?: string;
}

/**
 * Options of `init()`. All are optional: an omitted one is taken from the environment, otherwise from the
 * defaults.
 */
export interface InitOptions {
  /** `service.name`. Environment: `OTEL_SERVICE_NAME`. Default `unknown_service:node`. */
  readonly serviceName?: string;
  /** Resource attributes, which override `OTEL_RESOURCE_ATTRIBUTES` and the detected attributes. */
  readonly resource?: Attributes;
  /** The context manager. Environment: `CLEW_CONTEXT`. Default `async`. */
  readonly context?: 'async' | 'stack' | ContextManager;
  /**
   * For development: reports contexts that stay active and spans ended in the wrong place. Environment:
   * `CLEW_CONTEXT_STRICT`. Default `false`.
   */
  readonly strictContext?: boolean;
  /** The formats to read and write, which callers to trust, and where to send context. */
  readonly propagation?: PropagationOptions;
  /**
   * The sampler. Environment: `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`. Default `parentbased_always_on`.
   */
  readonly sampler?: Sampler;
  /**
   * Samples by policies that change while the application runs. `OTEL_TRACES_SAMPLER` then decides where no policy does.
   * Cannot be combined with `sampler`. Default: no policies.
   */
  readonly sampling?: SamplingOptions;
  /**
   * Bytes for the spans of traces that policies have not decided yet: [65536, 1073741824]. Environment:
   * `CLEW_LATE_BUFFER_BYTES`. Default 8388608.
   */
  readonly lateBufferBytes?: number;
  /** Options of the OTLP exporter; `false` disables it. Environment: `OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*`. */
  readonly exporter?: OtlpExporterOptions | false;
  /**
   * Limits for one span. Environment: `OTEL_ATTRIBUTE_*_LIMIT`, `OTEL_SPAN_*_LIMIT`, `OTEL_EVENT_*_LIMIT`,
   * `OTEL_LINK_*_LIMIT`.
   */
  readonly limits?: Partial<SpanLimits>;
  /** Additional span processors. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** Additional span exporters. */
  readonly spanExporters?: readonly SpanExporter[];
  /**
   * Additional instances of instrumentations: Clew's, OpenTelemetry's, or your own. Installed Clew plugins run,
   * too.
   */
  readonly instrumentations?: readonly Instrumentation[];
  /** Options of the installed plugins. Environment: `CLEW_<PLUGIN>_<OPTION>`. */
  readonly plugins?: PluginOptions;
  /** Whether installed plugins are used, including those of `CLEW_INSTRUMENTATIONS`. Default `true`. */
  readonly discover?: boolean;
  /**
   * Adds the ids of the current span to what `console` prints: `text` as a suffix, `json` with each output as one line of
   * JSON. Environment: `CLEW_CONSOLE`. Default: nothing is added.
   */
  readonly console?: ConsoleFormat;
  /** The lowest level that is logged to standard error. Environment: `OTEL_LOG_LEVEL`. Default `warn`. */
  readonly logLevel?: LogLevel;
  /**
   * Maximum milliseconds that the exit of the process is delayed to deliver spans: [0, 60000]. Environment:
   * `CLEW_FLUSH_TIMEOUT_MS`. Default 2000.
   */
  readonly flushTimeoutMs?: number;
}
