import type { LoaderContext } from 'webpack';
import type { BundleOptions } from './bundle-options.ts';
import { Wiring } from './wiring.ts';

/** The wirings of this process, by their options: webpack calls the loader for each module. */
const wirings = new Map<string, Wiring>();

/** The loader that `clew()` of `@clew/bundler/webpack` uses. It keeps the source map of the loaders before it. */
export default function loader(
  this: LoaderContext<Required<BundleOptions>>,
  code: string,
  ...rest: [sourceMap?: unknown]
): void {
  const done = this.async();
  wiringFor(this.getOptions())
    .wire(this.resourcePath, code)
    .then(
      (wired) => done(null, wired ?? code, ...(rest as [])),
      (fault: Error) => done(fault),
    );
}

function wiringFor(options: Required<BundleOptions>): Wiring {
  const key = JSON.stringify(options);
  const known = wirings.get(key) ?? new Wiring(options);
  wirings.set(key, known);
  return known;
}
