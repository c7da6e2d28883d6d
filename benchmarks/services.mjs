/**
 * Finds the servers that programs use, with the finders of the integration tests: those that the environment names, or
 * those on the default ports. MongoDB is the server of the integration tests, which speaks its protocol.
 *
 * @type {Record<string, () => Promise<{ url: string, stop(): Promise<void> }>>}
 */
const finders = {
  postgres: async () => (await import('../integration-tests/services/postgres.ts')).findPostgres(),
  mariadb: async () => (await import('../integration-tests/services/mariadb.ts')).findMariadb(),
  mongodb: async () => {
    const { MongoServer } = await import('../integration-tests/databases/servers/mongodb-server.ts');
    const server = await MongoServer.start();
    // The server keeps every command for tests, which would be the whole load of a benchmark.
    const forgetting = setInterval(() => server.received.splice(0), 100);
    const stop = async () => {
      clearInterval(forgetting);
      await server.stop();
    };
    return { url: server.url, stop };
  },
  redis: async () => ({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', stop: async () => {} }),
};

/**
 * Starts or finds each of the services once.
 *
 * @param {(string | undefined)[]} names
 * @returns {Promise<{ urls: Record<string, string>, stop(): Promise<void> }>}
 */
export async function findServices(names) {
  const wanted = [...new Set(names)].filter((name) => name !== undefined);
  const found = await Promise.all(wanted.map((name) => finders[name]()));
  return {
    urls: Object.fromEntries(wanted.map((name, index) => [name, found[index].url])),
    stop: async () => {
      await Promise.all(found.map((service) => service.stop()));
    },
  };
}
