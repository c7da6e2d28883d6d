// The stores that points are written to, each with a reader that does not use Clew.
import type { Point } from '@clew/osprofiler';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import { findMariadb } from '../services/mariadb.ts';
import { findPostgres } from '../services/postgres.ts';
import { createDatabase } from '../services/postgres-database.ts';
import { rabbitmq } from '../services/rabbitmq.ts';
import { startRedis } from '../services/redis.ts';

/** A store for one test file. */
export interface Store {
  /** The connection string for Clew. */
  readonly url: string;
  /** Arguments of `osprofiler trace show`: the connection string, and more. */
  readonly shown: readonly [string, ...string[]];
  /** Returns the points of a trace, in the order in which they were written. */
  read(baseId: string): Promise<readonly Point[]>;
  close(): Promise<void>;
}

export async function redisStore(): Promise<Store> {
  const server = await startRedis();
  const client = new Redis(server.url);
  return {
    url: server.url,
    shown: [server.url],
    read: async (baseId) =>
      (await client.lrange(`osprofiler_opt:${baseId}`, 0, -1)).reverse().map((each) => JSON.parse(each)),
    close: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}

const COLUMNS = 'name, base_id, trace_id, parent_id, timestamp, project, service, data';
type Row = Omit<Point, 'info'> & { readonly data: unknown };

/** The column contains a JSON text of a JSON text. Some drivers decode the outer one. */
function pointOf({ data, ...rest }: Row): Point {
  const once = typeof data === 'string' && data.startsWith('"') ? JSON.parse(data) : data;
  return { ...rest, ...JSON.parse(once) };
}

export async function postgresStore(): Promise<Store> {
  const server = await findPostgres();
  const database = await createDatabase(server);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return {
    url: database.url.replace(/^\w+:/, 'postgresql+psycopg2:'),
    shown: [database.url.replace(/^\w+:/, 'postgresql+psycopg2:')],
    read: async (baseId) => {
      const query = `SELECT ${COLUMNS} FROM data WHERE base_id = $1 ORDER BY id`;
      const { rows } = await client.query<Row>(query, [baseId]);
      return rows.map(pointOf);
    },
    close: async () => {
      await client.end();
      await database.drop();
      await server.stop();
    },
  };
}

export async function mariadbStore(): Promise<Store> {
  const server = await findMariadb();
  const name = `clew_points_${process.pid}`;
  const connection = await createConnection({ uri: server.url });
  await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  await connection.query(`CREATE DATABASE ${name}`);
  const own = new URL(server.url);
  own.pathname = name;
  const url = own.href.replace(/^\w+:/, 'mysql+pymysql:');
  return {
    url,
    shown: [url],
    read: async (baseId) => {
      const query = `SELECT ${COLUMNS} FROM ${name}.data WHERE base_id = ? ORDER BY id`;
      const [rows] = await connection.query<(Row & RowDataPacket)[]>(query, [baseId]);
      return rows.map((row) => pointOf({ ...row }));
    },
    close: async () => {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
      await server.stop();
    },
  };
}

/** The queue is shared by all services of a broker: reading takes its messages away. */
export async function rabbitmqStore(): Promise<Store> {
  const broker = await rabbitmq();
  const connection = await connect(broker.url);
  return {
    url: broker.url.replace(/^\w+:/, 'rabbit:'),
    shown: ['messaging://', '--transport-url', `${broker.url.replace(/^\w+:/, 'rabbit:')}/`],
    read: async (baseId) => {
      const channel = await connection.createChannel();
      const points: Point[] = [];
      for (let message = await channel.get('profiler.info', { noAck: true }); message !== false; ) {
        points.push(JSON.parse(message.content.toString()).payload);
        message = await channel.get('profiler.info', { noAck: true });
      }
      await channel.close();
      return points.filter(({ base_id }) => base_id === baseId);
    },
    close: async () => {
      await connection.close();
      await broker.stop();
    },
  };
}
