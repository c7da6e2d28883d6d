import { guard, perObject } from '@clew/core/plugin';
import type { LayerClass, Path } from './express.ts';

/**
 * Returns a function that reads a path as text. Of a list of paths it takes the one that matches, which it finds with
 * layers of Express that are created once for each list.
 */
export function pathReader(Layer: LayerClass, end: boolean): (path: Path, url: () => string) => string {
  const alternativesOf = perObject((paths: readonly Path[]) =>
    (paths as unknown[]).flat(Number.POSITIVE_INFINITY).map((path) => ({
      text: String(path),
      layer: new Layer(path as Path, { end }, () => {}),
    })),
  );

  return (path, url) => {
    if (!isList(path)) return String(path ?? '');
    const matching = guard('matching a list of paths', () => {
      const text = url();
      return alternativesOf(path).find(({ layer }) => layer.match(text));
    });
    return matching?.text ?? path.join(',');
  };
}

function isList(path: Path): path is readonly Path[] {
  return Array.isArray(path);
}
