import { guard } from '../kit/failures.ts';
import { matchesAny, type Pattern } from '../kit/options.ts';
import { labeller } from './labeller.ts';

/** Where a plugin has the options about destinations, as they are now. */
export interface NamingTools {
  readonly options: { readonly ignore: readonly Pattern[]; readonly destinationTemplates: readonly string[] };
}

/** How destinations appear in span names, and which destinations have no spans. */
export interface Naming {
  label(name: string): string;
  /** Whether one of the names matches the option `ignore`. Empty names match nothing. */
  isIgnored(...names: readonly string[]): boolean;
}

/**
 * Returns a function that returns the naming by the current options: the same object until they change. `madeUp`
 * matches names that the broker or a client makes up.
 */
export function namingBy(tools: NamingTools, madeUp: RegExp): () => Naming {
  let options: NamingTools['options'] | undefined;
  let naming: Naming;
  return () => {
    if (options !== tools.options) {
      options = tools.options;
      naming = createNaming(options, madeUp);
    }
    return naming;
  };
}

function createNaming({ ignore, destinationTemplates }: NamingTools['options'], madeUp: RegExp): Naming {
  return {
    label: labeller(madeUp, destinationTemplates),
    isIgnored: (...names) =>
      ignore.length > 0 &&
      names.some(
        (name) => name !== '' && guard('the option ignore', () => matchesAny(ignore, name)) === true,
      ),
  };
}
