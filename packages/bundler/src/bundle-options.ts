import { expectFit } from '@clew/core/internal';

/** What starts Clew in the process that runs the bundle. */
export type Start = (typeof STARTS)[number];

/** The options of the plugin, which are the same for all bundlers. */
export interface BundleOptions {
  /**
   * What starts Clew. `'bundle'` (default): the bundle contains Clew and starts it before any other code, configured by the
   * environment. `'application'`: the bundle contains Clew, and the application calls `init()`. `'preload'`: the bundle does
   * not contain Clew; the process is started with `--import @clew/node/register`, from an installed `@clew/node`.
   */
  readonly start?: Start;
  /** The folder of the application's package.json, from which the plugins are found. Default: the bundler's root. */
  readonly root?: string;
  /**
   * Further packages that the bundle contains because the configuration names them, such as `@clew/osprofiler`. Default:
   * none. `@clew/sampling` is always included.
   */
  readonly packages?: readonly string[];
}

const STARTS = ['bundle', 'application', 'preload'] as const;
const KNOWN = ['start', 'root', 'packages'];
const OWNER = '@clew/bundler';

/** The options with their defaults. Throws a TypeError for an invalid or unknown option. */
export function bundleOptions(options: BundleOptions, bundlersRoot: string): Required<BundleOptions> {
  for (const name of Object.keys(options))
    expectFit(OWNER, KNOWN.includes(name), `one of the options ${KNOWN.join(', ')}`, name);
  const { start = 'bundle', root = bundlersRoot, packages = [] } = options;
  const words = STARTS.map((word) => `"${word}"`).join(' | ');
  expectFit(OWNER, STARTS.includes(start), `start to be ${words}`, start);
  expectFit(OWNER, typeof root === 'string' && root !== '', 'root to be the path of a folder', root);
  const areNames = Array.isArray(packages) && packages.every((each) => typeof each === 'string');
  expectFit(OWNER, areNames, 'packages to be a list of package names', packages);
  return { start, root, packages };
}
