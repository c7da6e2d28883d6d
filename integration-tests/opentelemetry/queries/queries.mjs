// One query each with pg, mysql2 and knex, and a request with fetch.
import { promisify } from 'node:util';
import knex from 'knex';
import mysql from 'mysql2';
import pg from 'pg';

const { POSTGRES_URL, MARIADB_URL } = process.env;
const client = new pg.Client(POSTGRES_URL);
await client.connect();
await client.query('SELECT 1');
await client.end();

const connection = mysql.createConnection(MARIADB_URL);
await promisify(connection.query.bind(connection))('SELECT 2');
await promisify(connection.end.bind(connection))();

const database = knex({ client: 'pg', connection: POSTGRES_URL, pool: { min: 0, max: 1 } });
await database.raw('SELECT 3');
await database.destroy();

await fetch(`${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/api/traces`);
