import { UsageError } from '../usage-error.ts';

/** The kinds of storages. */
export type StorageKind = 'redis' | 'postgresql' | 'mysql' | 'messaging';

const SCHEMES: readonly (readonly [scheme: string, kind: StorageKind])[] = [
  ['redis', 'redis'],
  ['rediss', 'redis'],
  ['postgresql', 'postgresql'],
  ['postgres', 'postgresql'],
  ['mysql', 'mysql'],
  ['amqp', 'messaging'],
  ['amqps', 'messaging'],
  // As in the transport URL of oslo.messaging.
  ['rabbit', 'messaging'],
];

/** A kind of storage and the URL of one, without the driver that SQLAlchemy's URLs name: `mysql+pymysql://`. */
export interface StorageUrl {
  readonly kind: StorageKind;
  readonly url: URL;
}

/** Parses the URL of a storage; `undefined` for the name of a file. Throws UsageError for an invalid URL. */
export function storageUrl(text: string): StorageUrl | undefined {
  const [, written, rest] = /^([a-z][a-z\d]*)(?:\+[a-z\d]+)?:\/\/(.*)$/i.exec(text) ?? [];
  if (written === undefined) return undefined;
  const scheme = written.toLowerCase();
  const [, kind] = SCHEMES.find(([name]) => name === scheme) ?? [];
  if (kind === undefined)
    throw new UsageError(`expected redis://, postgresql://, mysql:// or amqp://, got "${scheme}://"`);
  const url = `${scheme === 'rabbit' ? 'amqp' : scheme}://${rest}`;
  if (!URL.canParse(url)) throw new UsageError(`expected a URL such as ${scheme}://host:1234/name`);
  return { kind, url: new URL(url) };
}

/** Formats the URL without its password, for messages. */
export function withoutPassword(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  shown.search = '';
  return shown.href;
}
