// Two requests in one turn of the event loop. Each request is a span.
const { PrismaPg } = require('@prisma/adapter-pg');
const { trace } = require('@opentelemetry/api');
const { PrismaClient } = require('./client');

async function main() {
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.POSTGRES_URL }) });
  await db.$connect();
  const songs = await Promise.all(
    [1, 2].map((id) =>
      trace.getTracer('requests').startActiveSpan(`request ${id}`, async (span) => {
        const song = await db.song.findUnique({ where: { id } });
        span.end();
        return song;
      }),
    ),
  );
  console.log(JSON.stringify(songs));
  await db.$disconnect();
}

main();
