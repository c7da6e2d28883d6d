import { plural } from '../plural.ts';
import type { Finding } from './finding.ts';
import type { Library } from './libraries.ts';
import { logFindings } from './log-findings.ts';
import { OTHER_TRACERS } from './plugin-catalogue.ts';
import { type Observed, ofKind } from './read-observations.ts';

const PRELOAD = 'node --import @clew/node/register app.js';
const FIRST_SUPPORTED = [22, 15] as const;

/** What is wrong in one process. `preloaded` is false if the application is to start Clew itself. */
export function processFindings(
  observed: Observed,
  libraries: readonly Library[],
  preloaded: boolean,
): Finding[] {
  return [
    ...nodeVersion(observed),
    ...unresolved(observed),
    ...startFindings(observed, preloaded),
    ...libraries.flatMap(libraryFinding),
    ...copies(observed),
    ...otherTracers(observed),
    ...logFindings(observed),
    ...samplingFindings(observed),
  ];
}

function nodeVersion(observed: Observed): Finding[] {
  const [, major = 0, minor = 0] =
    /^v(\d+)\.(\d+)/.exec(ofKind(observed, 'process')[0]?.node ?? '')?.map(Number) ?? [];
  const [firstMajor, firstMinor] = FIRST_SUPPORTED;
  if (major > firstMajor || (major === firstMajor && minor >= firstMinor)) return [];
  return [
    {
      id: 'node-version',
      problem: `Node.js ${major}.${minor} is too old for Clew`,
      advice: `Use Node.js ${FIRST_SUPPORTED.join('.')} or later.`,
    },
  ];
}

function unresolved(observed: Observed): Finding[] {
  return ofKind(observed, 'unresolved').map(({ specifier }) => {
    const [scope, name] = specifier.split('/');
    const isEntry = specifier.startsWith('@clew/node');
    return {
      id: 'not-found',
      problem: `${specifier} can't be found`,
      advice: isEntry ? `The preload is @clew/node/register: ${PRELOAD}` : `npm install ${scope}/${name}`,
    };
  });
}

function startFindings(observed: Observed, preloaded: boolean): Finding[] {
  if (ofKind(observed, 'started').length > 0) return exporterOff(observed);
  // These explain why Clew has not started.
  const isExplained =
    ofKind(observed, 'log').some(({ level }) => level === 'error') ||
    ofKind(observed, 'unresolved').length > 0;
  if (isExplained) return [];
  if (ofKind(observed, 'disabled').length > 0)
    return [
      {
        id: 'disabled',
        problem: 'Clew is disabled: OTEL_SDK_DISABLED is true, or the configuration file disables it',
        advice: 'Remove OTEL_SDK_DISABLED, and "disabled" in the file that OTEL_CONFIG_FILE names.',
      },
    ];
  if (preloaded) return [];
  return [
    {
      id: 'not-started',
      problem: 'the application has not started Clew',
      advice: `Start it with the preload: ${PRELOAD}`,
    },
  ];
}

function exporterOff(observed: Observed): Finding[] {
  const off = ofKind(observed, 'started').some(({ exporter, hasOthers }) => exporter === false && !hasOthers);
  if (!off) return [];
  return [
    {
      id: 'exporter-off',
      problem: 'spans are recorded, but not exported: no exporter is configured',
      advice: 'Remove OTEL_TRACES_EXPORTER=none, or the option `exporter: false`.',
    },
  ];
}

function libraryFinding({ name, version, plugin, state, versions }: Library): Finding[] {
  const library = version === '' ? name : `${name} ${version}`;
  if (state === 'no plugin')
    return [
      {
        id: 'missing-plugin',
        problem: `${library} is not traced: its plugin is not installed`,
        advice: `npm install ${plugin}`,
      },
    ];
  if (state === 'unsupported') {
    const range = versions.join(' || ');
    return [
      {
        id: 'unsupported-version',
        problem: `${library} is not traced: ${plugin} supports ${range}`,
        advice: `npm install "${name}@${range}"`,
      },
    ];
  }
  if (state === 'too early')
    return [
      {
        id: 'loaded-early',
        problem: `${library} was loaded before Clew was started, and is not traced reliably`,
        advice: `Load it later, or start Clew first, with the preload: ${PRELOAD} (--require modules are loaded before --import)`,
      },
    ];
  return [];
}

/** Packages of which two copies don't work together: each has its own state. */
function copies(observed: Observed): Finding[] {
  return ['@opentelemetry/api', '@clew/node'].flatMap((name) => {
    const loaded = ofKind(observed, 'package').filter((each) => each.name === name);
    const copiesOfIt = [...new Set(loaded.map(({ version, folder }) => `${version} in ${folder}`))];
    if (copiesOfIt.length < 2) return [];
    return [
      {
        id: 'two-copies',
        problem: `${copiesOfIt.length} copies of ${name} are loaded: ${copiesOfIt.join(', ')}`,
        advice: `npm dedupe ${name}, and see with npm ls ${name} which package requires another version`,
      },
    ];
  });
}

function otherTracers(observed: Observed): Finding[] {
  return ofKind(observed, 'package')
    .filter(({ name }) => OTHER_TRACERS.includes(name))
    .map(({ name, version }) => ({
      id: 'other-tracer',
      problem: `another tracer is loaded: ${name} ${version}, which patches the same libraries`,
      advice: `Use only one tracer in a process: start the application without ${name}, or without Clew.`,
    }));
}

function samplingFindings(observed: Observed): Finding[] {
  const spans = ofKind(observed, 'spans').at(-1);
  if (spans === undefined || spans.started === 0 || spans.ended > 0) return [];
  return [
    {
      id: 'nothing-sampled',
      problem: `${plural(spans.started, 'span')} started, but none was recorded`,
      advice: 'Check OTEL_TRACES_SAMPLER and the sampling policies; callers may have decided not to sample.',
    },
  ];
}
