// Commands of node-redis, on a Redis server.
const { createClient } = require('redis');

exports.start = async () => {
  const client = createClient({ url: process.env.BENCH_SERVICE_URL });
  await client.connect();
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await client.get(`clew:bench:${id}`);
  };
};
