import { loadPackage } from './load-export.ts';

/** The package of policies. It is loaded only if policies are configured, because it would delay every start. */
export type SamplingPackage = typeof import('@clew/sampling');
export type { Keep, PolicySamplerOptions, Provider, SamplerStats } from '@clew/sampling';

/** Loads the application's copy of the package, or the one that this package depends on. */
export function loadSamplingPackage(): SamplingPackage {
  return loadPackage('@clew/sampling') as SamplingPackage;
}
