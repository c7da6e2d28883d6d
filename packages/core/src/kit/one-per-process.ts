import diagnostics from 'node:diagnostics_channel';
import { guard } from './failures.ts';

interface Claim {
  readonly owner: object;
  readonly realm: object;
  readonly displace: () => void;
}

const KEY = Symbol.for('clew.owners');
type Holder = { [KEY]?: Map<string, Claim> };

/**
 * Claims what only one in a process may do, such as patching Node's own modules. Returns false if another owner of this
 * realm has it. An owner of another realm is displaced, through the function that it gave: a test runner that gives
 * each test file a realm of its own (Jest does) leaves Node's modules as the file before has patched them.
 */
export function claim(name: string, owner: object, displace: () => void): boolean {
  const all = claims();
  const present = all.get(name);
  if (present !== undefined && present.owner !== owner) {
    if (present.realm === globalThis) return false;
    all.delete(name);
    guard(`displacing ${name} of another realm`, present.displace);
  }
  all.set(name, { owner, realm: globalThis, displace });
  return true;
}

/** Gives up what this owner has claimed. */
export function release(name: string, owner: object): void {
  if (claims().get(name)?.owner === owner) claims().delete(name);
}

/** Kept where every realm and every copy of this package finds it: realms share Node's own modules. */
function claims(): Map<string, Claim> {
  const holder: Holder = Object.isExtensible(diagnostics) ? (diagnostics as Holder) : (globalThis as Holder);
  if (holder[KEY] === undefined) Object.defineProperty(holder, KEY, { value: new Map() });
  return holder[KEY] as Map<string, Claim>;
}
