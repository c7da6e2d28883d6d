// Commands of ioredis, on a Redis server.
const { Redis } = require('ioredis');

exports.start = async () => {
  const client = new Redis(process.env.BENCH_SERVICE_URL);
  await client.ping();
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await client.get(`clew:bench:${id}`);
  };
};
