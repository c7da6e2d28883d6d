const { PrismaPg } = require('@prisma/adapter-pg');
const { PrismaClient } = require('./client');

exports.open = async ({ url, size }) => {
  const db = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: size }),
    // A transaction waits for its connection as long as any request.
    transactionOptions: { maxWait: 60_000, timeout: 60_000 },
  });
  const songs = (client) => ({
    find: (id) => client.song.findMany({ where: { id } }),
    insert: async (id) => void (await client.song.create({ data: { id, title: 'one' } })),
  });
  return {
    ...songs(db),
    missing: () => db.$queryRaw`SELECT * FROM nothing`,
    transaction: async (work) => void (await db.$transaction((tx) => work(songs(tx)))),
    close: () => db.$disconnect(),
  };
};
