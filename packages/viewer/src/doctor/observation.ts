/** One line of what an application's process reports to `clew doctor`. */
export type Observation =
  | ProcessObservation
  | PackageObservation
  /** A module of Node.js that was loaded by a package. */
  | { readonly kind: 'builtin'; readonly name: string; readonly from: string }
  /** A module of Clew that could not be found. */
  | { readonly kind: 'unresolved'; readonly specifier: string }
  | { readonly kind: 'spans'; readonly started: number; readonly ended: number; readonly exported: number }
  | SelfReport;

/** The first line of each process. */
export interface ProcessObservation {
  readonly kind: 'process';
  readonly pid: number;
  /** Such as `v24.11.1`. */
  readonly node: string;
  readonly main: string;
}

/** A package that was loaded, once for each package that loads it. */
export interface PackageObservation {
  readonly kind: 'package';
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** The package that loaded it; empty for the first one of a process. */
  readonly from: string;
}

/** What `@clew/node` publishes on the channel `clew:self-report`; its `src/self-report.ts` states the same shapes. */
export type SelfReport =
  | {
      readonly kind: 'plugins';
      readonly plugins: readonly ReportedPlugin[];
      readonly others: readonly string[];
    }
  | StartReport
  | { readonly kind: 'disabled' }
  | {
      readonly kind: 'traced';
      readonly plugin: string;
      readonly by: 'patch' | 'channel';
      readonly target: string;
    }
  | { readonly kind: 'log'; readonly level: string; readonly text: string };

/** The exporter, as far as it is needed to reach the receiver, and the trust. */
export interface StartReport {
  readonly kind: 'started';
  readonly exporter: false | ReportedExporter;
  readonly hasOthers: boolean;
  readonly trust?: unknown;
}

/** The options of the exporter that a probe needs. */
export interface ReportedExporter {
  readonly url?: string;
  readonly protocol?: 'http/protobuf' | 'http/json';
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string;
}

/** An installed plugin. */
export interface ReportedPlugin {
  readonly name: string;
  readonly enabled: boolean;
  readonly targets: readonly {
    readonly module?: string;
    readonly versions?: readonly string[];
    readonly channel?: string;
  }[];
}

/** The variable with the folder for these lines. */
export const FOLDER_VARIABLE = 'CLEW_DOCTOR_FOLDER';
