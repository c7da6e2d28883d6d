import { LIMITS } from '../limits.ts';
import type { Keep, Policy } from '../policy.ts';
import { Problems } from '../policy-error.ts';
import { readAttributeMatch, readTextMatch } from './read-text-match.ts';
import {
  boolean,
  type Fields,
  number,
  oneOrMore,
  onlyTrue,
  type Read,
  readObject,
  readRecord,
  text,
} from './read-values.ts';

const perSecond = number(0, LIMITS.perSecond);

const KEEP: Fields = {
  ratio: number(0, 1),
  tracesPerSecond: perSecond,
  atLeastPerSecond: perSecond,
  always: onlyTrue,
  never: onlyTrue,
  onError: onlyTrue,
  slowerThanMs: number(0, LIMITS.slowerThanMs),
};

const attributes: Read = (value, place, problems) => readRecord(value, place, problems, readAttributeMatch);

const MATCH: Fields = {
  service: readTextMatch,
  resource: attributes,
  name: readTextMatch,
  kind: oneOrMore(['internal', 'server', 'client', 'producer', 'consumer']),
  method: readTextMatch,
  path: readTextMatch,
  route: readTextMatch,
  host: readTextMatch,
  queue: readTextMatch,
  rpcMethod: readTextMatch,
  attributes,
  baggage: (value, place, problems) => readRecord(value, place, problems, readTextMatch),
  origin: oneOrMore(['root', 'remote-sampled', 'remote-unsampled', 'signed', 'debug']),
};

/** The fields of a policy that both forms have. */
export const DESCRIPTION: Fields = {
  id: text(1, LIMITS.id),
  name: text(0, LIMITS.text),
  description: text(0, LIMITS.text),
  enabled: boolean,
};

const POLICY: Fields = {
  ...DESCRIPTION,
  match: (value, place, problems) => readObject(value, place, problems, MATCH),
  keep: readKeep,
};

/** Reads a policy in Clew's form; the result is a copy. `undefined` if it has problems. */
export function readPolicy(value: unknown, place: string, problems: Problems): Policy | undefined {
  const before = problems.count;
  const read = readObject(value, place, problems, POLICY);
  if (read === undefined) return undefined;
  const given = value as Partial<Policy>;
  problems.expect(given.id !== undefined, place, 'to have an id', value);
  problems.expect(given.keep !== undefined, place, 'to have the key keep', value);
  return problems.count === before ? (read as unknown as Policy) : undefined;
}

/** Reads what a policy, or the default, keeps. */
export function readKeep(value: unknown, place: string, problems: Problems): Keep | undefined {
  const read = readObject(value, place, problems, KEEP);
  if (read === undefined) return undefined;
  const given = (value ?? {}) as Keep;
  const keys = Object.keys(KEEP).filter((key) => given[key as keyof Keep] !== undefined);
  problems.expect(keys.length > 0, place, `to have at least one of ${Object.keys(KEEP).join(', ')}`, value);
  const others = keys.filter((key) => key !== 'never');
  problems.expect(given.never === undefined || others.length === 0, place, 'to have never alone', value);
  const head = [given.ratio, given.tracesPerSecond, given.atLeastPerSecond];
  const excluded = given.always !== undefined && head.some((each) => each !== undefined);
  problems.expect(!excluded, place, 'to have always without ratio and rates', value);
  const floor = given.atLeastPerSecond === undefined || given.ratio !== undefined;
  problems.expect(floor, place, 'to have atLeastPerSecond only with ratio', value);
  return read as Keep;
}

/** Reads the `Keep` of an option; throws a `PolicyError` that names it. */
export function keepOption(value: unknown, place: string): Keep {
  const problems = new Problems();
  const keep = readKeep(value, place, problems);
  problems.throwIfAny();
  return keep as Keep;
}
