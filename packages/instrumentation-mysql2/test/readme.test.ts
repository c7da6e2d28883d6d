import { join } from 'node:path';
import { readmeSuite } from '@clew/testing';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await findMariadb();
  process.env.MYSQL_URL = mariadb.url;
});
afterAll(() => mariadb.stop());

readmeSuite(join(__dirname, '..'), ['SELECT information_schema.tables']);
