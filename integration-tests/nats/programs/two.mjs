// The same as two.cjs, as an ES module.
import { connect } from 'nats';
import exchange_ from './exchange.cjs';

const connection = await connect({ servers: process.env.NATS_URL });
await exchange_.exchange(connection, connection.jetstream(), await connection.jetstreamManager());
