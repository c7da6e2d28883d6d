import amqplib from 'amqplib';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { createClient } from 'redis';
import { findMariadb } from '../services/mariadb.ts';
import { findPostgres } from '../services/postgres.ts';
import { createDatabase } from '../services/postgres-database.ts';
import { rabbitmq } from '../services/rabbitmq.ts';
import { startRedis } from '../services/redis.ts';
import type { Point } from './points.ts';

/** A real server, to which points are written as OSProfiler's drivers do. */
export interface TestStorage {
  /** The arguments of `clew import`. */
  readonly args: readonly string[];
  write(...points: readonly Point[]): Promise<void>;
  /** Writes something that is not a point. */
  writeMalformed(): Promise<void>;
  close(): Promise<unknown>;
}

// As SQLAlchemy creates it.
const TABLE = `CREATE TABLE data (id %ID% PRIMARY KEY, timestamp VARCHAR(26), base_id VARCHAR(255),
  parent_id VARCHAR(255), trace_id VARCHAR(255), project VARCHAR(255), host VARCHAR(255), service VARCHAR(255),
  name VARCHAR(255), data JSON)`;
const COLUMNS = 'timestamp, base_id, parent_id, trace_id, project, host, service, name, data';

/** The driver gives JSON text to a column of the type JSON, so that it is encoded twice. */
function rowOf({ timestamp, base_id, parent_id, trace_id, project, service, name, info }: Point) {
  const data = JSON.stringify(JSON.stringify({ info }));
  return [timestamp, base_id, parent_id, trace_id, project, 'vm', service, name, data];
}

const NO_POINT = ['yesterday', 'a', 'b', 'c', null, null, null, 'wsgi-start', '"{"'];

export async function redisStorage() {
  const server = await startRedis();
  const client = createClient({ url: server.url, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  return {
    args: [server.url],
    client,
    kill: () => server.kill(),
    async write(...points: readonly Point[]) {
      for (const point of points)
        await client.lPush(`osprofiler_opt:${point.base_id}`, JSON.stringify(point));
    },
    writeMalformed: async () =>
      void (await client.lPush('osprofiler_opt:malformed', '{"name":"wsgi-start"}')),
    async close() {
      if (client.isOpen) client.destroy();
      await server.stop();
    },
  };
}

export async function postgresStorage() {
  const server = await findPostgres();
  const database = await createDatabase(server);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(TABLE.replace('%ID%', 'SERIAL'));
  const insertWith = (by: Client, row: readonly unknown[]) =>
    by.query(`INSERT INTO data (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [...row]);
  return {
    args: [database.url.replace(/^\w+:/, 'postgresql+psycopg2:')],
    url: database.url,
    client,
    async write(...points: readonly Point[]) {
      for (const point of points) await insertWith(client, rowOf(point));
    },
    /** Writes a point on a connection of its own. Resolves to a function that commits it. */
    async writeUncommitted(point: Point) {
      const another = new Client({ connectionString: database.url });
      await another.connect();
      await another.query('BEGIN');
      await insertWith(another, rowOf(point));
      return async () => {
        await another.query('COMMIT');
        await another.end();
      };
    },
    writeMalformed: async () => void (await insertWith(client, NO_POINT)),
    async close() {
      await client.end();
      await database.drop();
      await server.stop();
    },
  };
}

let databases = 0;

/** Creates a database that no other test uses. */
export async function mariadbDatabase() {
  const server = await findMariadb();
  const name = `clew_points_${process.pid}_${++databases}`;
  const connection = await createConnection({ uri: server.url });
  await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.query(`USE ${name}`);
  const url = new URL(server.url);
  url.pathname = name;
  return {
    url: url.href,
    connection,
    async drop() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
      await server.stop();
    },
  };
}

export async function mariadbStorage(): Promise<TestStorage> {
  const { url, connection, drop } = await mariadbDatabase();
  await connection.query(TABLE.replace('%ID%', 'INTEGER AUTO_INCREMENT'));
  const insert = (row: readonly unknown[]) =>
    connection.query(`INSERT INTO data (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [...row]);
  return {
    args: [url.replace(/^\w+:/, 'mysql+pymysql:')],
    async write(...points) {
      for (const point of points) await insert(rowOf(point));
    },
    writeMalformed: async () => void (await insert(NO_POINT)),
    close: drop,
  };
}

let queues = 0;

export async function rabbitmqStorage() {
  const server = await rabbitmq();
  const queue = `clew-points-${process.pid}-${++queues}.info`;
  const exchange = `clew-points-${process.pid}`;
  const connection = await amqplib.connect(server.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic', { durable: false });
  await channel.assertQueue(queue, { durable: false });
  await channel.bindQueue(queue, exchange, queue);
  const publish = async (message: object, key = queue) => {
    channel.publish(exchange, key, Buffer.from(JSON.stringify(message)), { contentType: 'application/json' });
    await channel.waitForConfirms();
  };
  return {
    args: [server.url, '--queue', queue, '--exchange', exchange],
    queue,
    exchange,
    publish,
    removeQueue: (name: string) => channel.deleteQueue(name),
    async write(...points: readonly Point[]) {
      for (const point of points) await publish(notificationOf(point));
    },
    writeMalformed: () => publish({ event_type: 'profiler.api', payload: { name: 'wsgi-start' } }),
    /** Messages that are not in the hands of a consumer. */
    ready: async () => (await channel.checkQueue(queue)).messageCount,
    async close() {
      await channel.deleteQueue(queue);
      await channel.deleteExchange(exchange);
      await connection.close();
      await server.stop();
    },
  };
}

/** A notification of oslo.messaging's first version, which has no envelope. */
export function notificationOf(payload: Point): object {
  return {
    message_id: '9a93c2dc-5446-42c6-aa0e-bd70197cdb0b',
    publisher_id: 'h1',
    event_type: 'profiler.api',
    priority: 'INFO',
    payload,
    timestamp: '2026-11-22 12:12:30.765902',
    _unique_id: 'a268f58f708b4404887ab5db1192c64b',
    _context_user: 'demo',
  };
}
