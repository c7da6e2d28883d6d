import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import scenarios from './postgres-run.cjs';

await scenarios.run({ pg, Cursor, QueryStream });
