import type { Destinations, SignatureOptions, TraceFormat, TrustOption } from '@clew/core';
import type { OtlpExporterOptions, Sampler, SpanExporter, SpanLimits, SpanProcessor } from '@clew/tracer';
import type { Attributes, ContextManager } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { LogLevel } from './log.ts';

/** The options of discovered plugins by short name (`express`) or package name; `false` leaves a plugin out. */
export type PluginOptions = Readonly<Record<string, Readonly<Record<string, unknown>> | false>>;

/** Options of `init({ propagation })`. */
export interface PropagationOptions {
  /** Wire formats to read, by name; the first that is valid wins. Environment: `OTEL_PROPAGATORS`. Default W3C. */
  readonly extract?: readonly (string | TraceFormat)[];
  /** Wire formats to write, all of them. Environment: `OTEL_PROPAGATORS`. Default W3C. */
  readonly inject?: readonly (string | TraceFormat)[];
  /** How far those who call are believed. Environment: `CLEW_TRUST`. Default `continue`. */
  readonly trust?: TrustOption;
  /** To whom trace context goes. Environment: `CLEW_SEND_TO`. Default `all`. */
  readonly sendTo?: Destinations;
  /** To whom of them baggage goes, too. Environment: `CLEW_SEND_BAGGAGE_TO`. Default `all`. */
  readonly sendBaggageTo?: Destinations;
  /** Signs what goes out; what comes in with a valid signature is trusted as far as it covers it. */
  readonly signature?: SignatureOptions;
}

/** Options of `init()`. Each may be left out; what is not given comes from the environment, then from the defaults. */
export interface InitOptions {
  /** `service.name`. Environment: `OTEL_SERVICE_NAME`. Default `unknown_service:node`. */
  readonly serviceName?: string;
  /** Attributes of the resource, over those of `OTEL_RESOURCE_ATTRIBUTES` and those found out. */
  readonly resource?: Attributes;
  /** The context carrier. Environment: `CLEW_CONTEXT`. Default `async`. */
  readonly context?: 'async' | 'stack' | ContextManager;
  /** Reports contexts left current and spans ended in the wrong place: for development. Environment: `CLEW_CONTEXT_STRICT`. */
  readonly strictContext?: boolean;
  /** What is read from messages, what is written into them, who is believed and who is told. */
  readonly propagation?: PropagationOptions;
  /** Environment: `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`. Default `parentbased_always_on`. */
  readonly sampler?: Sampler;
  /** Where spans go by OTLP; `false` for nowhere. Environment: `OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*`. */
  readonly exporter?: OtlpExporterOptions | false;
  /** Environment: `OTEL_ATTRIBUTE_*_LIMIT`, `OTEL_SPAN_*_LIMIT`, `OTEL_EVENT_*_LIMIT`, `OTEL_LINK_*_LIMIT`. */
  readonly limits?: Partial<SpanLimits>;
  /** Processors of your own, beside the exporter. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** Exporters of your own, beside the exporter. */
  readonly spanExporters?: readonly SpanExporter[];
  /** Instances that you make: of Clew's classes, of OpenTelemetry's, of your own. Installed Clew plugins run besides. */
  readonly instrumentations?: readonly Instrumentation[];
  /** Options of the plugins that are found. Environment: `CLEW_<PLUGIN>_<OPTION>`. */
  readonly plugins?: PluginOptions;
  /** Whether installed plugins are used, those of `CLEW_INSTRUMENTATIONS` included. Default `true`. */
  readonly discover?: boolean;
  /** Environment: `OTEL_LOG_LEVEL`. Default `warn`; lines go to standard error. */
  readonly logLevel?: LogLevel;
  /** Milliseconds that the program's end may be put off to deliver spans: [0, 60000]. Environment: `CLEW_FLUSH_TIMEOUT_MS`. Default 2000. */
  readonly flushTimeoutMs?: number;
}
