import type { Attributes } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { matchesAny } from '../kit/options.ts';
import { remembered } from '../kit/remembered.ts';
import { ATTR } from '../semconv.ts';
import { labeller } from './labeller.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { MessagingOptions } from './messaging-options.ts';

type NamingOptions = Pick<MessagingOptions, 'ignore' | 'destinationTemplates'>;

/** What a plugin creates its actions with. */
export interface ActionTools {
  /** The destination as it appears in span names. */
  label(name: string): string;
  /** Whether one of the names matches the option `ignore`. Empty names match nothing. */
  isIgnored(...names: readonly string[]): boolean;
  /** Returns a function that calls `create` once for each combination of arguments, which it compares by identity. */
  once<Key extends readonly unknown[]>(
    create: (...key: Key) => MessagingAction,
  ): (...key: Key) => MessagingAction;
}

/** About 2 MB. Applications create names at run time, such as queues for replies. */
const MAX_ACTIONS = 1000;

/**
 * Returns a function that returns the actions of a plugin: call it for every message. When the options have changed, or
 * there are 1,000 actions, they are created anew. `generatedNames` matches names that the broker or a client generates.
 *
 * @example
 * const actions = actionsBy(tools, /_INBOX\.\w+/, ({ label, once }) => ({
 *   publish: once((subject: string) => createAction({ …, destination: subject, label: label(subject) })),
 * }));
 * actions().publish('orders');
 */
export function actionsBy<Actions>(
  tools: { readonly options: NamingOptions },
  generatedNames: RegExp,
  create: (tools: ActionTools) => Actions,
): () => Actions {
  let options: NamingOptions | undefined;
  let actions: Actions;
  let count = 0;
  return () => {
    if (options !== tools.options || count >= MAX_ACTIONS) {
      options = tools.options;
      count = 0;
      const { ignore, destinationTemplates } = options;
      const matches = (name: string) =>
        name !== '' && guard('the option ignore', () => matchesAny(ignore, name)) === true;
      actions = create({
        label: labeller(generatedNames, destinationTemplates),
        isIgnored: (...names) => ignore.length > 0 && names.some(matches),
        once: (createOne) =>
          once((...key) => {
            count++;
            return createOne(...key);
          }),
      });
    }
    return actions;
  };
}

function once<Key extends readonly unknown[]>(
  create: (...key: Key) => MessagingAction,
): (...key: Key) => MessagingAction {
  interface Node {
    readonly next: Map<unknown, Node>;
    action?: MessagingAction;
  }
  const root: Node = { next: new Map() };
  let last: { readonly key: Key; readonly action: MessagingAction } | undefined;
  return (...key) => {
    // Text from the wire is a new string each time: comparing it is cheaper than hashing it for a look-up.
    if (last?.key.every((part, index) => part === key[index])) return last.action;
    let node = root;
    for (const part of key) {
      const next = node.next.get(part) ?? { next: new Map() };
      node.next.set(part, next);
      node = next;
    }
    node.action ??= create(...key);
    last = { key, action: node.action };
    return node.action;
  };
}

const servers = remembered((key: string): Attributes => {
  const [port, address] = key.split(' ');
  return {
    ...(address && { [ATTR.serverAddress]: address }),
    ...(port && { [ATTR.serverPort]: Number(port) }),
  };
});

/** The attributes of a server, as far as they are known: the same object for the same address and port. */
export function serverAttributes(address: string | undefined, port: number | undefined): Attributes {
  return servers(`${port ?? ''} ${address ?? ''}`);
}
