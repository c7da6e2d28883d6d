import diagnostics from 'node:diagnostics_channel';
import { guard } from '@clew/core/internal';
import type { OtlpExporterOptions } from '@clew/tracer';
import type { InitOptions } from './init-options.ts';
import type { InstalledPlugin, StatedTarget } from './plugin-manifest.ts';

/** What `clew doctor` learns about a process. `src/doctor/observation.ts` of `@clew/viewer` states the same shapes. */
type SelfReport =
  | {
      readonly kind: 'plugins';
      readonly plugins: readonly ReportedPlugin[];
      /** Instrumentations of OpenTelemetry, and those given to `init()`. */
      readonly others: readonly string[];
    }
  | {
      readonly kind: 'started';
      readonly exporter: false | Pick<OtlpExporterOptions, 'url' | 'protocol' | 'headers' | 'ca'>;
      /** Whether there are processors or exporters besides that of OTLP. */
      readonly hasOthers: boolean;
      /** `undefined` for the default. */
      readonly trust: unknown;
    }
  | { readonly kind: 'disabled' }
  | {
      readonly kind: 'traced';
      readonly plugin: string;
      readonly by: 'patch' | 'channel';
      readonly target: string;
    }
  | { readonly kind: 'log'; readonly level: string; readonly text: string };

interface ReportedPlugin {
  readonly name: string;
  readonly enabled: boolean;
  readonly targets: readonly StatedTarget[];
}

const channel = diagnostics.channel('clew:self-report');

/** Publishes a report. Without a subscriber, which is the usual case, the report is not made. */
export function selfReport(report: () => SelfReport): void {
  if (channel.hasSubscribers) guard('the self-report', () => channel.publish(report()));
}

/** Reports the installed plugins, and which of them are used. */
export function reportPlugins(
  installed: readonly InstalledPlugin[],
  used: readonly InstalledPlugin[],
  others: readonly string[],
): void {
  selfReport(() => ({
    kind: 'plugins',
    others,
    plugins: installed.map(({ name, targets }) => ({
      name,
      enabled: used.some((plugin) => plugin.name === name),
      targets,
    })),
  }));
}

/** Reports the exporter and the trust that are in force. A client's key is not reported. */
export function reportStart(
  exporter: OtlpExporterOptions | false,
  { spanProcessors = [], spanExporters = [] }: InitOptions,
  trust: unknown,
): void {
  selfReport(() => ({
    kind: 'started',
    exporter: exporter && {
      ...(exporter.url !== undefined && { url: exporter.url }),
      ...(exporter.protocol !== undefined && { protocol: exporter.protocol }),
      ...(exporter.headers !== undefined && { headers: exporter.headers }),
      ...(exporter.ca !== undefined && { ca: exporter.ca }),
    },
    hasOthers: spanProcessors.length + spanExporters.length > 0,
    trust,
  }));
}
