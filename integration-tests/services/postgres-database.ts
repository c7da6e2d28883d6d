import { Client } from 'pg';
import type { Postgres } from './postgres.ts';

/** A database that no other test uses. */
export interface Database {
  readonly url: string;
  /** Closes its connections and removes it. */
  drop(): Promise<void>;
}

let databases = 0;

/** Creates an empty database on a server. */
export async function createDatabase({ url }: Pick<Postgres, 'url'>): Promise<Database> {
  const name = `clew_${process.pid}_${++databases}`;
  const administer = async (sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await administer(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = name;
  return { url: own.href, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}
