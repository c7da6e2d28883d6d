import type { Ended } from '../application-process.ts';
import { exporterFindings } from './exporter-findings.ts';
import type { Finding } from './finding.ts';
import { type Library, librariesOf } from './libraries.ts';
import type { ReportedExporter, StartReport } from './observation.ts';
import { type Probe, probeExporter } from './probe-exporter.ts';
import { processFindings } from './process-findings.ts';
import { type Observed, ofKind } from './read-observations.ts';

/** How the application was run. */
export interface Run {
  readonly observed: readonly Observed[];
  readonly ended: Ended;
  /** Whether the application was stopped with a signal, after its time or by the user. */
  readonly isStopped: boolean;
  /** Whether `clew doctor` was to add the preload. */
  readonly addsPreload: boolean;
  /** The folder of `@clew/node` as the working directory has it. */
  readonly nodeFolder: string | undefined;
}

/** The result of `clew doctor`. */
export interface Diagnosis {
  readonly problems: readonly Finding[];
  readonly processes: readonly { readonly pid: number; readonly node: string; readonly main: string }[];
  readonly libraries: readonly Library[];
  readonly exporters: readonly Probe[];
  /** The trust in incoming context of each process that has started Clew; `null` for the default. */
  readonly trust: readonly unknown[];
  readonly spans: { readonly started: number; readonly ended: number; readonly exported: number };
}

/** Exit status of Node.js for invalid options. */
const INVALID_OPTION = 9;
const MAX_PROBES = 4;
const PACKAGE_MANAGER = /[\\/](npm|npx|yarn|pnpm|corepack)(-cli)?(\.c?js)?$/;

/** Finds out what is wrong from what the processes have reported, and asks the receivers of spans. */
export async function diagnose(run: Run): Promise<Diagnosis> {
  const observed = withoutPackageManagers(run.observed);
  const starts = observed.flatMap((each) => ofKind(each, 'started'));
  const exporters = await Promise.all(exportersOf(starts).map(probeExporter));
  const libraries = observed.map(librariesOf);
  const preloaded = run.addsPreload && run.nodeFolder !== undefined;
  const receivers = exporters.flatMap(exporterFindings);
  const problems = [
    ...notInstalled(run, starts.length > 0),
    ...observed.flatMap((each, at) => processFindings(each, libraries[at] ?? [], preloaded)),
    ...receivers,
  ]
    // Without @clew/node, one line is enough. What the tracer logs about a receiver is known, too.
    .filter(({ id }) => run.nodeFolder !== undefined || (id !== 'not-started' && id !== 'not-found'))
    .filter(({ problem }) => receivers.length === 0 || !problem.startsWith('@clew/tracer:'));
  return {
    problems: distinct([...problems, ...(problems.length === 0 ? endFindings(run) : [])]),
    processes: observed.flatMap((each) =>
      ofKind(each, 'process').map(({ pid, node, main }) => ({ pid, node, main })),
    ),
    libraries: distinct(libraries.flat()),
    exporters,
    trust: distinct(starts.map(({ trust = null }) => trust)),
    spans: sum(observed.flatMap((each) => ofKind(each, 'spans').slice(-1))),
  };
}

/** A package manager that starts the application is a process of Node.js as well, and not of interest. */
function withoutPackageManagers(all: readonly Observed[]): readonly Observed[] {
  const others = all.filter((each) => !PACKAGE_MANAGER.test(ofKind(each, 'process')[0]?.main ?? ''));
  return others.length > 0 ? others : all;
}

function exportersOf(starts: readonly StartReport[]): ReportedExporter[] {
  return distinct(starts.flatMap(({ exporter }) => exporter || [])).slice(0, MAX_PROBES);
}

/** A bundle contains what it needs: Clew starts in it without an installation. */
function notInstalled({ nodeFolder }: Run, isStarted: boolean): Finding[] {
  if (nodeFolder !== undefined || isStarted) return [];
  return [
    {
      id: 'node-missing',
      problem: '@clew/node is not installed in this folder',
      advice: 'npm install @clew/node',
    },
  ];
}

/** How the application ended, if nothing else explains it. */
function endFindings({ observed, ended, isStopped }: Run): Finding[] {
  if (observed.length === 0 && ended.code === INVALID_OPTION)
    return [
      {
        id: 'node-option',
        problem: 'Node.js does not accept an option of the command or of NODE_OPTIONS',
        advice:
          'Correct the option that Node.js names above; that of the preload is --import @clew/node/register.',
      },
    ];
  if (observed.length === 0)
    return [
      {
        id: 'no-process',
        problem: 'no process of Node.js has reported',
        advice:
          'Check that the command starts Node.js, keeps NODE_OPTIONS, and may write to the temporary folder.',
      },
    ];
  if (isStopped || ended.code === 0) return [];
  return [
    {
      id: 'application-failed',
      problem: `the application ended with ${ended.signal ?? `status ${ended.code}`}`,
      advice:
        'Its output is above. Run it without clew doctor: if it fails there too, tracing is not the cause.',
    },
  ];
}

function sum(all: readonly Diagnosis['spans'][]): Diagnosis['spans'] {
  const total = (key: keyof Diagnosis['spans']) => all.reduce((count, each) => count + each[key], 0);
  return { started: total('started'), ended: total('ended'), exported: total('exported') };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
