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
 * Claims something that only one owner in a process may do, such as patching Node's own modules. Returns false if another
 * owner of this realm has claimed it. An owner of another realm is displaced by calling its `displace` function: a test
 * runner with one realm for each test file (Jest) leaves Node's modules patched by the previous file.
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

/** Releases a claim of this owner. */
export function release(name: string, owner: object): void {
  if (claims().get(name)?.owner === owner) claims().delete(name);
}

/** Stored on a Node module where possible: every realm and every copy of this package shares those. */
function claims(): Map<string, Claim> {
  const holder: Holder = Object.isExtensible(diagnostics) ? (diagnostics as Holder) : (globalThis as Holder);
  if (holder[KEY] === undefined) Object.defineProperty(holder, KEY, { value: new Map() });
  return holder[KEY] as Map<string, Claim>;
}
