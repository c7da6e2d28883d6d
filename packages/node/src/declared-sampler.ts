import { alwaysOff, alwaysOn, parentBased, type Sampler, traceIdRatioBased } from '@clew/tracer';
import { type BaseSampling, INITIAL_JAEGER_RATE, keepOf } from './base-sampling.ts';
import type { ConfigSection } from './config-section.ts';
import { definedOnly } from './defined-only.ts';

/** The sampler for each kind of parent, the option of the tracer, and the rate of OpenTelemetry's default. */
const PARENTS = [
  ['remote_parent_sampled', 'remoteParentSampled', 1],
  ['remote_parent_not_sampled', 'remoteParentNotSampled', 0],
  ['local_parent_sampled', 'localParentSampled', 1],
  ['local_parent_not_sampled', 'localParentNotSampled', 0],
] as const;
const EVERYTHING: BaseSampling = { plain: alwaysOn(), followParent: false, default: keepOf(1) };

type Read = (settings: ConfigSection, isRoot: boolean) => BaseSampling;

/**
 * Reads a section `sampler` of a configuration file. Throws a TypeError for a wrong value.
 *
 * @param isRoot whether it is the root of `parent_based`; default `false`
 */
export function declaredSampler(section: ConfigSection, isRoot = false): BaseSampling {
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
  const sampling = read(settings, isRoot);
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

/** The policies' sampler always follows local parents; it follows all remote parents, or ignores them all. */
function byParent(settings: ConfigSection): BaseSampling {
  const rootSection = settings.section('root');
  const root = rootSection === undefined ? EVERYTHING : declaredSampler(rootSection, true);
  const parents = PARENTS.map(([name, option, usualRate]) => {
    const section = settings.section(name);
    const sampling = section && declaredSampler(section);
    const rate = sampling === undefined ? usualRate : fixedRateOf(sampling);
    return { name, option, sampling, rate, isUsual: rate === usualRate };
  });
  const rate = fixedRateOf(root);
  const ignoresRemote =
    rate !== undefined && parents.every((parent) => !isRemote(parent.name) || parent.rate === rate);
  const unusual = parents.filter(({ name, isUsual }) => !(isUsual || (ignoresRemote && isRemote(name))));
  const names = unusual.map(({ name }) => name).join(', ');
  const { plain: _, inexact: nested, ...rest } = root;
  const plain = plainByParent(root, parents);
  const inexact =
    names === '' ? nested : `${settings.path}: the parent's decision is followed, instead of ${names}`;
  return { ...rest, ...definedOnly({ plain, inexact }), followParent: !ignoresRemote };
}

function isRemote(name: string): boolean {
  return name.startsWith('remote_');
}

function plainByParent(
  { plain: root }: BaseSampling,
  parents: readonly { readonly option: string; readonly sampling: BaseSampling | undefined }[],
): Sampler | undefined {
  const options: Record<string, Sampler> = {};
  for (const { option, sampling } of parents) {
    if (sampling === undefined) continue;
    if (sampling.plain === undefined) return undefined;
    options[option] = sampling.plain;
  }
  return root && parentBased({ ...options, root });
}

/** The share of the traces that are kept whatever their parent is; `undefined` if it is not fixed. */
function fixedRateOf({ followParent, rules, default: keep }: BaseSampling): number | undefined {
  return followParent || rules !== undefined ? undefined : rateOf(keep);
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

function composite(settings: ConfigSection, isRoot: boolean): BaseSampling {
  const config = Object.fromEntries(settings.names.map((name) => [name, settings.value(name) ?? null]));
  // The provider decides before the step that follows the parent.
  const rules = isRoot ? { parent_threshold: { root: config } } : config;
  return { followParent: false, rules: ({ compositeProvider }) => compositeProvider(rules) };
}
