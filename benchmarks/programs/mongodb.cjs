// Commands of mongodb, on the integration tests' server, which keeps its collections in memory.
const { MongoClient } = require('mongodb');

exports.start = async () => {
  const client = new MongoClient(process.env.BENCH_SERVICE_URL, { maxPoolSize: 4 });
  // The processes of all variants use the same server.
  const songs = client.db(`shop_${process.pid}`).collection('songs');
  await songs.insertMany(Array.from({ length: 100 }, (_, n) => ({ _id: n + 1, title: 'Ariadne' })));
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await songs.findOne({ _id: id });
  };
};
