const pg = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
require('./postgres-run.cjs').run({ pg, Cursor, QueryStream });
