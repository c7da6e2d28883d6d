import { guard } from '@clew/core/plugin';
import type { ExpressLayer, LayerClass, Path } from './express.ts';

interface Alternative {
  readonly text: string;
  readonly layer: ExpressLayer;
}

/**
 * Returns a function that reads a path as text. Of a list of paths it takes the one that matches, which it finds with
 * layers of Express that are created once for each list.
 */
export function pathReader(Layer: LayerClass, end: boolean): (path: Path, url: () => string) => string {
  const known = new WeakMap<readonly Path[], readonly Alternative[]>();
  const alternativesOf = (paths: readonly Path[]) =>
    (paths as unknown[]).flat(Number.POSITIVE_INFINITY).map((path) => ({
      text: String(path),
      layer: new Layer(path as Path, { end }, () => {}),
    }));

  return (path, url) => {
    if (!isList(path)) return String(path ?? '');
    const matching = guard('matching a list of paths', () => {
      const alternatives = known.get(path) ?? alternativesOf(path);
      known.set(path, alternatives);
      const text = url();
      return alternatives.find(({ layer }) => layer.match(text));
    });
    return matching?.text ?? path.join(',');
  };
}

function isList(path: Path): path is readonly Path[] {
  return Array.isArray(path);
}
