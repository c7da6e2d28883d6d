import { alwaysOff, alwaysOn, parentBased, type Sampler, traceIdRatioBased } from '@clew/tracer';
import { type BaseSampling, INITIAL_JAEGER_RATE, keepOf } from './base-sampling.ts';
import type { ConfigSection } from './config-section.ts';

const PARENTS = [
  ['remote_parent_sampled', 'remoteParentSampled'],
  ['remote_parent_not_sampled', 'remoteParentNotSampled'],
  ['local_parent_sampled', 'localParentSampled'],
  ['local_parent_not_sampled', 'localParentNotSampled'],
] as const;
const EVERYTHING: BaseSampling = { plain: alwaysOn(), followParent: false, default: keepOf(1) };

type Read = (settings: ConfigSection) => BaseSampling;

/** Reads a section `sampler` of a configuration file. Throws a TypeError for a wrong value. */
export function declaredSampler(section: ConfigSection): BaseSampling {
  const [name, ...others] = section.names;
  if (name === undefined || others.length > 0)
    throw new TypeError(`expected ${section.path} to have one sampler, got ${section.names.length}`);
  const read = SAMPLERS.get(name);
  const settings = section.section(name, true);
  if (read === undefined || settings === undefined) {
    throw new TypeError(
      `expected ${section.path} to have one of ${[...SAMPLERS.keys()].join(', ')}, got ${name}`,
    );
  }
  const sampling = read(settings);
  settings.finish();
  return sampling;
}

const SAMPLERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['always_on', () => EVERYTHING],
  ['always_off', () => ({ plain: alwaysOff(), followParent: false, default: keepOf(0) })],
  ['trace_id_ratio_based', ratioBased],
  ['parent_based', byParent],
  ['probability/development', (settings) => ({ followParent: false, default: keepOf(ratioIn(settings)) })],
  ['jaeger_remote/development', jaegerRemote],
  ['jaeger_remote', jaegerRemote],
  ['composite/development', composite],
]);

function ratioIn(settings: ConfigSection): number {
  return settings.number('ratio', 0, 1) ?? 1;
}

function ratioBased(settings: ConfigSection): BaseSampling {
  const ratio = ratioIn(settings);
  return { plain: traceIdRatioBased(ratio), followParent: false, default: keepOf(ratio) };
}

function byParent(settings: ConfigSection): BaseSampling {
  const rootSection = settings.section('root');
  const root = rootSection === undefined ? EVERYTHING : declaredSampler(rootSection);
  const given = PARENTS.flatMap(([name, option]) => {
    const section = settings.section(name);
    if (section === undefined) return [];
    return [[option, plainOf(section)] as const];
  });
  if (given.length === 0) {
    const plain = root.plain && { plain: parentBased({ root: root.plain }) };
    return { ...root, ...plain, followParent: true };
  }
  if (root.plain === undefined)
    throw new TypeError(`expected ${settings.path} to have no more than root, where root loads its rules`);
  const options: { readonly [option: string]: Sampler } = Object.fromEntries(given);
  return { plain: parentBased({ ...options, root: root.plain }), followParent: true };
}

/** The sampler for a kind of parent, which cannot load its rules. */
function plainOf(section: ConfigSection): Sampler {
  const { plain } = declaredSampler(section);
  if (plain !== undefined) return plain;
  throw new TypeError(
    `expected ${section.path} to be always_on, always_off, trace_id_ratio_based or parent_based`,
  );
}

function jaegerRemote(settings: ConfigSection): BaseSampling {
  const url = settings.text('endpoint');
  const intervalMs = settings.integer('interval', 10, 86_400_000);
  const initialSection = settings.section('initial_sampler');
  const initial = initialSection && declaredSampler(initialSection).default;
  return {
    // Jaeger's strategies are for the start of a trace.
    followParent: true,
    rules: ({ JaegerProvider }, resource) =>
      new JaegerProvider({
        serviceName: String(resource['service.name']),
        initialRate: rateOf(initial) ?? INITIAL_JAEGER_RATE,
        url,
        intervalMs,
      }),
  };
}

function rateOf(keep: BaseSampling['default']): number | undefined {
  if (keep?.always === true) return 1;
  return keep?.never === true ? 0 : keep?.ratio;
}

function composite(settings: ConfigSection): BaseSampling {
  const config = Object.fromEntries(settings.names.map((name) => [name, settings.value(name) ?? null]));
  return { followParent: false, rules: ({ compositeProvider }) => compositeProvider(config) };
}
