import type { MongoDBInstrumentation } from '@clew/instrumentation-mongodb';
import type { Collection, Db, MongoClient, MongoClientOptions } from 'mongodb';

interface PatchedClass {
  readonly prototype: Record<string, (...args: never[]) => unknown>;
}

/** One version of the driver. */
export interface Version {
  /** `mongodb 7.9.0` */
  readonly name: string;
  readonly number: string;
  /** The types are those of the newest version; the tests use what all versions have. */
  readonly MongoClient: new (
    url: string,
    options?: MongoClientOptions,
  ) => MongoClient;
  /** The current values of the functions that the plugin patches. */
  functions(): ((...args: never[]) => unknown)[];
  /** Creates the plugin and patches the driver without module hooks. */
  instrument(options?: object): MongoDBInstrumentation;
}

export interface Song {
  readonly title: string;
  readonly plays?: number;
}

const FILES = ['lib/cmap/connection.js', 'lib/cmap/connection_pool.js', 'lib/sdam/topology.js'] as const;

function versionOf(name: string): Version {
  const { MongoDBInstrumentation: Plugin } = require('@clew/instrumentation-mongodb') as {
    readonly MongoDBInstrumentation: new (options?: object) => MongoDBInstrumentation;
  };
  const { version } = require(`${name}/package.json`) as { readonly version: string };
  const files = FILES.map(
    (file) => [file, require(`${name}/${file}`) as Record<string, PatchedClass>] as const,
  );
  const prototypeOf = (className: string) =>
    files.flatMap(([, classes]) => classes[className] ?? [])[0]!.prototype;
  return {
    name: `mongodb ${version}`,
    number: version,
    MongoClient: (require(name) as Pick<Version, 'MongoClient'>).MongoClient,
    functions: () => [
      prototypeOf('Connection').command!,
      prototypeOf('ConnectionPool').checkOut!,
      prototypeOf('Topology').selectServer!,
    ],
    instrument(options) {
      const plugin = new Plugin(options);
      for (const [file, classes] of files) plugin.instrument(classes, 'mongodb', file);
      return plugin;
    },
  };
}

/** The first and the last releases of the driver, and the first with promises inside. */
const NAMES = ['mongodb', 'mongodb-7.0', 'mongodb-6', 'mongodb-6.4', 'mongodb-6.0'];

export const versions: readonly Version[] = NAMES.map(versionOf);
export const newest = versions[0]!;

/** Runs `work` with a traced client of the server. */
export async function traced(
  version: Version,
  url: string,
  work: (songs: Collection<Song>, db: Db, client: MongoClient) => Promise<void>,
  options: object = {},
  clientOptions: MongoClientOptions = {},
): Promise<void> {
  const plugin = version.instrument(options);
  const client = new version.MongoClient(url, clientOptions);
  try {
    await client.connect();
    await work(client.db().collection<Song>('songs'), client.db(), client);
  } finally {
    await client.close();
    plugin.disable();
  }
}
