import { type DbAdapter, dbSuite } from '@clew/testing';
import type { MongoClientOptions } from 'mongodb';
import { sdkRecorder } from '../opentelemetry/sdk-recorder.ts';
import { type Version, versions } from './mongodb-versions.ts';
import { MongoServer } from './servers/mongodb-server.ts';

let server: MongoServer;
beforeAll(async () => {
  server = await MongoServer.start();
});
afterAll(() => server.stop());

const SQL = 'the suite expects names and texts in SQL; mongodb-commands.test.ts tests those of MongoDB';

/** The suite's statements as commands. */
async function open({ MongoClient }: Version, options: MongoClientOptions) {
  const client = new MongoClient(server.url, options);
  const db = client.db();
  const songs = db.collection('songs');
  const query = async (sql: string): Promise<unknown> => {
    if (sql === 'SELECT 1') return db.command({ ping: 1 });
    if (sql.startsWith('DROP')) return songs.deleteMany({});
    if (sql.startsWith('CREATE')) return undefined;
    if (sql.startsWith('INSERT')) return songs.insertMany([{ title: 'one' }, { title: 'two' }]);
    if (sql.includes('no_such_table')) return songs.aggregate([{ $noSuchStage: {} }]).toArray();
    return songs.find({}).toArray();
  };
  await client.connect();
  return { query, transaction: () => Promise.reject(new Error(SQL)), close: () => client.close() };
}

for (const version of versions) {
  const adapter: DbAdapter = {
    name: version.name,
    system: 'mongodb',
    placeholder: '?',
    noCallbacks: 'the driver has promises only',
    countsRows: true,
    missingTableCode: '40324',
    instrument: (options) => version.instrument(options),
    functions: () => version.functions(),
    open: () => open(version, { maxPoolSize: 1 }),
    openPool: (size) => open(version, { maxPoolSize: size }),
    skips: {
      'a query is one CLIENT span with the attributes of the conventions': SQL,
      'bound values are never recorded, their placeholders are': SQL,
      'literals in the text become question marks': SQL,
      'the statements of a transaction are spans': SQL,
      'the statements of a transaction that is rolled back are spans': SQL,
      'maxQueryLength cuts the text, 0 leaves it out': SQL,
      'a query whose summary is in the option ignore has no span': SQL,
      'a bound value is recorded only if the option recordParameters names it':
        'commands have no bound values',
    },
  };
  dbSuite(adapter);
  dbSuite({ ...adapter, name: `${version.name} with OpenTelemetry's SDK`, recorder: sdkRecorder() });
}
