// Prints all that an application observes of the driver: results, errors, events, promises, an unhandled rejection.
// DRIVER is the name of the package, MONGODB_URL the server, which fails some commands.
const { MongoClient, ObjectId } = require(process.env.DRIVER);

const print = (...values) => console.log(JSON.stringify(values));
const errorOf = (error) => [
  error.constructor.name,
  error.name,
  error.message,
  error.code,
  error.codeName,
  error.errorLabels,
  Object.keys(error).sort(),
  [...(error.errorLabelSet ?? [])],
];
const outcome = async (what, run) => {
  try {
    print(what, await run());
  } catch (error) {
    print(`${what} fails`, ...errorOf(error));
  }
};

process.on('warning', (warning) => print('warning', warning.name, warning.message));

async function main() {
  const client = new MongoClient(process.env.MONGODB_URL, {
    retryReads: false,
    retryWrites: false,
    maxPoolSize: 1,
  });
  let events = 0;
  client.on('commandStarted', () => events++);
  client.on('connectionCheckedOut', () => events++);
  print('options', Object.keys(client.options).sort(), client.options.monitorCommands, client.eventNames());

  const songs = client.db().collection('songs');
  await songs.deleteMany({});
  await outcome('insert', () =>
    songs.insertMany([1, 2, 3, 4, 5].map((id) => ({ _id: id, title: `song ${id}` }))),
  );
  await outcome('find', () => songs.find({ _id: { $gt: 1 } }, { batchSize: 2 }).toArray());
  await outcome('raw', async () => (await songs.findOne({ _id: 1 }, { raw: true })).constructor.name);
  await outcome('explain', () => songs.find({}).explain());
  await outcome('duplicate', () => songs.insertOne({ _id: 1 }));
  await outcome('duplicates', () => songs.insertMany([{ _id: 1 }, { _id: 9 }], { ordered: false }));
  await outcome('bulk', () => songs.bulkWrite([{ insertOne: { document: { _id: 2 } } }]));
  await outcome('unacknowledged', () => songs.insertOne({ _id: 20 }, { writeConcern: { w: 0 } }));
  await outcome('write concern', () =>
    songs.updateOne({ _id: 1 }, { $set: { plays: 1 } }, { writeConcern: { w: 3 } }),
  );
  await outcome('time limit', () => songs.distinct('title'));
  await outcome('cut', () => songs.countDocuments());
  await outcome('unknown', () => client.db().command({ noSuchCommand: 1 }));
  await outcome('no command', () => client.db().command({}));
  await outcome('id', async () => (await songs.insertOne({ title: 'x' })).insertedId instanceof ObjectId);
  await outcome('at once', () => Promise.all([1, 2, 3].map((id) => songs.findOne({ _id: id }))));
  await outcome('transaction', () =>
    client.withSession((session) => session.withTransaction(() => songs.insertOne({ _id: 30 }, { session }))),
  );
  const found = songs.findOne({ _id: 1 });
  // Node 22 itself adds symbols to promises while an AsyncLocalStorage is in use.
  print('promise', Object.getPrototypeOf(found) === Promise.prototype, Object.getOwnPropertyNames(found));
  await found;
  await new Promise((resolve, reject) => {
    const stream = songs.find({ _id: { $lt: 6 } }, { batchSize: 2 }).stream();
    stream
      .on('data', ({ _id }) => print('data', _id))
      .on('end', resolve)
      .on('error', reject);
    print('stream', stream.eventNames());
  });
  print('events', events);
  await client.close();
  await outcome('after the close', () =>
    new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 20 }).db().command({ ping: 1 }),
  );
}

main().then(() => {
  const client = new MongoClient(process.env.MONGODB_URL);
  client.db().command({ noSuchCommand: 2 });
});
