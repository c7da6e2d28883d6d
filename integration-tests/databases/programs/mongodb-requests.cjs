const { trace } = require('@opentelemetry/api');

const tracer = trace.getTracer('requests');

/** Two requests, each in a span of its own. */
exports.requests = async (MongoClient, mongoose) => {
  const client = new MongoClient(process.env.MONGODB_URL);
  await tracer.startActiveSpan('with the driver', async (span) => {
    const songs = client.db().collection('songs');
    await songs.insertMany([{ title: 'one' }, { title: 'two' }, { title: 'three' }]);
    for await (const song of songs.find({}, { batchSize: 2 }))
      if (song.title === undefined) throw new Error('?');
    span.end();
  });
  await client.close();

  const connection = await mongoose.createConnection(process.env.MONGODB_URL).asPromise();
  const schema = new mongoose.Schema({ name: String }, { autoCreate: false, autoIndex: false });
  const Album = connection.model('Album', schema, 'albums');
  await tracer.startActiveSpan('with mongoose', async (span) => {
    await new Album({ name: 'first' }).save();
    await Album.findOne({ name: 'first' });
    await Album.updateOne({ name: 'first' }, { name: 'second' });
    span.end();
  });
  await connection.close();
};
